"""EPSS, the daily scores of how likely a flaw is to be exploited within 30 days: one gzip file of CSV.

The file's first line is ``#model_version:v…,score_date:…``, the second names the columns, then a row for each CVE:
https://www.first.org/epss/data_stats.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from surveyor.scan.advise.feeds.interface import Changes, Feed, Fetched, Known, flaw_of, whole
from surveyor.scan.advise.origin import Origin
from surveyor.scan.advise.record import Fact
from surveyor.scan.advise.stream import lines
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.patterns import regex

CURRENT = "epss_scores-current.csv.gz"
_DATED = regex(r"epss_scores-[0-9]{4}-[0-9]{2}-[0-9]{2}\.csv(?:\.gz)?")
_COLUMNS = b"cve,epss,percentile"
_MAX_FILE = 256 << 20
_MAX_TEXT = 1 << 30
_MAX_LINE = 300
#: Ten times the CVEs that there are.
_MAX_ROWS = 4_000_000

_ROW = regex(rb"(CVE-[0-9]{4}-[0-9]{4,19}),([0-9][0-9.eE+-]{0,30}),([0-9][0-9.eE+-]{0,30})")


@contextmanager
def fetch(origin: Origin, _: str, known: Known) -> Iterator[Changes | None]:
    """All scores of the newest day: a folder of dated files has one for each, a server names the current one."""
    dated = sorted(name for name in origin.names() if _DATED.fullmatch(name))
    name = dated[-1] if dated else CURRENT
    # in a folder the same mark may be that of another day's file
    mark = known.mark.etag if known.mark.cursor == name else None
    with origin.open(name, max_bytes=_MAX_FILE, etag=mark) as opened:
        if opened.file is None:
            yield None
            return
        rows = lines(opened.file, max_bytes=_MAX_TEXT, max_line=_MAX_LINE)
        date = _date(rows)
        yield Changes(records=_records(rows), whole=True, date=date, etag=opened.etag, cursor=name)


def _date(rows: Iterator[bytes]) -> str:
    """The day of the scores, from the two lines before them; raises ``Malformed`` when they are not there."""
    first = next(rows, b"").decode("ascii", "replace")
    told = dict(part.partition(":")[::2] for part in first.removeprefix("#").split(","))
    try:
        date = datetime.fromisoformat(told.get("score_date", "").strip())
    except ValueError as error:
        raise Malformed(f"no date in the first line: {first[:80]!r}") from error
    if not first.startswith("#") or next(rows, b"").strip().lower() != _COLUMNS:
        raise Malformed("not a file of EPSS scores")
    return date.isoformat()


def _records(rows: Iterator[bytes]) -> Iterator[Fetched]:
    for count, row in enumerate(rows):
        if count >= _MAX_ROWS:
            raise LimitExceeded(f"more than {_MAX_ROWS:,} scores")
        yield row[: row.find(b",")].decode("ascii", "replace"), "", row


def normalise(raw: bytes, _: str) -> tuple[Fact]:
    """One row as a fact; a number that is none, or outside of 0..1, makes the row malformed."""
    found = _ROW.fullmatch(raw.strip())
    if found is None:
        raise Malformed(f"not a score: {raw[:60]!r}")
    try:
        score, percentile = float(found[2]), float(found[3])
    except ValueError as error:
        raise Malformed(f"not a score: {raw[:60]!r}") from error
    if not (0.0 <= score <= 1.0 and 0.0 <= percentile <= 1.0):
        raise Malformed(f"a score outside of 0..1: {raw[:60]!r}")
    return (Fact(cve=found[1].decode("ascii"), score=score, percentile=percentile),)


FEED = Feed(
    id="epss",
    title="EPSS, how likely flaws are to be exploited",
    address="https://epss.empiricalsecurity.com",
    scopes=whole,
    fetch=fetch,
    normalise=normalise,
    about_what=flaw_of,
)
