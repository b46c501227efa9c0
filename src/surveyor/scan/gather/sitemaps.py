"""The site's sitemaps: those that robots.txt names, else ``/sitemap.xml``, and the first of what an index names."""

from __future__ import annotations

from collections import deque

from surveyor.scan.errors import ScanError
from surveyor.scan.evidence import Sitemap, SitemapFile, Sitemaps
from surveyor.scan.formats import sitemap
from surveyor.scan.formats.robots import parse
from surveyor.scan.gather import asking
from surveyor.scan.gather.interface import Errand, Gatherer

_MOST, _BYTES, _SECONDS = 5, 8 << 20, 10.0
_ROBOTS = "robots.txt"


def gather(errand: Errand) -> Sitemaps:
    """Five files at most, of each eight million bytes after decompression."""
    files: list[SitemapFile] = []
    missed: dict[str, str] = {}
    queue = deque(_named(errand))
    seen = set(queue)
    while queue and len(files) + len(missed) < _MOST:
        url, named = queue.popleft()
        try:
            found = _read(errand, url, named)
        except ScanError as error:
            missed[url] = str(error)
            continue
        files.append(found)
        if found.sitemap.kind == "sitemapindex" and named in {None, _ROBOTS}:
            below = [(entry.location, found.page.url) for entry in found.sitemap.entries if entry.location]
            queue.extend(one for one in dict.fromkeys(below) if one not in seen)
            seen.update(below)
    return Sitemaps(files=tuple(files), more=len(queue), missed=missed)


def _named(errand: Errand) -> list[tuple[str, str | None]]:
    page = errand.wellknown().files.get("/robots.txt")
    robots = parse(page.body) if page is not None and page.status == 200 and not page.is_html else None
    if robots is not None and robots.sitemaps:
        return [(url, _ROBOTS) for url in dict.fromkeys(robots.sitemaps)]
    return [(asking.place(errand.page().url, "/sitemap.xml"), None)]


def _read(errand: Errand, url: str, named: str | None) -> SitemapFile:
    page = asking.ask(errand, url, max_bytes=_BYTES, seconds=_SECONDS)
    data, short = sitemap.inflated(page.body, max_bytes=_BYTES)
    cut = page.cut or short
    found = sitemap.parse(data, cut=cut) if page.status == 200 else Sitemap(kind="")
    # the addresses are the evidence; the file they came from may be large
    begin = asking.beginning(page, 4096)
    return SitemapFile(page=begin, sitemap=found, named=named, cut=cut)


GATHERER = Gatherer(id="sitemaps", version=1, gather=gather)
