"""Progress as it happens: one event per line of NDJSON, for a terminal and for the service alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from datetime import UTC, datetime

from surveyor.scan.values import frozen

_LEVELS = {"err": "error", "error": "error", "warn": "warn", "timing": "debug"}
_DETAIL_LIMIT = 2000


@frozen
class Event:
    """One line of progress; ``stage`` is dotted and belongs to the published vocabulary (docs/reference/events.md)."""

    ts: datetime
    stage: str
    detail: str
    level: str = "info"
    pct: int | None = None
    data: Mapping[str, object] = field(default_factory=dict)

    def line(self) -> dict[str, object]:
        """The NDJSON object: ``ts, stage, detail, level, component, event`` and, when known, ``pct`` and ``data``."""
        out: dict[str, object] = {
            "ts": self.ts.isoformat(timespec="milliseconds"),
            "stage": self.stage,
            "detail": self.detail,
            "level": self.level,
            "component": self.stage.partition(".")[0],
            "event": self.stage,
        }
        if self.pct is not None:
            out["pct"] = self.pct
        if self.data:
            out["data"] = dict(self.data)
        return out


Sink = Callable[[Event], None]

#: Control characters, line separators, bidirectional overrides: a target's text must not drive a terminal or a log.
#: Halves of surrogate pairs and what is no character: no file can hold them.
_UNPRINTABLE = dict.fromkeys(
    [
        *range(0x20),
        *range(0x7F, 0xA0),
        *(0x061C, 0x200E, 0x200F, 0x2028, 0x2029),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        *range(0xD800, 0xE000),
        *(0xFFFE, 0xFFFF),
    ],
    "\ufffd",
)


def printable(text: str) -> str:
    """One line that is safe to show: runs of white space become a space, what could steer a terminal a mark."""
    return " ".join(text.split()).translate(_UNPRINTABLE)


def level_of(stage: str) -> str:
    """The level that a stage's last word implies: ``err`` and ``error`` error, ``warn`` warn, ``timing`` debug."""
    return _LEVELS.get(stage.rpartition(".")[2], "info")


class Progress:
    """What the engine and its units speak to; every event goes to every sink, in order.

    Details are one line of at most 2,000 characters, since parts of them come from the target.
    """

    def __init__(self, *sinks: Sink, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._sinks = sinks
        self._now = now

    def __call__(
        self, stage: str, detail: str = "", *, pct: int | None = None, level: str | None = None, **data: object
    ) -> None:
        """Emit one event."""
        event = Event(
            ts=self._now(),
            stage=stage,
            detail=printable(detail[: 2 * _DETAIL_LIMIT])[:_DETAIL_LIMIT],
            level=level or level_of(stage),
            pct=pct,
            data=data,
        )
        for sink in self._sinks:
            sink(event)

    def joined(self, sink: Sink) -> Progress:
        """The same for one more listener."""
        return Progress(*self._sinks, sink, now=self._now)

    @contextmanager
    def timing(self, stage: str) -> Iterator[Callable[[str], None]]:
        """Emit ``<stage>.timing`` with ``ms=<int>`` when the block ends, however it ends.

        The block is given what names another stage, for one that only then is known.
        """
        named, start = [stage], time.perf_counter()
        try:
            yield named.append
        finally:
            self.took(named[-1], time.perf_counter() - start)

    def took(self, stage: str, seconds: float) -> None:
        """Emit ``<stage>.timing`` with ``ms=<int>`` of what was measured elsewhere."""
        ms = round(seconds * 1000)
        self(f"{stage}.timing", f"ms={ms}", ms=ms)
