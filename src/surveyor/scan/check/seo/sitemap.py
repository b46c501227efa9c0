"""The site's sitemaps (sitemaps.org protocol 0.90): there, readable, within bounds, and about this site's pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from surveyor.scan.address import host_of
from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import EVERY_PART, Check, Needs, Outcome
from surveyor.scan.evidence import SitemapFile, Sitemaps
from surveyor.scan.formats.sitemap import ENTRIES
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.patterns import regex

#: W3C's note on dates and times, which the protocol refers to.
_DATE = regex(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?)?)?")


def judge(document: Document, sitemaps: Sitemaps) -> Iterable[Outcome]:
    """Each thing once over all files; a default one that is not there is only missing."""
    if all(file.named is None and _is_absent(file) for file in sitemaps.files):
        if not sitemaps.missed:
            seen = [Evidence(kind="file", where=one.page.asked[:1000], value=_status(one)) for one in sitemaps.files]
            yield Outcome(key="missing", evidence=tuple(seen))
        return
    found: dict[str, list[Evidence]] = {}
    for file in sitemaps.files:
        for key, text in _wrong(file, document.page.host):
            found.setdefault(key, []).append(Evidence(kind="file", where=file.page.asked[:1000], value=text[:400]))
    yield from quoting.outcomes(found)


def _is_absent(file: SitemapFile) -> bool:
    return file.page.status != 200 or (file.page.is_html and not file.sitemap.kind)


def _status(file: SitemapFile) -> str:
    return f"{file.page.status} {file.page.media_type}".strip()[:300]


def _wrong(file: SitemapFile, host: str) -> Iterator[tuple[str, str]]:
    read = file.sitemap
    if _is_absent(file):
        yield "unavailable", f"{_status(file)}, named by {file.named or 'nobody'}"
        return
    if read.error or not read.kind:
        yield "invalid", read.error or "neither a urlset nor a sitemapindex"
    if read.total > ENTRIES:
        yield "large", f"{read.total:,} addresses"
    if read.kind and not read.total:
        yield "empty", "no address"
    locations = [entry.location for entry in read.entries]
    if any(not _is_full(location) for location in locations):
        yield "relative", next(location for location in locations if not _is_full(location)) or "an empty address"
    own = {host, host_of(file.page.url)}
    foreign = next((one for one in locations if _is_full(one) and host_of(one) not in own), None)
    if foreign is not None:
        yield "foreign", foreign
    dated = (entry.modified for entry in read.entries if entry.modified)
    strange = next((text for text in dated if not _DATE.fullmatch(text)), None)
    if strange is not None:
        yield "date", strange


def _is_full(location: str) -> bool:
    try:
        split = urlsplit(location)
    except ValueError:
        return False
    return split.scheme.lower() in {"http", "https"} and bool(split.netloc)


CHECK = Check(
    id="seo_sitemap",
    version=1,
    domain=Domain.SEO,
    outcomes=("missing", "unavailable", "invalid", "large", "empty", "relative", "foreign", "date"),
    needs=Needs.SITEMAPS,
    sitemaps=judge,
    parts=EVERY_PART,
)
