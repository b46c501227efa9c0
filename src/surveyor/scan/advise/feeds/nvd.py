"""NVD, NIST's database of flaws, by its API 2.0: all by page at first, then what was modified since, window by window.

https://nvd.nist.gov/developers/vulnerabilities and https://nvd.nist.gov/developers/start-here: at most 2,000 records a
page and 120 days a window, 5 requests in 30 seconds, 50 with a key. A folder holds copies: answers of the API, NVD's
yearly files (``nvdcve-2.0-2024.json.gz``) or JSON lines, read whole.

This product uses data from the NVD API but is not endorsed or certified by the NVD.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from surveyor.scan.advise import cpe
from surveyor.scan.advise import record as bounds
from surveyor.scan.advise.feeds.interface import Changes, Feed, Fetched, Known, flaw_of, whole
from surveyor.scan.advise.fields import CVE, cwes, day, document, listed, objects, strings, text, urls
from surveyor.scan.advise.origin import NoFile, Origin
from surveyor.scan.advise.pieces import cut
from surveyor.scan.advise.record import Advisory, Exploited, Fact, Mark, Unread
from surveyor.scan.advise.stream import chunks
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.patterns import regex

_API = "2.0"
PAGE = 2_000
_SMALLEST_PAGE = 250
WINDOW = timedelta(days=120)
#: A change is seen some time after its date: that much is asked for again.
_OVERLAP = timedelta(hours=1)
#: NVD asks to be asked for changes no more often.
RESTED = timedelta(hours=2)
_READINGS = 3
_MAX_PAGE = 128 << 20
_MAX_COPY = 16 << 30
_MAX_PAGES = 20_000
_MAX_RECORDS = 5_000_000
#: Where records were taken back meanwhile, so many that were had are asked for again.
_MOST_BACK = 100
_TOO_LARGE = frozenset({400, 404})

_FILE = regex(r"[^.].*\.jsonl?(?:\.gz)?")
_ID = regex(rb'\{\s*"cve"\s*:\s*\{\s*"id"\s*:\s*"([!-~]{1,64}?)"')
_MODIFIED = regex(rb'"lastModified"\s*:\s*"([0-9T:.+Z-]{1,40})"')
#: When a document was made stands before its records.
_MADE = regex(rb'"timestamp"\s*:\s*"([0-9T:.+Z-]{1,40})"')
_HEAD = 1_000

Span = Mapping[str, str]
_ALL: Span = {}


@contextmanager
def fetch(origin: Origin, _: str, known: Known) -> Iterator[Changes | None]:
    """The records of a folder's files, or what the API has that is new since last time."""
    files = [name for name in origin.names() if _FILE.fullmatch(name)]
    yield _copied(origin, files, known.mark) if files else _asked(origin, known)


def _copied(origin: Origin, files: Sequence[str], mark: Mark) -> Changes | None:
    marks = []
    for name in files:
        with origin.open(name, max_bytes=_MAX_COPY) as opened:
            marks.append(f"{name}:{opened.etag}")
    etag = hashlib.sha256("\n".join(marks).encode()).hexdigest()
    if etag == mark.etag:
        return None
    changes = Changes(records=(), whole=True, date="", etag=etag)
    changes.records = _of_files(origin, files, changes)
    return changes


def _of_files(origin: Origin, files: Sequence[str], changes: Changes) -> Iterator[Fetched]:
    """The records of all files, each flaw once: those of the years and of late changes overlap, and the newest counts.

    Of files of one age those of changes are behind those of years by name.
    """
    newest = _Newest(changes)
    for name in sorted(files, key=lambda name: (_made(origin, name), name), reverse=True):
        with origin.open(name, max_bytes=_MAX_COPY) as opened:
            if opened.file is not None:
                yield from newest.of(cut(chunks(opened.file, max_bytes=_MAX_COPY), {}))


def _made(origin: Origin, name: str) -> str:
    """When a copy was made by its own word, empty where it has none."""
    with origin.open(name, max_bytes=_MAX_COPY) as opened:
        head = next(chunks(opened.file, max_bytes=_MAX_COPY), b"")[:_HEAD] if opened.file else b""
    found = _MADE.search(head)
    return found[1].decode() if found else ""


def _name(raw: bytes) -> str:
    """The name that a record gives itself: nearly always at its beginning; empty where it has none."""
    if found := _ID.match(raw):
        return found[1].decode()
    try:
        cve = document(raw).get("cve")
    except Malformed:
        return ""
    return text(cve.get("id"), 64) if isinstance(cve, dict) else ""


@dataclass(slots=True)
class _Newest:
    """Names records and dates the whole by the last change of one; a name that was seen is not told again."""

    changes: Changes
    _seen: set[str] = field(default_factory=set)

    def knows(self, raw: bytes) -> bool:
        return _name(raw) in self._seen

    def of(self, records: Iterator[bytes] | Sequence[bytes]) -> Iterator[Fetched]:
        for raw in records:
            modified = _MODIFIED.search(raw)
            name = _name(raw) or f"record {len(self._seen) + 1:,}"
            date = modified[1].decode() if modified else ""
            if name in self._seen:
                continue
            if len(self._seen) >= _MAX_RECORDS:
                raise LimitExceeded(f"more than {_MAX_RECORDS:,} records")
            self._seen.add(name)
            self.changes.date = max(self.changes.date, date)
            yield name, date, raw


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer: its records as they stand there, how many there are in all, and the server's time."""

    records: list[bytes]
    total: int
    at: datetime


def _asked(origin: Origin, known: Known) -> Changes | None:
    mark, now = known.mark, known.now
    since = _moment(mark.cursor)
    looked = _moment(mark.updated_at)
    # looked at ahead of now, a clock was wrong: that is no rest
    if since and looked and timedelta() <= now - looked < RESTED:
        return None
    spans = list(_spans(since, now)) if since else [_ALL]
    if not spans:
        return None
    pages = _Pages(origin)
    first = pages.page(spans[0], 0)
    if since and len(spans) == 1 and not first.total:
        return None
    changes = Changes(
        records=(),
        whole=since is None,
        announced=first.total if len(spans) == 1 else 0,
        date=mark.date if since else "",
        # by the server's clock when the first page was had; not later than what was asked for
        cursor=min(first.at, now).isoformat(timespec="seconds"),
    )
    changes.records = _of_pages(pages, spans, first, _Newest(changes), known)
    return changes


def _spans(since: datetime, now: datetime) -> Iterator[Span]:
    """The windows from shortly before the last time until now."""
    start = since - _OVERLAP
    while start < now:
        end = min(start + WINDOW, now)
        yield {"lastModStartDate": _written(start), "lastModEndDate": _written(end)}
        start = end


def _written(moment: datetime) -> str:
    # the offset is called optional and is not
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _moment(value: object) -> datetime | None:
    """A time; NVD writes UTC without saying so."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None
    except ValueError:
        return None


def _of_pages(pages: _Pages, spans: Sequence[Span], first: _Page, newest: _Newest, known: Known) -> Iterator[Fetched]:
    """All pages of all windows. Each begins with a record that was had: where it does not, others have moved up."""
    page: _Page | None = first
    for number, span in enumerate(spans):
        start = had = 0
        while True:
            page = page or pages.page(span, start)
            before = max(0, had - min(_MOST_BACK, len(page.records) // 2))
            if start > before and page.records and not newest.knows(page.records[0]):
                start, page = before, None
                continue
            yield from newest.of(page.records)
            reached, total = start + len(page.records), page.total
            known.tell(f"{min(reached, total):,} of {total:,} records", (number + reached / max(total, 1)) / len(spans))
            if reached <= had < total:
                raise Malformed(f"no record behind the first {had:,} of {total:,}")
            had, start, page = max(had, reached), max(had, reached) - 1, None
            if had >= total:
                break


@dataclass(slots=True)
class _Pages:
    """Asks for pages, smaller ones where the server finds them too large, again where an answer is none."""

    origin: Origin
    _size: int = field(default_factory=lambda: PAGE)
    _begun: datetime | None = None
    _count: int = 0

    def page(self, span: Span, start: int) -> _Page:
        while True:
            try:
                return self._tried(span, start)
            except NoFile as error:
                if error.status not in _TOO_LARGE or self._size <= _SMALLEST_PAGE:
                    raise
            except LimitExceeded:
                if self._size <= _SMALLEST_PAGE:
                    raise
            self._size //= 2

    def _tried(self, span: Span, start: int) -> _Page:
        query = {"resultsPerPage": str(self._size), "startIndex": str(start), **span}
        for left in reversed(range(_READINGS)):
            if (count := self._count) >= _MAX_PAGES:
                raise LimitExceeded(f"more than {_MAX_PAGES:,} pages")
            self._count = count + 1
            try:
                # whoever goes on tomorrow need not ask again for what was had today
                with self.origin.open(_API, max_bytes=_MAX_PAGE, query=query, keep=True) as opened:
                    about: dict[str, Any] = {}
                    pieces = chunks(opened.file, max_bytes=_MAX_PAGE) if opened.file else ()
                    return self._judged(list(cut(pieces, about)), about, start)
            except Malformed:
                if not left:
                    raise
        raise AssertionError("unreachable")

    def _judged(self, records: list[bytes], about: Mapping[str, Any], start: int) -> _Page:
        """The page, when it is the one that was asked for; raises ``Malformed``."""
        total, at = about.get("totalResults"), _moment(about.get("timestamp"))
        if not isinstance(total, int) or not 0 <= total <= _MAX_RECORDS or at is None:
            raise Malformed("an answer without a total or a time")
        if about.get("startIndex") != start or len(records) > self._size or (start < total and not records):
            raise Malformed(f"an answer of {len(records):,} records from {str(about.get('startIndex'))[:20]}")
        self._begun = self._begun or at
        if at < self._begun - _OVERLAP:
            raise Malformed("a page from before the first one")
        return _Page(records, total, at)


def normalise(raw: bytes, _: str) -> tuple[Fact | Advisory | Unread, ...]:
    """One record: a fact, and an advisory on the products that NVD names, by CPE.

    A product that cannot be read is left out and told of; what is known of the flaw itself stays.
    """
    cve = document(raw).get("cve")
    identity = cve.get("id") if isinstance(cve, dict) else None
    if not isinstance(cve, dict) or not isinstance(identity, str) or not CVE.fullmatch(identity):
        raise Malformed(f"not a CVE: {str(identity)[:60]!r}")
    fact = Fact(
        cve=identity,
        exploited=_exploited(cve),
        published=text(cve.get("published"), 40),
        modified=text(cve.get("lastModified"), 40),
        summary=_summary(cve),
        severity=_severity(cve),
        cwes=_cwes(cve),
        status=text(cve.get("vulnStatus"), 40).capitalize(),
        references=_references(cve),
    )
    if fact.status == "Rejected":
        told = Fact(cve=identity, published=fact.published, modified=fact.modified, status=fact.status)
        return told, Advisory(id=identity, modified=fact.modified, withdrawn=True)
    unread: list[Unread] = []
    affected = cpe.affected(_configurations(cve, unread), unread)
    if not affected:
        return (fact, *unread)
    advisory = Advisory(
        id=identity,
        modified=fact.modified,
        published=fact.published,
        summary=fact.summary,
        severity=tuple((system, vector) for system, vector, _ in fact.severity),
        cwes=fact.cwes,
        affected=affected,
    )
    return fact, advisory, *unread


def _configurations(cve: Mapping[str, Any], unread: list[Unread]) -> Sequence[Mapping[str, Any]]:
    try:
        return listed(cve.get("configurations"), "configurations", most=bounds.MAX_AFFECTED)
    except (Malformed, LimitExceeded) as error:
        unread.append(Unread(reason=f"{error.code}: {error}", ecosystem=cpe.ECOSYSTEM))
        return ()


_SYSTEMS: Final = (
    ("cvssMetricV40", "CVSS_V4", "CVSS:4."),
    ("cvssMetricV31", "CVSS_V3", "CVSS:3."),
    ("cvssMetricV30", "CVSS_V3", "CVSS:3."),
    ("cvssMetricV2", "CVSS_V2", "AV:"),
)
_VECTOR = regex(r"[A-Za-z0-9.:/]{4,300}")
_MOST_RATINGS = 10


def _severity(cve: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """Ratings with who gave them, the primary ones first, of those the newest system."""
    metrics = cve.get("metrics")
    found: list[tuple[bool, tuple[str, str, str]]] = []
    for name, system, begin in _SYSTEMS:
        for metric in objects(metrics.get(name))[:100] if isinstance(metrics, dict) else ():
            data = metric.get("cvssData")
            vector = text(data.get("vectorString"), 400) if isinstance(data, dict) else ""
            if vector.startswith(begin) and _VECTOR.fullmatch(vector):
                source = text(metric.get("source"), 100)
                found.append((metric.get("type") != "Primary", (system, vector, source)))
    found.sort(key=lambda pair: pair[0])
    return tuple(dict.fromkeys(rating for _, rating in found))[:_MOST_RATINGS]


def _summary(cve: Mapping[str, Any]) -> str:
    """The English description on one line."""
    told = (item.get("value") for item in objects(cve.get("descriptions")) if item.get("lang") == "en")
    return " ".join(text(next(told, ""), bounds.MAX_DETAILS).split())[: bounds.MAX_SUMMARY]


def _cwes(cve: Mapping[str, Any]) -> tuple[str, ...]:
    ranked = sorted(objects(cve.get("weaknesses")), key=lambda item: item.get("type") != "Primary")
    return cwes([told.get("value") for item in ranked for told in objects(item.get("description"))])


_FIRST = ("Vendor Advisory", "Patch", "Third Party Advisory")
_WORTHLESS = frozenset({"Broken Link", "Not Applicable"})


def _references(cve: Mapping[str, Any]) -> tuple[str, ...]:
    """Links, the vendor's first; those that lead nowhere are left out."""
    ranked = []
    for item in objects(cve.get("references")):
        named = strings(item.get("tags"))
        if not _WORTHLESS.intersection(named):
            rank = next((at for at, tag in enumerate(_FIRST) if tag in named), len(_FIRST))
            ranked.append((rank, item.get("url")))
    return urls(url for _, url in sorted(ranked, key=lambda pair: pair[0]))


def _exploited(cve: Mapping[str, Any]) -> Exploited | None:
    """What NVD repeats of CISA's catalogue."""
    added = day(cve.get("cisaExploitAdd"))
    if not added:
        return None
    return Exploited(
        added=added, due=day(cve.get("cisaActionDue")), action=text(cve.get("cisaRequiredAction"), bounds.MAX_ACTION)
    )


FEED = Feed(
    id="nvd",
    title="NVD, the National Vulnerability Database",
    address="https://services.nvd.nist.gov/rest/json/cves",
    scopes=whole,
    fetch=fetch,
    normalise=normalise,
    about_what=flaw_of,
    # what a vendor says of its own packages counts more
    rank=-1,
    pause=6.0,
    pause_with_key=0.6,
    key_header="apiKey",
    # over its limits it answers 403
    busy=frozenset({403}),
    headers={"Accept-Encoding": "gzip"},
)
