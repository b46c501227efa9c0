"""Debian's security tracker: what each source package's flaws are in each release, unfixed ones too.

One document, ``{source: {CVE: {description, releases: {codename: {status, fixed_version, urgency, nodsa …}}}}}``:
https://security-tracker.debian.org/tracker/data/json, explained at
https://security-team.debian.org/security_tracker.html.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import orjson

from surveyor.scan.advise import record as bounds
from surveyor.scan.advise.feeds.interface import Changes, Feed, Fetched, Known, whole
from surveyor.scan.advise.fields import CVE, document, text
from surveyor.scan.advise.members import members
from surveyor.scan.advise.origin import Origin
from surveyor.scan.advise.record import Advisory, Affected, State, Unread
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.patterns import regex

DOCUMENT = "json"
BASE: Final = "Debian"
#: Five times what they are today.
_MAX_FILE = 400 << 20
#: Linux alone has a dozen, and grows by thousands of flaws a year.
_MAX_SOURCE = 64 << 20
_MAX_SOURCES = 50_000
_MAX_FLAWS = 50_000
_TEMPORARY = regex(r"TEMP-[0-9]{1,19}-[0-9A-F]{1,16}")
#: A release's codename → its number, as os-release and OSV write it. Unstable has none, and no image says it is that.
RELEASES: Mapping[str, str] = MappingProxyType(
    {
        "wheezy": "7",
        "jessie": "8",
        "stretch": "9",
        "buster": "10",
        "bullseye": "11",
        "bookworm": "12",
        "trixie": "13",
        "forky": "14",
        "duke": "15",
    }
)
_RATED = ("high", "medium", "low", "unimportant")
_NO_UPDATE = {"ignored": State.WILL_NOT_FIX, "postponed": State.DEFERRED}


@contextmanager
def fetch(origin: Origin, _: str, known: Known) -> Iterator[Changes | None]:
    """The source packages whose flaws are not what they were, and those that are gone."""
    with origin.open(DOCUMENT, max_bytes=_MAX_FILE, etag=known.mark.etag) as opened:
        if opened.file is None:
            yield None
            return
        content = opened.file.read()
    held, seen = known.entries(), set[str]()
    yield Changes(
        records=_changed(content, held, seen),
        gone=_Gone(held, seen),
        # the document has no date of its own
        date=known.now.isoformat(timespec="seconds"),
        etag=opened.etag,
    )


def _changed(content: bytes, held: Mapping[str, str], seen: set[str]) -> Iterator[Fetched]:
    """What has other bytes than last time; a record's time of change is the digest of its bytes."""
    for source, raw in members(content, limit=_MAX_SOURCES, each=_MAX_SOURCE):
        seen.add(source)
        if isinstance(raw, LimitExceeded):
            yield source, "", raw
            continue
        digest = hashlib.sha256(raw).hexdigest()[:32]
        if held.get(source) != digest:
            # what a record is about stands outside of it
            yield source, digest, b"{%b:%b}" % (orjson.dumps(source), raw)


class _Gone:
    """The names that were there and have not been seen; asked for when all records have been read."""

    def __init__(self, held: Mapping[str, str], seen: set[str]) -> None:
        self._held, self._seen = held, seen

    def __iter__(self) -> Iterator[str]:
        return iter(self._held.keys() - self._seen)


def normalise(raw: bytes, _: str) -> Iterator[Advisory | Unread]:
    """One source package's flaws, an advisory each; one that cannot be read loses no other."""
    value = document(raw)
    if len(value) != 1:
        raise Malformed("not one source package")
    ((source, flaws),) = value.items()
    if not source or len(source) > bounds.MAX_NAME or not source.isprintable():
        raise Malformed(f"not a package name: {source[:60]!r}")
    if not isinstance(flaws, dict):
        raise Malformed("flaws are not an object")
    if len(flaws) > _MAX_FLAWS:
        raise LimitExceeded(f"{len(flaws):,} flaws")
    unread: list[Unread] = []
    found = [_advisory(source, name, told, unread) for name, told in flaws.items()]
    advisories = [advisory for advisory in found if advisory]
    if unread and not advisories:
        raise Malformed(unread[0].reason)
    return iter([*advisories, *unread])


def _advisory(source: str, name: str, told: object, unread: list[Unread]) -> Advisory | None:
    """One flaw, of the releases whose part can be read; nothing where none can."""
    before = len(unread)

    def note(reason: str, where: str = BASE) -> None:
        unread.append(Unread(reason=f"malformed: {reason}", ecosystem=where, name=source))

    if not (CVE.fullmatch(name) or _TEMPORARY.fullmatch(name)):
        note(f"not a name of a flaw: {name[:60]!r}")
        return None
    releases = told.get("releases") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(releases, dict):
        note(f"{name}: no releases")
        return None
    said, affected = [], []
    for code, item in releases.items():
        number = RELEASES.get(code)
        if number is None:
            continue
        try:
            affected.append(_affected(source, number, item))
            said.append(item)
        except Malformed as error:
            note(f"{name} of {code}: {error}", f"{BASE}:{number}")
    if not affected and len(unread) > before:
        return None
    urgencies = {urgency for item in said if (urgency := _urgency(item))}
    return Advisory(
        id=name,
        modified="",
        details=text(told.get("description"), bounds.MAX_DETAILS),
        word=next((word for word in _RATED if word in urgencies), ""),
        references=(f"https://security-tracker.debian.org/tracker/{name}",),
        affected=tuple(affected),
    )


def _urgency(item: dict[str, object]) -> str:
    return text(item.get("urgency"), 40).rstrip("*")


def _affected(source: str, number: str, item: object) -> Affected:
    """One release: not affected, mended in a version, or open, with the word on why."""
    if not isinstance(item, dict):
        raise Malformed("not an object")
    fixed, where = item.get("fixed_version"), f"{BASE}:{number}"
    if fixed is not None and not isinstance(fixed, str):
        raise Malformed("a fixed version that is no text")
    if fixed == "0":
        return Affected(ecosystem=where, name=source, state=State.NOT_AFFECTED, reason="never affected in this release")
    if fixed:
        return Affected(ecosystem=where, name=source, ranges=(("i", "0", "f", fixed),))
    state, reason = _why_open(item)
    return Affected(ecosystem=where, name=source, ranges=(("i", "0"),), state=state, reason=reason)


def _why_open(item: dict[str, object]) -> tuple[State, str]:
    reason = text(item.get("nodsa"), bounds.MAX_REASON)
    if _urgency(item) == "end-of-life":
        return State.END_OF_LIFE, reason
    if item.get("status") == "undetermined":
        return State.INVESTIGATING, reason
    return _NO_UPDATE.get(text(item.get("nodsa_reason"), 40), State.AFFECTED), reason


FEED = Feed(
    id="debian",
    title="Debian's security tracker",
    address="https://security-tracker.debian.org/tracker/data",
    scopes=whole,
    fetch=fetch,
    normalise=normalise,
    lull=timedelta(days=4),
    about_what=lambda source, *_: ((BASE, source),),
    rank=2,
    about=BASE,
)
