"""What the slots of one process look at: each thing is gathered once, in its own thread, for whoever asks first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from surveyor.scan.address import normal
from surveyor.scan.check.interface import Needs
from surveyor.scan.engine.site import addresses
from surveyor.scan.errors import ScanError, Unreachable
from surveyor.scan.evidence import Page, Reference, Sitemaps, WellKnown
from surveyor.scan.gather import (
    Errand,
    Gathered,
    Gatherer,
    browser,
    exposed,
    http,
    links,
    mapped,
    schemes,
    scripts,
    sharing,
    sitemaps,
    tls,
    wellknown,
)
from surveyor.scan.model import Asset
from surveyor.scan.speed import Speed

#: What is gathered around a page.
GATHERERS: dict[Needs, Gatherer] = {
    Needs.SCHEMES: schemes.GATHERER,
    Needs.SHARING: sharing.GATHERER,
    Needs.TLS: tls.GATHERER,
    Needs.WELLKNOWN: wellknown.GATHERER,
    Needs.EXPOSED: exposed.GATHERER,
    Needs.SCRIPTS: scripts.GATHERER,
    Needs.SITE: wellknown.GATHERER,
    Needs.LINKS: links.GATHERER,
    Needs.SITEMAPS: sitemaps.GATHERER,
    Needs.MAPPED: mapped.GATHERER,
    Needs.RENDERED: browser.GATHERER,
    Needs.SHOWN: browser.GATHERER,
}
#: What is read once for all pages of one origin.
HOME = frozenset({Needs.SITE, Needs.WELLKNOWN, Needs.SITEMAPS, Needs.MAPPED})
#: What asks for the site's well-known files first.
_AFTER_FILES = frozenset({Needs.LINKS, Needs.SITEMAPS, Needs.MAPPED})

#: The kind of reference that leads to a page.
LINKED = "anchor"
#: Under what name measurements of loading are kept, whoever measured.
MEASURED = "speed"
#: What the time for gathering leaves to handing over.
_RESERVE = 0.1


class Coming:
    """One gathering under way; whoever wants what it brings waits for it."""

    def __init__(self, gather: Callable[[], Gathered], *, name: str) -> None:
        self._gather = gather
        self._done = threading.Event()
        self._brought: Gathered | None = None
        self._error: ScanError | None = None
        # a daemon: a server that never ends its answer must not keep the process
        threading.Thread(target=self._run, name=f"gather-{name}", daemon=True).start()

    def _run(self) -> None:
        try:
            self._brought = self._gather()
        except ScanError as error:
            self._error = error
        finally:
            self._done.set()

    @property
    def ended(self) -> tuple[Gathered | None, ScanError | None]:
        """What came of it; nothing of either kind while it is under way."""
        return self._brought, self._error

    def wait(self, seconds: float) -> Gathered:
        """What was brought, or the error that it ended with; late is an error too."""
        if not self._done.wait(seconds):
            raise Unreachable("no whole answer in time")
        if self._error is not None:
            # raised for hundreds of pages, it would keep the frames, and so the trees, of all of them
            raise self._error.with_traceback(None)
        if self._brought is None:
            raise ScanError("this gatherer failed; please report it")
        return self._brought


class Shared:
    """What the slots of one process have in common: the errand, one GET of the page, and what is around it.

    ``page`` was fetched before; ``home`` is another page of its origin, which brings what is the origin's.
    """

    def __init__(self, errand: Errand, *, page: Page | None = None, home: Shared | None = None) -> None:
        self.errand = replace(errand, page=self.fetch)
        self.asset = asset(errand.url)
        self.page = page
        self.home = home
        self._error: ScanError | None = None
        self._lock = threading.Lock()
        self._coming: dict[str, Coming] = {}
        self._kept: dict[str, tuple[Gathered | None, ScanError | None]] = {}
        #: What a crawl met on its way, by the keys of addresses; of what ``hears`` the links only lead there.
        self.met: Mapping[str, Page] = {}
        self.hears = False

    def open(self, seconds: float) -> None:
        """Let a slot begin to look at this page, of several: from now on there are so many seconds for it."""
        with self._lock:
            # another slot may have been here long ago, and what this one sends for begins only now
            self.errand = replace(self.errand, deadline=self.errand.clock() + seconds)

    def measured(self, measure: Callable[[Errand], Speed]) -> Speed:
        """How the page loads; kept with what else was seen of it."""
        try:
            found = measure(self.errand)
        except ScanError as error:
            self._kept[MEASURED] = None, error
            raise
        self._kept[MEASURED] = found, None
        return found

    def gathered(self) -> dict[str, tuple[Gathered | None, ScanError | None]]:
        """What was seen so far by the ids of gatherers, or the error that it ended with; of the page only that."""
        with self._lock:
            found = {name: coming.ended for name, coming in self._coming.items()}
            page = {http.GATHERER.id: (None, self._error)} if self._error is not None else {}
        return {**{name: one for name, one in found.items() if one != (None, None)}, **self._kept, **page}

    def fetch(self) -> Page:
        """The page; whoever comes first asks for it, and its error is everybody's."""
        with self._lock:
            if self._error is not None:
                raise self._error.with_traceback(None)
            if self.page is None:
                try:
                    self.page = self._fetched()
                except ScanError as error:
                    self._error = error
                    raise
            return self.page

    def _fetched(self) -> Page:
        errand = self.errand
        found = errand.once(http.GATHERER.id, errand.url, partial(http.gather, errand), seconds=errand.left)
        assert isinstance(found, Page)
        return found

    def was_met(self, url: str) -> Page | None:
        """What a crawl met at an address, where that was no page to look at."""
        try:
            return self.met.get(addresses.key(url)) if self.met else None
        except ValueError:  # what looks like an address, and is none
            return None

    def begin(
        self,
        needs: Iterable[Needs],
        *,
        links: Callable[[], tuple[str, ...]],
        references: Callable[[], tuple[Reference, ...]] = tuple,
    ) -> None:
        """Send for whatever of it nobody has sent for.

        ``links`` gives the addresses of the page's scripts, ``references`` those of all else that it names.
        """
        wanted = [need for need in needs if need in GATHERERS]
        if self.home is not None:
            self.home.begin([need for need in wanted if need in HOME], links=tuple)
            wanted = [need for need in wanted if need not in HOME]
        if self.home is None and _AFTER_FILES.intersection(wanted):
            maps = [Needs.SITEMAPS] if Needs.MAPPED in wanted else []
            wanted = [Needs.SITE, *maps, *wanted]
        named = references() if Needs.LINKS in wanted else ()
        # who gathers has less time than who waits, so that part of an answer still is one
        errand = replace(
            self.errand,
            scripts=links() if Needs.SCRIPTS in wanted else (),
            references=named,
            known={one.url: page for one in named if one.kind == LINKED and (page := self.was_met(one.url))},
            hears=self.hears,
            wellknown=self._files,
            sitemaps=self._maps,
            deadline=self.errand.deadline - self.errand.left * _RESERVE,
        )
        with self._lock:
            for need in wanted:
                gatherer = GATHERERS[need]
                if gatherer.id not in self._coming:
                    self._coming[gatherer.id] = Coming(partial(_gathered, gatherer, errand), name=gatherer.id)

    def get(self, need: Needs) -> Gathered:
        """What was sent for; raises the error that it ended with."""
        if self.home is not None and need in HOME:
            return self.home.get(need)
        return self._coming[GATHERERS[need].id].wait(self.errand.left)

    def _files(self) -> WellKnown:
        found = self.get(Needs.SITE)
        assert isinstance(found, WellKnown)
        return found

    def _maps(self) -> Sitemaps:
        found = self.get(Needs.SITEMAPS)
        assert isinstance(found, Sitemaps)
        return found


def _gathered(gatherer: Gatherer, errand: Errand) -> Gathered:
    return errand.once(gatherer.id, errand.url, partial(gatherer.gather, errand), seconds=errand.left)


def asset(url: str) -> Asset:
    """The page as findings name it."""
    try:
        return Asset(type="url", value=normal(url))
    except ValueError:  # not a URL; the slots say so
        return Asset(type="url", value=url)
