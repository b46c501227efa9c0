"""One measured load at a time on this machine: scans are processes of their own and know nothing of each other.

A lock of the operating system on a file of this user. Who measures has it alone, who only loads has it with others. It
is courtesy and no guard: who has waited long enough goes on without, and says so.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_STEP = 0.05


@contextlib.contextmanager
def alone(*, measuring: bool, seconds: float, clock: Callable[[], float] = time.monotonic) -> Iterator[bool]:
    """Hold the machine for a load, after ``seconds`` of waiting at most; whether it is held."""
    path = Path(tempfile.gettempdir()) / f"surveyor-loads-{os.getuid()}"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:  # somebody else's file of this name, or no place for one
        yield False
        return
    try:
        yield _locked(lock, fcntl.LOCK_EX if measuring else fcntl.LOCK_SH, clock() + seconds, clock)
    finally:
        os.close(lock)


def _locked(lock: int, kind: int, end: float, clock: Callable[[], float]) -> bool:
    while True:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except OSError:
            if clock() >= end:
                return False
            time.sleep(_STEP)
        else:
            return True
