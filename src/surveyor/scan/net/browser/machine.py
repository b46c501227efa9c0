"""One browser at a time on this machine: scans are processes of their own and know nothing of each other.

Locks of the operating system on files of this user. Who has a browser has the machine, and gives both up as soon as it
loads nothing and somebody waits; the system gives back what a process leaves when it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from surveyor.scan.errors import Unreachable

#: How often whoever waits looks again, in seconds.
STEP = 0.05
#: Of whoever has it; of all who wait for it; of those among them who go before a measurement.
LOCKS: tuple[str, ...] = ("browser", "waiting", "next")


class Machine:
    """The machine as one process sees it, which has it or not; for one thread at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stack = ExitStack()
        self._ours = self._waiting = self._next = -1
        self.held = False

    def take(self, *, measuring: bool, seconds: float, over: Callable[[], bool] = bool) -> None:
        """Wait for it; raises ``Unreachable`` when it does not come in time, or when all is ``over`` before.

        It is not ``held`` afterwards where no lock can be had at all, which is nobody's fault. Who only loads goes
        next: one measurement is several loads, and would have the machine back before anybody looked.
        """
        if not self._open():
            return
        attempt = self._measuring if measuring else self._loading
        end = self._clock() + seconds
        # who has it asks now and then whether somebody waits, for which this moment may be the wrong one
        while not (_locked(self._waiting, fcntl.LOCK_SH) and attempt()):
            if over() or self._clock() >= end:
                self.give_back()
                raise Unreachable("the browser was busy with other scans of this machine")
            time.sleep(STEP)
        self.held = True
        for lock in (self._waiting, self._next):
            fcntl.flock(lock, fcntl.LOCK_UN)

    def wanted(self, *, at_once: bool = False) -> bool:
        """Whether somebody waits for it; ``at_once``: who goes before a measurement."""
        lock = self._next if at_once else self._waiting
        if not _locked(lock, fcntl.LOCK_EX):
            return True
        fcntl.flock(lock, fcntl.LOCK_UN)
        return False

    def give_back(self) -> None:
        """Let others have it."""
        self.held = False
        self._stack.close()

    def _open(self) -> bool:
        try:
            found = [self._stack.enter_context(_opened(f"surveyor-{name}-{os.getuid()}")) for name in LOCKS]
        except OSError:  # somebody else's file of this name, or no place for one
            self._stack.close()
            return False
        self._ours, self._waiting, self._next = found
        return True

    def _measuring(self) -> bool:
        """Both, or neither; the machine first: who has it must not take us for somebody that goes before."""
        if not _locked(self._ours, fcntl.LOCK_EX):
            return False
        if _locked(self._next, fcntl.LOCK_EX):
            return True
        fcntl.flock(self._ours, fcntl.LOCK_UN)
        return False

    def _loading(self) -> bool:
        """The machine, or a place before whoever measures next."""
        return _locked(self._next, fcntl.LOCK_SH) and _locked(self._ours, fcntl.LOCK_EX)


@contextlib.contextmanager
def _opened(name: str) -> Iterator[int]:
    lock = os.open(Path(tempfile.gettempdir()) / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def _locked(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
