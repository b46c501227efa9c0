"""Bounds on everything hostile: what one scan may read, open, descend, inflate and wait for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.values import frozen

MIB = 1 << 20
GIB = 1 << 30
_CANDIDATE = 600  # bytes that are kept of each file that somebody asked for
_COPIES = 4  # of its name: as it is, readable, and twice in the report
_TICK = 1.0  # seconds between two words about how far a scan is


@frozen
class Limits:
    """One scan's bounds; sizes in bytes, times in seconds. Defaults suit a 300 MB child on any input."""

    artifact_bytes: int = 20 * GIB
    inflated_bytes: int = 64 * GIB
    entries: int = 5_000_000
    candidates: int = 200_000
    packages: int = 50_000
    depth: int = 4
    file_bytes: int = 64 * MIB
    metadata_bytes: int = 8 * MIB
    ratio: int = 2_000
    spool_bytes: int = 4 * GIB
    memory_bytes: int = 160 * MIB
    owned_bytes: int = 40 * MIB
    seconds: float = 1800.0
    page_bytes: int = 10 * MIB
    page_seconds: float = 60.0
    site_bytes: int = 64 * MIB
    site_seconds: float = 900.0
    redirects: int = 5


def kept_of(name: bytes) -> int:
    """Bytes that are kept of a file that somebody asked for, for its name and beside it."""
    return _CANDIDATE + _COPIES * len(name)


@dataclass(slots=True)
class Budget:
    """What is left of the limits of one scan; all its nested parts and threads draw on the same one.

    ``tick`` is called about once a second while something is counted, from whichever thread counts. ``spent`` are the
    seconds of each unit so far, those of threads that work at once added up.
    """

    limits: Limits
    clock: Callable[[], float] = time.monotonic
    tick: Callable[[], None] | None = None
    spent: dict[str, float] = field(default_factory=dict)
    _next_tick: float = field(init=False)
    _entries: int = 0
    _candidates: int = 0
    _packages: int = 0
    _held: int = 0
    _owned: int = 0
    _inflated: int = 0
    _spooled: int = 0
    _deadline: float = field(init=False)
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        now = self.clock()
        self._deadline, self._next_tick = now + self.limits.seconds, now + _TICK

    def ahead(self) -> Budget:
        """One for a pass over what another pass reads again: it counts for itself, and its time is this one's."""
        found = Budget(limits=self.limits, clock=self.clock, tick=self.tick)
        found._deadline = self._deadline
        return found

    def entry(self, count: int = 1) -> None:
        """Count archive entries; look at the clock now and then, since walking is the hot path."""
        with self._lock:
            self._entries += count
        if self._entries > self.limits.entries:
            raise LimitExceeded(f"more than {self.limits.entries:,} entries")
        if count > 1 or not self._entries & 0x3FF:
            self.check_time()

    def candidate(self, name: bytes = b"") -> None:
        """Count a file that a cataloger asked for, and what is kept of its name."""
        self.hold(kept_of(name))
        with self._lock:
            self._candidates += 1
        if self._candidates > self.limits.candidates:
            raise LimitExceeded(f"more than {self.limits.candidates:,} package files")

    def admit(self, *, candidates: int, packages: int, held: int, owned: int) -> bool:
        """Draw on several bounds at once, on all or on none; whether everything fitted."""
        limits = self.limits
        with self._lock:
            fits = (
                self._candidates + candidates <= limits.candidates
                and self._packages + packages <= limits.packages
                and self._held + held <= limits.memory_bytes
                and self._owned + owned <= limits.owned_bytes
            )
            if fits:
                self._candidates += candidates
                self._packages += packages
                self._held += held
                self._owned += owned
        return fits

    def hold(self, count: int) -> None:
        """Count bytes that stay in memory until the report is written, as well as they can be estimated."""
        with self._lock:
            self._held += count
        if self._held > self.limits.memory_bytes:
            raise LimitExceeded(f"more than {self.limits.memory_bytes:,} bytes of names and records")

    def own(self, count: int) -> None:
        """Count bytes of the lists of files that system packages own; there are none of what does not fit."""
        with self._lock:
            fits = self._owned + count <= self.limits.owned_bytes
            self._owned += count if fits else 0
        if not fits:
            raise LimitExceeded(f"more than {self.limits.owned_bytes:,} bytes of lists of files that packages own")

    def package(self) -> None:
        """Count a package record; each is held until the report is written, and the report is held whole."""
        with self._lock:
            self._packages += 1
        if self._packages > self.limits.packages:
            raise LimitExceeded(f"more than {self.limits.packages:,} package records")

    def inflate(self, produced: int, *, consumed: int = 0, total: int = 0) -> None:
        """Count inflated bytes; ``consumed`` and ``total`` are this stream's own, for its ratio."""
        with self._lock:
            self._inflated += produced
        if self._inflated > self.limits.inflated_bytes:
            raise LimitExceeded(f"more than {self.limits.inflated_bytes:,} bytes after decompression")
        if total > MIB and consumed and total > consumed * self.limits.ratio:
            raise LimitExceeded(f"compression ratio over {self.limits.ratio}:1")
        self.check_time()

    @property
    def inflated(self) -> int:
        """Bytes that came out of decompression so far."""
        return self._inflated

    def spend(self, unit: str, seconds: float) -> None:
        """Note how long a unit took."""
        with self._lock:
            self.spent[unit] = self.spent.get(unit, 0.0) + seconds

    def spool(self, count: int) -> int:
        """Count bytes that are about to be written to a file without a name; returns how many of them may be."""
        with self._lock:
            allowed = min(count, self.limits.spool_bytes - self._spooled)
            self._spooled += allowed
        return allowed

    def unspool(self, count: int) -> None:
        """Such a file is gone, and its bytes may be spooled anew."""
        with self._lock:
            self._spooled -= count

    def check_time(self) -> None:
        """Raise when the scan's seconds are used up; now and then, let whoever watches the scan tell how far it is."""
        now = self.clock()
        if now > self._deadline:
            raise LimitExceeded(f"scan took more than {self.limits.seconds:g} s")
        if self.tick is not None and now > self._next_tick:
            self._next_tick = now + _TICK
            self.tick()
