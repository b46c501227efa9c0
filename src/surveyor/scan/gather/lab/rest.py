"""When a page has come to rest: it painted, nothing is on its way, and no task was long for a while.

Long tasks are told by a script of ours in a world of its own (Long Tasks API), through a binding that only that world
has; nothing is asked of the page while it loads, which would be work of its main thread too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from surveyor.scan.errors import ScanError, Unreachable
from surveyor.scan.net.browser.network import Network
from surveyor.scan.net.browser.tab import Tab

WORLD = "surveyor-lab"
_BINDING = "surveyorLab"
#: Two seconds without anything; what a page does later is not seen.
QUIET = 2.0
_STEP = 0.05
_PING, _LAST_PING = 0.5, 2.0

_WATCH = f"""
  new PerformanceObserver(list => {{ {_BINDING}('long') }}).observe({{type: 'longtask', buffered: true}});
  new PerformanceObserver(list => {{
    if (list.getEntries().some(entry => entry.name === 'first-contentful-paint')) {_BINDING}('paint');
  }}).observe({{type: 'paint', buffered: true}});
"""


class Rest:
    """Watches one page and its requests; ``clock`` is in seconds."""

    def __init__(self, network: Network, clock: Callable[[], float] = time.monotonic) -> None:
        self._network, self._clock = network, clock
        self._busy = 0.0
        self.painted = self.hung = False

    def watch(self, tab: Tab, *, seconds: float) -> None:
        """Begin before the page is gone to."""
        tab.ask("Runtime.addBinding", {"name": _BINDING, "executionContextName": WORLD}, seconds=seconds)
        asked = {"source": _WATCH, "worldName": WORLD}
        tab.ask("Page.addScriptToEvaluateOnNewDocument", asked, seconds=seconds)

    def hear(self, method: str, params: Mapping[str, Any]) -> None:
        """One event of the protocol; in the reading thread."""
        if method == "Page.loadEventFired":
            self._busy = self._clock()
        elif method == "Runtime.bindingCalled" and params.get("name") == _BINDING:
            self._busy = self._clock()
            self.painted |= params.get("payload") == "paint"

    def wait(self, tab: Tab, *, seconds: float) -> bool:
        """Wait until the page rests; whether it did in time. It is ``hung`` where it does not even answer."""
        end = self._clock() + seconds
        tab.heard.loaded.wait(seconds)
        while (now := self._clock()) < end and not tab.heard.crashed:
            still = self.painted and not self._network.pending and now - self._last() > QUIET
            # a task that has not ended is told by nothing but its silence
            if still and self._answers(tab, _PING):
                return True
            time.sleep(_STEP)
        self.hung = not self._answers(tab, _LAST_PING)
        return False

    def _last(self) -> float:
        """When something last happened."""
        return max(self._network.last, self._busy)

    def _answers(self, tab: Tab, seconds: float) -> bool:
        try:
            tab.ask("Runtime.evaluate", {"expression": "1"}, seconds=seconds)
        except Unreachable:
            self._busy = self._clock()
            return False
        except ScanError:
            return False
        return True
