"""The addresses of a site that are still to be asked for, each once, near and unlike ones first."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from surveyor.scan.engine.site import addresses
from surveyor.scan.engine.site.told import Unvisited
from surveyor.scan.net.extra import origin_of
from surveyor.scan.net.hosts import same_site
from surveyor.scan.plan import Crawl

#: How many addresses are remembered, and how many wait: of a site without end there is no end to either.
_KNOWN, _WAITING = 50_000, 5_000


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An address to ask for. ``nth`` of its form, so that a thousand products wait for the one contact page."""

    depth: int
    nth: int
    order: int
    url: str


class Frontier:
    """What is left to ask for of the site that ``start`` belongs to; ``visiting`` is by somebody's headers."""

    def __init__(self, start: str, crawl: Crawl, unvisited: Unvisited, *, visiting: bool) -> None:
        self._origin, self._host = origin_of(start), urlsplit(start).hostname or ""
        self._crawl, self._unvisited, self._visiting = crawl, unvisited, visiting
        self._known: set[int] = set()
        self._left: dict[int, tuple[str, str]] = {}
        self._forms: Counter[str] = Counter()
        self._waiting: list[Place] = []
        self._order = 0
        self.met(start)

    def __len__(self) -> int:
        return len(self._waiting)

    def met(self, url: str) -> bool:
        """Remember an address; whether it was new."""
        mark = hash(addresses.key(url))
        if mark in self._known:
            return False
        self._known.add(mark)
        return True

    def is_own(self, url: str) -> bool:
        """Whether an address is of the site."""
        try:
            scheme, host, port = origin_of(url)
        except ValueError:
            return False
        if not self._crawl.subdomains:
            return (scheme, host, port) == self._origin
        return scheme in {"http", "https"} and same_site(host, self._host) and port in {self._origin[2], 80, 443}

    def offer(self, url: str, depth: int, *, reason: str | None = None) -> None:
        """Take an address that something names, unless it is known, or there is a ``reason`` not to ask for it.

        Another page may name it without such a reason, or from nearer; only at the end is it left out.
        """
        try:
            mark = hash(addresses.key(url))
            if mark in self._known or len(self._known) >= _KNOWN:
                return
            if self.is_own(url) and (reason or depth > self._crawl.depth):
                if len(self._left) < _KNOWN:
                    self._left.setdefault(mark, (url, reason or "depth"))
                return
            self._known.add(mark)
            self._left.pop(mark, None)
            self._take_in(url, depth)
        except ValueError:  # what looks like an address, and is none
            return

    def take(self) -> Place | None:
        """The next, nothing when there is none."""
        return heapq.heappop(self._waiting) if self._waiting else None

    def abandon(self, reason: str) -> None:
        """Leave all that wait out; and what there was another reason for."""
        for place in sorted(self._waiting):
            self._unvisited.add(place.url, reason)
        self._waiting.clear()
        for url, why in self._left.values():
            self._unvisited.add(url, why)
        self._left.clear()

    def _take_in(self, url: str, depth: int) -> None:
        reason = addresses.unfit(url, visiting=self._visiting) if self.is_own(url) else "other_site"
        url = addresses.asked(url)
        if reason is None and self._is_full(url):
            reason = "alike"
        if reason is None and len(self._waiting) >= _WAITING:
            reason = "budget_pages"
        if reason is not None:
            self._unvisited.add(url, reason)
            return
        self._order += 1
        form = addresses.form(url)
        heapq.heappush(self._waiting, Place(depth, self._forms[form], self._order, url))

    def _is_full(self, url: str) -> bool:
        """Count an address under its form, and those with a query under their path too: filters combine without end."""
        split = urlsplit(url)
        forms = [addresses.form(url), *([f"{split.netloc}{split.path}?"] if split.query else [])]
        if any(self._forms[form] >= self._crawl.alike for form in forms):
            return True
        self._forms.update(forms)
        return False
