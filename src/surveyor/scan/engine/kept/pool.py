"""What scanners of one scan gather once, though each is a process of its own: the page, its browser, its site's files.

A folder of this machine. Whoever comes first gathers while the others wait for it, by a lock of the operating system
that its holder's death opens; what came of it lies beside the lock, an error too.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from surveyor.scan.engine.kept import bundle, packing
from surveyor.scan.engine.kept.bundle import Gathered, Seen
from surveyor.scan.errors import ScanError, Unreachable
from surveyor.scan.evidence import Page, Rendered, WellKnown
from surveyor.scan.formats.typed import reader
from surveyor.scan.gather import browser, http, wellknown

if TYPE_CHECKING:
    from surveyor.scan.gather import Gathered as Brought

#: What more than one scanner asks for, by the ids of gatherers.
COMMON = frozenset({http.GATHERER.id, browser.GATHERER.id, wellknown.GATHERER.id})
_STEP = 0.02


class Pool:
    """The folder ``place``, made where it is not there; ``clock`` is in seconds."""

    def __init__(self, place: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._place, self._clock = place, clock

    def once(self, name: str, url: str, gather: Callable[[], Brought], *, seconds: float) -> Brought:
        """What ``gather`` brings of ``url``, or brought another process; its error likewise, for all of them.

        Raises ``Unreachable`` where another process has it in hand for longer than ``seconds``.
        """
        if name not in COMMON:
            return gather()
        self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._place / f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:32]}"
        with self._alone(path.with_suffix(".lock"), seconds):
            if (told := _read(path, url)) is not None:
                return _brought(told, name)
            try:
                found = gather()
            except ScanError as error:
                _write(path, Seen(url=url, troubles={name: bundle.trouble(error)}))
                raise
            page = found if isinstance(found, Page) else None
            around = Gathered(
                browser=found if isinstance(found, Rendered) else None,
                wellknown=found if isinstance(found, WellKnown) else None,
            )
            _write(path, Seen(url=url, page=page, gathered=around))
            return found

    @contextmanager
    def _alone(self, path: Path, seconds: float) -> Iterator[None]:
        end = self._clock() + seconds
        with path.open("w") as lock:
            while not _locked(lock.fileno()):
                if self._clock() >= end:
                    raise Unreachable("another scanner of this scan asked for it, and had no answer in time")
                time.sleep(_STEP)
            yield


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read(path: Path, url: str) -> Seen | None:
    """What another process wrote; nothing where none did, or where it cannot be read."""
    try:
        found = reader(Seen)(packing.unpack(path.read_bytes()))
    except (OSError, ScanError, ValueError, TypeError, KeyError):
        return None
    return found if isinstance(found, Seen) and found.url == url else None


def _write(path: Path, seen: Seen) -> None:
    """Leave it whole or not at all; what is too much for a file is gathered again by whoever wants it."""
    try:
        partial = path.with_suffix(".partial")
        partial.write_bytes(packing.pack(bundle.bare(seen)))
        partial.replace(path)
    except (OSError, ScanError):
        return


def _brought(seen: Seen, name: str) -> Brought:
    if (trouble := seen.troubles.get(name)) is not None:
        raise bundle.raised(trouble)
    found: Brought | None = seen.page if name == http.GATHERER.id else getattr(seen.gathered, name)
    if found is None:
        raise ScanError("this gatherer left nothing; please report it")
    return found
