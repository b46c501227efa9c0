"""How often a service is asked about one thing: the next question waits until enough time has gone by."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Pace:
    """Times of the last questions, by what they were about; safe to share between threads."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, about: str, *, every: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        """Wait for this question's turn: turns about the same thing are ``every`` seconds apart."""
        with self._lock:
            now = clock()
            turn = max(now, self._next.get(about, now))
            self._next[about] = turn + every
        if turn > now:
            sleep(turn - now)
