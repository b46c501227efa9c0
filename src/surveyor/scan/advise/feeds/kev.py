"""CISA's catalogue of known exploited vulnerabilities: one JSON document.

Schema: https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities_schema.json.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import orjson

from surveyor.scan.advise import record as bounds
from surveyor.scan.advise.feeds.interface import Changes, Feed, Fetched, Known, flaw_of, whole
from surveyor.scan.advise.fields import CVE, cwes, day, document, moment, text, urls
from surveyor.scan.advise.origin import Origin
from surveyor.scan.advise.record import Exploited, Fact
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.patterns import regex

CATALOGUE = "known_exploited_vulnerabilities.json"
_MAX_FILE = 32 << 20
#: Twenty times the entries that there are.
_MAX_ENTRIES = 40_000
_MAX_NOTES = 20_000
_URL = regex(r"https?://[^\s;,\"<>]{1,2000}")
_RANSOMWARE = {"known": True}


@contextmanager
def fetch(origin: Origin, _: str, known: Known) -> Iterator[Changes | None]:
    """The whole catalogue, when it is another than last time."""
    with origin.open(CATALOGUE, max_bytes=_MAX_FILE, etag=known.mark.etag) as opened:
        if opened.file is None:
            yield None
            return
        catalogue = document(opened.file.read())
    listed = catalogue.get("vulnerabilities")
    if not isinstance(listed, list) or not listed:
        # an empty one would say of every flaw that nobody exploits it
        raise Malformed("a catalogue without a list of vulnerabilities")
    if len(listed) > _MAX_ENTRIES:
        raise LimitExceeded(f"a catalogue of {len(listed):,} entries")
    count = catalogue.get("count")
    yield Changes(
        records=_records(listed),
        whole=True,
        announced=count if isinstance(count, int) else 0,
        date=moment(catalogue.get("dateReleased")),
        etag=opened.etag,
        cursor=str(catalogue.get("catalogVersion"))[:40],
    )


def _records(listed: Sequence[object]) -> Iterator[Fetched]:
    for entry in listed:
        name = entry.get("cveID") if isinstance(entry, dict) else None
        told = name[:128] if isinstance(name, str) else "an entry without a CVE"
        try:
            yield told, "", orjson.dumps(entry)
        except orjson.JSONEncodeError as error:
            yield told, "", Malformed(f"cannot be written again: {error}")


def normalise(raw: bytes, _: str) -> tuple[Fact]:
    """One entry as a fact; without a CVE or the day that it was listed it is malformed."""
    entry = document(raw)
    cve = entry.get("cveID")
    if not isinstance(cve, str) or not CVE.fullmatch(cve):
        raise Malformed(f"not a CVE: {str(cve)[:60]!r}")
    added = day(entry.get("dateAdded"))
    if not added:
        raise Malformed(f"not a date: {str(entry.get('dateAdded'))[:40]!r}")
    ransomware = entry.get("knownRansomwareCampaignUse")
    exploited = Exploited(
        added=added,
        due=day(entry.get("dueDate")),
        action=text(entry.get("requiredAction"), bounds.MAX_ACTION),
        # "Unknown" is no "no"
        ransomware=_RANSOMWARE.get(ransomware.lower()) if isinstance(ransomware, str) else None,
    )
    fact = Fact(
        cve=cve,
        exploited=exploited,
        summary=text(entry.get("shortDescription"), bounds.MAX_SUMMARY),
        cwes=cwes(entry.get("cwes")),
        references=urls(_URL.findall(text(entry.get("notes"), _MAX_NOTES))),
    )
    return (fact,)


FEED = Feed(
    id="kev",
    title="CISA KEV, flaws that are known to be exploited",
    address="https://www.cisa.gov/sites/default/files/feeds",
    # CISA's own copy, where its website refuses who comes from a data centre; it may be a day behind
    mirrors=("https://raw.githubusercontent.com/cisagov/kev-data/develop",),
    scopes=whole,
    fetch=fetch,
    normalise=normalise,
    lull=timedelta(days=21),
    about_what=flaw_of,
)
