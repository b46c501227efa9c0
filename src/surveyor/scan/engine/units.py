"""The one place that catches a unit's error and turns it into an entry of coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from surveyor.scan.errors import LimitExceeded, NotConfigured, ScanError
from surveyor.scan.events import Progress, Sink
from surveyor.scan.model import Coverage, CoverageState

T = TypeVar("T")


def _verdict(error: BaseException) -> tuple[CoverageState, str, str]:
    """State, stable reason and sentence for one error of a unit."""
    if isinstance(error, NotConfigured):
        return CoverageState.NOT_CONFIGURED, error.code, str(error)
    if isinstance(error, LimitExceeded):
        return CoverageState.PARTIAL, error.code, str(error)
    if isinstance(error, ScanError):
        return CoverageState.FAILED, getattr(error, "rule", None) or error.code, str(error)
    if isinstance(error, MemoryError):
        return CoverageState.PARTIAL, "limit_exceeded", "out of the memory this scan may use"
    return CoverageState.FAILED, "internal_error", f"{type(error).__name__} in this unit; please report it"


class Ledger:
    """What was looked at and what was not, gathered while a scan runs; each failure is also an event."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.entries: list[Coverage] = []

    def add(self, entry: Coverage) -> None:
        """Record one entry."""
        self.entries.append(entry)

    @contextmanager
    def overheard(self, sink: Sink) -> Iterator[None]:
        """Let one more listener hear what is told inside the block."""
        told = self.progress
        self.progress = told.joined(sink)
        try:
            yield
        finally:
            self.progress = told

    def attempt(
        self,
        what: str,
        unit: Callable[[], T],
        *,
        stage: str,
        path: str | None = None,
        layer: str | None = None,
        asset: str | None = None,
    ) -> T | None:
        """Run one unit; on its error record coverage with coordinates, emit ``<stage>.err`` and go on with ``None``."""
        try:
            return unit()
        except Exception as error:  # noqa: BLE001 - the engine's unit runner, one of the three places design §8 allows
            state, reason, detail = _verdict(error)
            error.__traceback__ = None  # its frames hold what was read, and some of them the error: a file left open
        entry = Coverage(what=what, state=state, reason=reason, detail=detail, path=path, layer=layer, asset=asset)
        self.fail(entry, stage=stage)
        return None

    def fail(self, entry: Coverage, *, stage: str) -> None:
        """Record what a unit could not do, and emit it."""
        self.add(entry)
        where = " ".join(part for part in (entry.path, entry.layer and entry.layer[:19], entry.asset) if part)
        # a missing key is a setting, not an error of this scan
        suffix = "skip" if entry.state is CoverageState.NOT_CONFIGURED else "err"
        detail = entry.detail or ""
        self.progress(f"{stage}.{suffix}", f"{where}: {detail}" if where else detail, reason=entry.reason)
