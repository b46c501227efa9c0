"""What answers at some of the addresses that the site's sitemaps name, taken evenly from all of them."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.address import host_of
from surveyor.scan.errors import NotConfigured, ScanError
from surveyor.scan.evidence import ADDRESS, Mapped, Page, Sitemaps
from surveyor.scan.formats import robots
from surveyor.scan.gather import asking
from surveyor.scan.gather.interface import Errand, Gatherer

#: How many are asked, how much of each is read, and for how long in all.
_MOST, _BYTES, _SECONDS = 8, 1 << 17, 12.0
_AGENT = "surveyor"


def gather(errand: Errand) -> Mapped:
    """One after the other, as robots.txt allows, until enough are asked or the time for it is over."""
    if not errand.settings.links:
        raise NotConfigured("asking for what a page names is turned off (SURVEYOR_LINKS)")
    file = errand.wellknown().files.get(robots.PATH)
    rules, host = robots.read(file), host_of(errand.page().url)
    found = errand.sitemaps()
    listed = [url for url in dict.fromkeys(_addresses(found)) if host_of(url) == host]
    # the same rule that keeps another crawler away is what the check tells of
    open_to = [url for url in listed if (rule := rules.deciding(_AGENT, robots.path_of(url))) is None or rule.allow]
    answers: dict[str, Page] = {}
    silent: dict[str, str] = {}
    until = errand.clock() + min(_SECONDS * errand.times, errand.left)
    for url in _evenly(open_to, _MOST * errand.times):
        if errand.clock() >= until:
            break
        try:
            answer = asking.ask(errand, url, max_bytes=_BYTES, seconds=max(0.1, until - errand.clock()))
        except ScanError as error:
            silent[url] = str(error)
        else:
            answers[url] = answer
    asked = len(answers) + len(silent)
    missed = {ADDRESS: f"{asked} of {len(open_to)} were asked"} if asked < len(open_to) else {}
    return Mapped(listed=tuple(listed), robots=file, answers=answers, silent=silent, missed={**found.missed, **missed})


def _addresses(found: Sitemaps) -> Iterator[str]:
    for file in found.files:
        if file.sitemap.kind != "sitemapindex":
            yield from (entry.location for entry in file.sitemap.entries)


def _evenly(urls: list[str], most: int) -> list[str]:
    """So many of a list, from its beginning to its end."""
    if len(urls) <= most:
        return urls
    return [urls[at * len(urls) // most] for at in range(most)]


GATHERER = Gatherer(id="mapped", version=1, gather=gather)
