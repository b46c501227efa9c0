"""How often one host is asked, and how often all are: what keeps a scan of many pages polite, whatever a site says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from surveyor.scan.errors import Spent

#: A site that asks for more seconds between two requests is not waited for longer.
_SLOWEST = 10.0


class Turns:
    """Turns for requests: so many a second to one host, and so many in all. Safe to share between threads.

    ``clock`` is in seconds.
    """

    def __init__(
        self,
        *,
        rate: float,
        requests: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval, self._most = 1.0 / rate, requests
        self._clock, self._sleep = clock, sleep
        self._taken = 0
        self._next: dict[str, float] = {}
        self._intervals: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """How many turns were given."""
        return self._taken

    def slow(self, host: str, seconds: float) -> None:
        """Let at least so many seconds pass between two requests to a host: what its robots.txt asks for."""
        with self._lock:
            self._intervals[host] = max(self._interval, min(seconds, _SLOWEST))

    def take(self, host: str, *, seconds: float) -> None:
        """Wait for a turn; raises ``Spent`` when there is none left, or none that comes in time."""
        with self._lock:
            if self._taken >= self._most:
                raise Spent(f"this scan's {self._most:,} requests are used up")
            now = self._clock()
            turn = max(now, self._next.get(host, now))
            if turn - now > seconds:
                raise Spent("no turn at this host's rate came in time")
            self._taken += 1
            self._next[host] = turn + self._intervals.get(host, self._interval)
        if turn > now:
            self._sleep(turn - now)
