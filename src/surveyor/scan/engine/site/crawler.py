"""From a site's first page to those that are looked at with it: few requests at once, as fast as asked for, bounded.

Addresses come from links, frames and refreshes of pages, and from sitemaps where that is wanted. What robots.txt
forbids to ``surveyor`` is not asked for (RFC 9309): a file that the server fails to give forbids all but the page that
the scan is of. A ``Crawl-delay`` is kept up to ten seconds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from urllib.parse import urlsplit

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Needs
from surveyor.scan.check.linking import base, is_web, resolve
from surveyor.scan.engine.gathering import Coming, Shared
from surveyor.scan.engine.site import addresses, template
from surveyor.scan.engine.site.frontier import Frontier, Place
from surveyor.scan.engine.site.litter import Litter
from surveyor.scan.engine.site.member import Member
from surveyor.scan.engine.site.told import Unvisited
from surveyor.scan.errors import ScanError, Spent
from surveyor.scan.events import Progress
from surveyor.scan.evidence import Page, Sitemaps, WellKnown
from surveyor.scan.formats import robots
from surveyor.scan.formats.robots import Robots
from surveyor.scan.gather import Errand, asking
from surveyor.scan.net.extra import origin_of
from surveyor.scan.net.turns import Turns
from surveyor.scan.patterns import regex
from surveyor.scan.plan import Crawl

AGENT = "surveyor"
#: Requests under way at once, seconds for one, bytes of a page, addresses that one page or sitemap brings.
_AT_ONCE, _SECONDS, _BYTES, _LINKS, _LISTED = 4, 20.0, 4 << 20, 2_000, 5_000
#: Answers in a row that are none, and answers that ask for fewer requests, after which a site is left alone.
_PATIENCE, _HINTS = 8, 3
_TOO_FAST = frozenset({429, 503})
_REFRESH = regex(r"\s*[0-9.]+\s*[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"]+)", re.IGNORECASE)
_NOFOLLOW = regex(r"(?:^|[\s,])(?:nofollow|none)(?:[\s,]|$)", re.IGNORECASE)
_CLOSED = Robots(groups={"*": [[robots.Rule(allow=False, pattern="/", line=0)]]})


@dataclass(frozen=True, slots=True)
class _Stray:
    """What the server answers where there is no page, when it says that there is one."""

    frame: str
    title: str


@dataclass(slots=True, kw_only=True)
class Crawler:
    """One crawl. ``start`` is the scan's page, ``until`` a time on the errand's clock.

    With pages that are named (``also``) none is looked for.
    """

    start: Shared
    crawl: Crawl
    turns: Turns
    progress: Progress
    until: float
    also: tuple[str, ...] = ()
    unvisited: Unvisited = field(default_factory=Unvisited)
    members: list[Member] = field(default_factory=list)
    #: What answered with an error or after redirects, by the keys of addresses, without the bodies.
    met: dict[str, Page] = field(default_factory=dict)
    _homes: dict[tuple[str, str, int], Shared] = field(default_factory=dict)
    _robots: dict[str, Robots] = field(default_factory=dict)
    _bodies: dict[bytes, str] = field(default_factory=dict)
    _stray: _Stray | None = None
    _litter: Litter = field(default_factory=Litter)
    _held: int = 0
    _silent: int = 0
    _hints: int = 0

    def run(self) -> None:
        """Look until all is looked at, or something is used up; ``members`` and ``unvisited`` say what came of it."""
        page = self.start.fetch()
        document = Document(page)
        frontier = Frontier(page.url, self.crawl, self.unvisited, visiting=self.start.errand.client.extra is not None)
        frontier.met(self.start.errand.url)
        self._home(page, document)
        if self.crawl.sitemap:
            self._list(frontier)
        for url in self.also:
            frontier.offer(url, 0)
        if not self.also:
            self._follow(frontier, document, 0)
        frontier.abandon(self._walk(frontier))

    def _walk(self, frontier: Frontier) -> str:
        """Wave by wave; the reason for which what is left was not asked for."""
        errand = self.start.errand
        while len(self.members) < self.crawl.pages:
            if errand.clock() >= self.until:
                return "no_time"
            places = self._next(frontier)
            if not places:
                break
            wave = [(place, self._fetch(place.url)) for place in places]
            for place, coming in wave:
                reason = self._see(frontier, place, coming)
                if reason is not None:
                    return reason
        return "budget_pages"

    def _next(self, frontier: Frontier) -> list[Place]:
        """As many as may be asked for at once, and no more than there is room for."""
        found: list[Place] = []
        room = min(_AT_ONCE, self.crawl.pages - len(self.members))
        while len(found) < room and (place := frontier.take()) is not None:
            split = urlsplit(place.url)
            path = (split.path or "/") + (f"?{split.query}" if split.query else "")
            if self._rules(place.url).allows(AGENT, path):
                found.append(place)
            else:
                self.unvisited.add(place.url, "robots")
        return found

    def _fetch(self, url: str) -> Coming:
        return Coming(lambda: self._ask(url), name="page")

    def _ask(self, url: str) -> Page:
        errand = self._errand
        return asking.ask(replace(errand, url=url), url, max_bytes=errand.settings.limits.page_bytes)

    @property
    def _errand(self) -> Errand:
        """One for a page beside the first: it may be less long."""
        start = self.start.errand
        seconds = max(0.0, min(_SECONDS, self.until - start.clock()))
        limits = replace(start.settings.limits, page_bytes=min(_BYTES, start.settings.limits.page_bytes))
        return replace(start, deadline=start.clock() + seconds, settings=replace(start.settings, limits=limits))

    def _see(self, frontier: Frontier, place: Place, coming: Coming) -> str | None:
        """Take one answer in; the reason to end here, if it is one."""
        try:
            page = coming.wait(_SECONDS + 1.0)
        except Spent:
            self.unvisited.add(place.url, "budget_requests")
            return "budget_requests"
        except ScanError as error:
            self.unvisited.add(place.url, "unreachable", str(error))
            self._silent += 1
            return "unreachable" if self._silent >= _PATIENCE else None
        self._silent = 0
        assert isinstance(page, Page)
        if page.status >= 400 or page.hops:
            self.met[addresses.key(place.url)] = replace(page, body=b"")
        reason, detail = self._unfit(frontier, place, page)
        if page.status in _TOO_FAST:
            self._hints += 1
            self.turns.slow(page.host, 2.0**self._hints)
            return "too_fast" if self._hints >= _HINTS else None
        if reason is not None:
            self.unvisited.add(place.url, reason, detail)
            return None
        return self._keep(frontier, place, page)

    def _unfit(self, frontier: Frontier, place: Place, page: Page) -> tuple[str | None, str]:
        """Why an answer is no page of the site to look at, with what that is."""
        if not frontier.is_own(page.url):
            return "other_site", f"it leads to {page.url[:300]}"
        moved = addresses.key(page.url) != addresses.key(place.url)
        if moved and not frontier.met(page.url):
            return "same_page", f"it leads to {page.url[:300]}"
        if page.status in _TOO_FAST:
            self.unvisited.add(place.url, "too_fast", f"the server answered {page.status}")
            return "too_fast", ""
        if page.status != 200:
            return "answer", f"the server answered {page.status}"
        if not page.is_html:
            return "not_html", f"it is {page.media_type or 'of no type'}"
        digest = hashlib.blake2b(page.body, digest_size=16).digest()
        if twin := self._bodies.get(digest):
            return "same_content", f"it is the same, byte for byte, as {twin[:300]}"
        self._bodies[digest] = page.url
        return None, ""

    def _keep(self, frontier: Frontier, place: Place, page: Page) -> str | None:
        document = Document(page)
        frame = _frame(document)
        self._litter.drop(len(page.body))
        if frame and self._stray == _Stray(frame, document.title):
            self.unvisited.add(place.url, "soft_404")
            return None
        limit = self.start.errand.settings.limits.site_bytes
        if self._held + len(page.body) > limit:
            self.unvisited.add(place.url, "budget_bytes")
            return "budget_bytes"
        self._held += len(page.body)
        origin = origin_of(page.url)
        shared = Shared(replace(self._errand, url=page.url), page=page, home=self._homes.get(origin))
        self._homes.setdefault(origin, shared)
        self.members.append(Member(shared=shared, frame=frame, depth=place.depth))
        self._tell(page)
        if frame and not self.also:
            self._follow(frontier, document, place.depth)
        return None

    def _tell(self, page: Page) -> None:
        count = len(self.members)
        self.progress("crawl.page", f"{count}: {page.status} {page.url}", pages=count, requests=self.turns.taken)

    def _home(self, page: Page, document: Document) -> None:
        """The first page itself, what its site says to crawlers, and what is there where nothing is."""
        frame = _frame(document)
        self.members.append(Member(shared=self.start, frame=frame, depth=0))
        self._tell(page)
        self._homes[origin_of(page.url)] = self.start
        self._held = len(page.body)
        self._bodies[hashlib.blake2b(page.body, digest_size=16).digest()] = page.url
        self._rules(page.url)
        where = asking.place(page.url, f"/{int(self.start.errand.jitter() * 2**52):013x}")
        path = urlsplit(where).path
        if not self._rules(page.url).allows(AGENT, path):
            return
        try:
            stray = self._ask(where)
        except ScanError:
            return
        shown = Document(stray)
        other = _frame(shown) if stray.status == 200 and stray.is_html else ""
        # a site whose every page is one frame and one title until its scripts ran cannot be told by them
        if other and (other, shown.title) != (frame, document.title if frame else ""):
            self._stray = _Stray(other, shown.title)

    def _rules(self, url: str) -> Robots:
        """What the robots.txt of an address' origin says."""
        split = urlsplit(url)
        place = f"{split.scheme}://{split.netloc}"
        if place not in self._robots:
            found = self._robots[place] = self._read(url)
            if delay := found.delay(AGENT):
                self.turns.slow(split.hostname or "", delay)
        return self._robots[place]

    def _read(self, url: str) -> Robots:
        try:
            if urlsplit(url).netloc == urlsplit(self.start.fetch().url).netloc:
                self.start.begin([Needs.WELLKNOWN], links=tuple)
                site = self.start.get(Needs.WELLKNOWN)
                assert isinstance(site, WellKnown)
                if robots.PATH not in site.files:
                    return _CLOSED
                answer = site.files[robots.PATH]
            else:
                answer = self._ask(asking.place(url, robots.PATH))
        except ScanError:
            return _CLOSED
        return _CLOSED if answer.status >= 500 else robots.read(answer)

    def _list(self, frontier: Frontier) -> None:
        """Offer what the site's sitemaps name, as near as the first page."""
        try:
            self.start.begin([Needs.SITEMAPS], links=tuple)
            found = self.start.get(Needs.SITEMAPS)
        except ScanError as error:
            self.progress("crawl.err", f"the sitemaps could not be had: {error}", reason=error.code)
            return
        assert isinstance(found, Sitemaps)
        files = (file.sitemap for file in found.files if file.sitemap.kind != "sitemapindex")
        listed = (entry.location for one in files for entry in one.entries)
        for url in islice(filter(is_web, listed), _LISTED):
            frontier.offer(url, 0)

    def _follow(self, frontier: Frontier, document: Document, depth: int) -> None:
        """Offer what a page leads to."""
        said = [*document.meta("robots"), *document.meta(AGENT), *document.page.headers_of("x-robots-tag")]
        closed = any(_NOFOLLOW.search(text) for text in said)
        for url, followed in _leads(document):
            frontier.offer(url, depth + 1, reason=None if followed and not closed else "nofollow")


def _frame(document: Document) -> str:
    """The page's frame; empty for markup that cannot be read."""
    try:
        return template.frame(document)
    except ScanError:
        return ""


def _leads(document: Document) -> Iterator[tuple[str, bool]]:
    """Addresses that a page leads to, and whether it wants them followed; the first two thousand."""
    start = base(document)
    left = _LINKS
    for node in document.named("a", "area", "frame", "iframe", "meta", "link"):
        href = _href(node.tag, node.attributes)
        if not href or href.startswith("#"):
            continue
        url = resolve(start, href)
        if url is None or not is_web(url):
            continue
        left -= 1
        if left < 0:
            return
        yield url, "nofollow" not in (node.attributes.get("rel") or "").lower().split()


def _href(tag: str, attributes: Mapping[str, str | None]) -> str:
    """The address that an element leads to, as written; empty for one that leads to no page."""

    def text(name: str) -> str:
        return (attributes.get(name) or "").strip()

    if tag in {"a", "area"}:
        return "" if "download" in attributes else text("href")
    if tag in {"frame", "iframe"}:
        return text("src")
    if tag == "link":
        return text("href") if {"next", "prev"}.intersection(text("rel").lower().split()) else ""
    found = _REFRESH.match(text("content")) if text("http-equiv").lower() == "refresh" else None
    return found[1].strip() if found else ""
