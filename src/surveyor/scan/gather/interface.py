"""What a gatherer is: a URL in, evidence out, through the one client."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Protocol

from surveyor.scan.errors import Malformed
from surveyor.scan.evidence import (
    Exposed,
    Links,
    Mapped,
    Page,
    Reference,
    Rendered,
    Schemes,
    Scripts,
    Sharing,
    Sitemaps,
    Tls,
    WellKnown,
)
from surveyor.scan.figures import Device
from surveyor.scan.model import Evidence
from surveyor.scan.net import Client
from surveyor.scan.net.browser.visits import Visit, Visits
from surveyor.scan.net.pace import Pace
from surveyor.scan.settings import Settings
from surveyor.scan.speed import Speed
from surveyor.scan.values import frozen

Gathered = Page | Speed | Schemes | Sharing | Tls | WellKnown | Exposed | Scripts | Links | Sitemaps | Mapped | Rendered


def _no_page() -> Page:
    raise Malformed("the page has not been gathered")


def _no_sitemaps() -> Sitemaps:
    raise Malformed("the site's sitemaps have not been gathered")


def _no_files() -> WellKnown:
    raise Malformed("the site's files have not been gathered")


def _nothing(_: Page, __: Rendered) -> Iterable[Evidence]:
    return ()


def _at_once(_: str, __: str, gather: Callable[[], Gathered], *, seconds: float) -> Gathered:
    del seconds
    return gather()


class Once(Protocol):
    """Has something gathered, or gives what another process gathered, within so many seconds."""

    def __call__(self, name: str, url: str, gather: Callable[[], Gathered], /, *, seconds: float) -> Gathered:
        """What was gathered; raises the error that it ended with."""


@frozen
class Errand:
    """One URL to gather from.

    ``deadline`` is on ``clock``; ``sleep`` (seconds) and ``jitter`` (0..1) are for waiting before a retry and for what
    must not be guessed; ``today`` is the time as certificates and files count it. ``page`` gives the page that was
    gathered before, for who asks about its surroundings, and ``scripts`` the addresses of scripts that it loads,
    ``references`` those of all else that it names, of which ``known`` ones were asked for before, and no others are
    where it only ``hears``; ``wellknown`` waits for the site's files, ``sitemaps`` for those.
    ``times`` is by how much
    more than usual is asked for of what only the first are. ``device`` is what pages are loaded as, by whoever loads
    them, in the browser of ``visits`` that all share. ``pace`` is that of all errands of one scan.
    ``pictured`` says of a page that a browser built which of its elements somebody wants to see.
    ``once`` has something gathered that processes may have in common, by its gatherer's id and its URL.
    """

    url: str
    settings: Settings
    client: Client
    deadline: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    today: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    page: Callable[[], Page] = _no_page
    scripts: tuple[str, ...] = ()
    wellknown: Callable[[], WellKnown] = _no_files
    sitemaps: Callable[[], Sitemaps] = _no_sitemaps
    references: tuple[Reference, ...] = ()
    known: Mapping[str, Page] = field(default_factory=dict)
    hears: bool = False
    times: int = 1
    device: Device = Device.MOBILE
    visits: Visits | None = None
    pace: Pace = field(default_factory=Pace)
    pictured: Callable[[Page, Rendered], Iterable[Evidence]] = _nothing
    once: Once = _at_once

    @property
    def left(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self.deadline - self.clock())

    @contextlib.contextmanager
    def visit(self, *, max_bytes: int, patient: bool = False) -> Iterator[Visit]:
        """An empty page in the scan's browser, in one of this errand alone where it shares none."""
        visits = self.visits or Visits(self.client, self.settings.browser, self.clock)
        try:
            with visits.visit(seconds=self.left, max_bytes=max_bytes, patient=patient) as visit:
                yield visit
        finally:
            if self.visits is None:
                visits.close()


@frozen
class Gatherer:
    """A way to get evidence. ``gather`` raises errors of the scanner only."""

    id: str
    version: int
    gather: Callable[[Errand], Gathered]
