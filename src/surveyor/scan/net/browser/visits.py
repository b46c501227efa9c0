"""The one browser of a scan and the loads in it: one after another, each in a context of its own behind its own proxy.

DevTools Protocol domains Target and Browser. Nothing of one load is left for the next: no cache, no cookie, no
connection, no word that was announced. A browser that ended is started again for who comes next, and so is one that
made room for another scan's: there is one on a machine.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from surveyor.scan.errors import NotConfigured, ScanError, Unreachable
from surveyor.scan.formats.loose import listed, text
from surveyor.scan.net.browser.machine import STEP, Machine
from surveyor.scan.values import frozen

if TYPE_CHECKING:
    from surveyor.scan.net.browser.chromium import Chromium
    from surveyor.scan.net.browser.proxy import Traffic
    from surveyor.scan.net.browser.tab import Tab
    from surveyor.scan.net.client import Client

_ASK_SECONDS = 10.0
_LEAVE_SECONDS = 3.0
#: Which part of its time a load may wait for other scans of this machine.
_WAIT_SHARE = 0.75


@frozen
class Visit:
    """One load: its page, what went through its proxy, and the browser that it is in.

    ``desk`` is a page of the browser that stays empty and has no way out: for scripts of ours that need no page.
    ``alone`` says that no other scan of this machine has a browser meanwhile. ``shown`` is a text as it may be told,
    without what the scan's headers say.
    """

    tab: Tab
    traffic: Traffic
    chromium: Chromium
    desk: Tab
    alone: bool = False
    shown: Callable[[str], str] = str


@dataclass(slots=True)
class Loads:
    """How many loads there were, how many requests they made, and how many bytes they were sent on the wire."""

    count: int = 0
    requests: int = 0
    received: int = 0


class Visits:
    """Loads of pages in the browser ``executable``, which starts with the first of them and ends with ``close``."""

    def __init__(self, client: Client, executable: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._executable, self._clock = client, executable, clock
        self._turn = threading.Condition()
        self._busy = self._closed = False
        self._hurried = 0
        self._machine = Machine(clock)
        self._lending: threading.Thread | None = None
        self.loads = Loads()
        self._chromium: Chromium | None = None
        self._tab: Tab | None = None
        self._desk: Tab | None = None

    @contextlib.contextmanager
    def visit(self, *, seconds: float, max_bytes: int, patient: bool = False) -> Iterator[Visit]:
        """An empty page that may load ``max_bytes`` within ``seconds``, those of waiting for one's turn included.

        Who is ``patient`` lets others go first. Errors of the browser come as what they really are. Raises
        ``NotConfigured`` without a browser, ``Unreachable`` where it was not one's turn in time.
        """
        left = self._counting(seconds)
        with self._machine_of(left, patient=patient) as alone, self._opened(left, max_bytes) as visit:
            yield replace(visit, alone=alone)

    @contextlib.contextmanager
    def without(self, *, seconds: float) -> Iterator[None]:
        """No browser of ours, nor of any other scan of this machine: who measures by another program starts its own."""
        with self._machine_of(self._counting(seconds), patient=True):
            self._end_browser()
            yield

    def close(self) -> None:
        """End the browser, whoever is in it; nobody gets a turn any more."""
        with self._turn:
            self._closed = True
            idle = not self._busy
            self._turn.notify_all()
        self._end_browser()
        if idle:
            self._machine.give_back()

    def _counting(self, seconds: float) -> Callable[[], float]:
        """How many of these seconds are left, never less than none."""
        end = self._clock() + seconds
        return lambda: max(0.0, end - self._clock())

    @contextlib.contextmanager
    def _machine_of(self, left: Callable[[], float], *, patient: bool) -> Iterator[bool]:
        """One's turn among the loads of this scan, and the machine; whether other scans keep away from that."""
        self._begin(left(), patient=patient)
        try:
            if self._executable is None:
                raise NotConfigured("no Chromium is installed or named (SURVEYOR_CHROMIUM)")
            if not self._machine.held or (patient and self._machine.wanted(at_once=True)):
                self._leave_machine()
                self._machine.take(measuring=patient, seconds=left() * _WAIT_SHARE, over=lambda: self._closed)
            yield self._machine.held
        finally:
            self._end()

    def _lend(self) -> None:
        """Leave the machine whenever nobody loads here and another scan waits."""
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._closed or (self._machine.held and not self._busy))
                if self._closed:
                    return
                leaves = self._busy = self._machine.wanted()
                if not leaves:
                    self._turn.wait(STEP)
            if leaves:
                try:
                    self._leave_machine()
                finally:
                    self._end()

    def _leave_machine(self) -> None:
        self._end_browser()
        self._machine.give_back()

    def _end_browser(self) -> None:
        with self._turn:
            chromium, self._chromium = self._chromium, None
        if chromium is not None:
            chromium.close()

    def _begin(self, seconds: float, *, patient: bool) -> None:
        with self._turn:
            self._hurried += not patient
            try:
                free = self._turn.wait_for(lambda: self._free(patient=patient), seconds)
            finally:
                self._hurried -= not patient
            if self._closed or not free:
                raise Unreachable("the browser was busy with other loads of this scan")
            self._busy = True

    def _free(self, *, patient: bool) -> bool:
        return self._closed or not (self._busy or (patient and self._hurried))

    def _end(self) -> None:
        with self._turn:
            self._busy = False
            self._tab = None
            if self._closed:
                self._machine.give_back()
            elif self._machine.held and self._lending is None:
                self._lending = threading.Thread(target=self._lend, name="browser-lend", daemon=True)
                self._lending.start()
            self._turn.notify_all()

    @contextlib.contextmanager
    def _opened(self, left: Callable[[], float], max_bytes: int) -> Iterator[Visit]:
        from surveyor.scan.net.browser.chromium import BYPASS
        from surveyor.scan.net.browser.sending import unfit
        from surveyor.scan.net.browser.tab import Tab

        chromium = self._running()
        if (extra := self._client.extra) is not None and (why := unfit(extra, chromium.product)):
            raise NotConfigured(why)
        ask = chromium.protocol.call
        with self._client.proxy(seconds=left(), max_bytes=max_bytes) as proxy:
            try:
                server = {"proxyServer": f"http://127.0.0.1:{proxy.port}", "proxyBypassList": BYPASS}
                made = ask("Target.createBrowserContext", server, seconds=min(_ASK_SECONDS, left()))
                context = {"browserContextId": str(made.get("browserContextId", ""))}
                try:
                    page = ask("Target.createTarget", {"url": "about:blank", **context}, seconds=left())
                    ask("Browser.setDownloadBehavior", {"behavior": "deny", **context}, seconds=left())
                    self._tab = tab = Tab(proxy.announce, self._clock, extra=extra)
                    tab.attach(chromium.protocol, str(page.get("targetId", "")), seconds=min(_ASK_SECONDS, left()))
                    assert self._desk is not None
                    shown = str if extra is None else extra.text
                    yield Visit(tab=tab, traffic=proxy.traffic, chromium=chromium, desk=self._desk, shown=shown)
                finally:
                    self._count(proxy.traffic)
                    _leave(chromium, context)
            except ScanError as error:
                raise chromium.explain(error) from None

    def _count(self, traffic: Traffic) -> None:
        """Add one load to the others."""
        if (tab := self._tab) is not None:
            self.loads.count += 1
            self.loads.requests += len(tab.heard.requests) + tab.heard.more
            self.loads.received += traffic.received

    def _running(self) -> Chromium:
        """The browser, started where it does not run."""
        # what drives it takes a while to import, and most scans load no page
        from surveyor.scan.net.browser.chromium import Chromium

        if self._chromium is not None:
            if self._chromium.alive:
                return self._chromium
            self._end_browser()
        assert self._executable is not None
        chromium = Chromium(self._executable, listener=self._hear).__enter__()
        with self._turn:
            self._chromium = chromium
            over = self._closed
        if over:
            chromium.close()
            raise Unreachable("the scan is over")
        self._desk = _desk(chromium)
        return chromium

    def _hear(self, session: str, method: str, params: dict[str, Any]) -> None:
        """Events are for whoever's turn it is; a tab hears none of another's."""
        if (tab := self._tab) is not None:
            tab.hear(session, method, params)


def _desk(chromium: Chromium) -> Tab:
    """The empty page that a browser begins with."""
    from surveyor.scan.net.browser.tab import Tab

    targets = chromium.protocol.call("Target.getTargets", seconds=_ASK_SECONDS).get("targetInfos")
    pages = [text(one.get("targetId")) for one in listed(targets) if one.get("type") == "page"]
    if not pages:
        raise Unreachable("the browser has no page")
    desk = Tab(lambda _: None)
    desk.attach(chromium.protocol, pages[0], seconds=_ASK_SECONDS)
    return desk


def _leave(chromium: Chromium, context: dict[str, str]) -> None:
    """Drop a load's context; a page that does not let itself be dropped takes its browser with it."""
    try:
        chromium.protocol.call("Target.disposeBrowserContext", context, seconds=_LEAVE_SECONDS)
    except ScanError:
        chromium.close()
