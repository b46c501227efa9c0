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
from functools import partial
from pathlib import Path

_STEP = 0.05
#: Of whoever waits: a measurement is let in only when nobody else does. And of whoever was let in.
_LOCKS = ("next", "loads")


@contextlib.contextmanager
def alone(*, measuring: bool, seconds: float, clock: Callable[[], float] = time.monotonic) -> Iterator[bool]:
    """Hold the machine for a load, after ``seconds`` of waiting at most; whether it is held.

    Who only loads goes next: one measurement is several loads, and would have the machine back before anybody looked.
    """
    with contextlib.ExitStack() as stack:
        try:
            door, machine = (stack.enter_context(_opened(f"surveyor-{name}-{os.getuid()}")) for name in _LOCKS)
        except OSError:  # somebody else's file of this name, or no place for one
            yield False
            return
        attempt = partial(_measuring if measuring else _loading, door, machine)
        end = clock() + seconds
        while not (held := attempt()) and clock() < end:
            time.sleep(_STEP)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield held


@contextlib.contextmanager
def _opened(name: str) -> Iterator[int]:
    lock = os.open(Path(tempfile.gettempdir()) / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def _measuring(door: int, machine: int) -> bool:
    """Both at once, or neither."""
    if _locked(door, fcntl.LOCK_EX) and _locked(machine, fcntl.LOCK_EX):
        return True
    fcntl.flock(door, fcntl.LOCK_UN)
    return False


def _loading(door: int, machine: int) -> bool:
    """The machine, or a place before whoever measures next."""
    return _locked(door, fcntl.LOCK_SH) and _locked(machine, fcntl.LOCK_SH)


def _locked(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
