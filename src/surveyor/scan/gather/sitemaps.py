"""The site's sitemaps: those that robots.txt names, else ``/sitemap.xml``, and the first of what an index names."""

from __future__ import annotations

from collections import deque

from surveyor.scan.errors import ScanError
from surveyor.scan.evidence import SITEMAP, Sitemap, SitemapFile, Sitemaps, WellKnown
from surveyor.scan.formats import robots, sitemap
from surveyor.scan.gather import asking
from surveyor.scan.gather.interface import Errand, Gatherer

_MOST, _BYTES, _SECONDS = 5, 8 << 20, 10.0
_ROBOTS = "robots.txt"


def gather(errand: Errand) -> Sitemaps:
    """Five files as a rule, of each eight million bytes after decompression."""
    site = errand.wellknown()
    files: list[SitemapFile] = []
    missed: dict[str, str] = {}
    queue = deque(_named(errand, site))
    seen = set(queue)
    deeper = 0
    while queue and len(files) + len(missed) < _MOST * errand.times:
        url, named = queue.popleft()
        try:
            found = _read(errand, url, named)
        except ScanError as error:
            missed[url] = str(error)
            continue
        files.append(found)
        if found.sitemap.kind == "sitemapindex":
            below = [(entry.location, found.page.url) for entry in found.sitemap.entries if entry.location]
            if named in {None, _ROBOTS}:
                queue.extend(one for one in dict.fromkeys(below) if one not in seen)
                seen.update(below)
            else:
                deeper += len(below)  # an index may not name another
    return Sitemaps(files=tuple(files), missed={**missed, **_unread(files, len(queue) + deeper), **_unnamed(site)})


def _named(errand: Errand, site: WellKnown) -> list[tuple[str, str | None]]:
    named = robots.read(site.files.get(robots.PATH)).sitemaps
    if named:
        return [(url, _ROBOTS) for url in dict.fromkeys(named)]
    return [(asking.place(errand.page().url, "/sitemap.xml"), None)]


def _unread(files: list[SitemapFile], more: int) -> dict[str, str]:
    """What is in the site's sitemaps and was not read."""
    cut = [file.page.asked for file in files if file.cut]
    told = [*([f"{more} more are named"] if more else []), *(f"of {url[:200]} only the beginning" for url in cut)]
    return {SITEMAP: f"{len(files)} were read; {'; '.join(told)}"} if told else {}


def _unnamed(site: WellKnown) -> dict[str, str]:
    """Why it is not known which sitemaps the site names."""
    answer = site.files.get(robots.PATH)
    if answer is not None and answer.status >= 500:
        return {robots.PATH: f"the server answered {answer.status}"}
    return {path: why for path, why in site.missed.items() if path == robots.PATH}


def _read(errand: Errand, url: str, named: str | None) -> SitemapFile:
    page = asking.ask(errand, url, max_bytes=_BYTES, seconds=_SECONDS)
    data, short = sitemap.inflated(page.body, max_bytes=_BYTES)
    cut = page.cut or short
    found = sitemap.parse(data, cut=cut) if page.status == 200 else Sitemap(kind="")
    # the addresses are the evidence; the file they came from may be large
    begin = asking.beginning(page, 4096)
    return SitemapFile(page=begin, sitemap=found, named=named, cut=cut)


GATHERER = Gatherer(id="sitemaps", version=1, gather=gather)
