"""The pipeline as a time chart: folds a scan's events into lanes and says where each bar starts and ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Protocol


class Step(Protocol):
    """What the chart needs of an event."""

    @property
    def ts(self) -> datetime: ...  # noqa: D102
    @property
    def stage(self) -> str: ...  # noqa: D102
    @property
    def level(self) -> str: ...  # noqa: D102
    @property
    def detail(self) -> str: ...  # noqa: D102
    @property
    def slot(self) -> str | None: ...  # noqa: D102
    @property
    def data(self) -> Mapping[str, object] | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One row of the chart: the stages whose names begin with one of ``prefixes`` belong to it."""

    key: str
    label: str
    prefixes: tuple[str, ...]


#: A page's scanners run beside each other, an artifact's stages one after another.
LANES: dict[str, tuple[Lane, ...]] = {
    "web": (
        Lane(key="performance", label="Performance", prefixes=("performance.",)),
        Lane(key="security", label="Security", prefixes=("security.",)),
        Lane(key="seo", label="SEO", prefixes=("seo.",)),
        Lane(key="accessibility", label="Accessibility", prefixes=("accessibility.",)),
        Lane(key="report", label="Report", prefixes=("scan.summary", "scan.done", "report.", "analysis.")),
    ),
    "artifact": (
        Lane(
            key="open",
            label="Open",
            prefixes=("scan.start", "archive.", "container.extract", "iso.", "dmg.", "source."),
        ),
        Lane(key="layers", label="Layers", prefixes=("container.layer", "archive.layer")),
        Lane(key="os", label="OS packages", prefixes=("container.packages", "archive.packages")),
        Lane(
            key="app",
            label="App packages",
            prefixes=("container.packages.app", "archive.packages.app", "binary."),
        ),
        Lane(
            key="advise",
            label="Advisories",
            prefixes=(
                "osv.",
                "container.osv",
                "archive.osv",
                "nvd.",
                "redhat.",
                "container.enrich",
                "archive.enrich",
                "advise.",
            ),
        ),
        Lane(key="report", label="Report", prefixes=("scan.summary", "scan.done", "report.", "analysis.")),
    ),
}
#: Steps of the axis in milliseconds; the first that needs at most six of them is taken.
_AXIS = (
    10,
    20,
    50,
    100,
    200,
    500,
    1000,
    2000,
    5000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    1_800_000,
    3_600_000,
)
_MARKS = 40
_QUEUE_MS = 20
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]+")
#: Details that count what the page shows anyway.
_TALLIES = ("status=", "packages=", "findings=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A warning or an error inside a bar; ``at`` is percent of the axis, ``ms`` the same in milliseconds."""

    at: float
    ms: int
    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One lane as drawn: ``state`` is waiting, live, done, failed or off.

    ``start`` and ``end`` are milliseconds since the scan began, ``x`` and ``width`` percent of the axis.
    """

    key: str
    label: str
    state: str
    note: str = ""
    start: int = 0
    end: int | None = None
    x: float = 0.0
    width: float = 0.0
    marks: tuple[Mark, ...] = ()

    @property
    def took(self) -> int | None:
        """Milliseconds from the lane's first to its last sign of life."""
        return None if self.end is None else max(self.end - self.start, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One section of the scale bar, in percent, with the time at its end."""

    x: float
    width: float
    ms: int
    span: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The whole chart; ``total`` is the axis in milliseconds, ``live`` whether it still grows."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    total: int
    live: bool


@dataclass(slots=True)
class _Row:
    start: int
    end: int
    note: str = ""
    failed: bool = False
    marks: list[tuple[int, str, str]] = field(default_factory=list)


class Chart:
    """Grows with the events of one scan; ``view`` draws what is known so far."""

    def __init__(self, kind: str, began: datetime) -> None:
        self._lanes = LANES.get(kind, LANES["artifact"])
        self._began = began
        self._rows: dict[str, _Row] = {}
        self._last: str | None = None
        self._previous = 0

    def add(self, steps: Iterable[Step]) -> None:
        """Take in events in their order."""
        for step in steps:
            lane = self._lane(step)
            at = max(round((step.ts - self._began).total_seconds() * 1000), 0)
            if lane is not None:
                self._extend(lane, step, at)
            self._previous = at

    def _lane(self, step: Step) -> Lane | None:
        own = next((lane for lane in self._lanes if lane.key == step.slot), None)
        if own is not None:  # a page's scanner has a lane of its own, whatever it speaks about
            return own
        fits = [(len(p), lane) for lane in self._lanes for p in lane.prefixes if step.stage.startswith(p)]
        return max(fits, key=lambda fit: fit[0])[1] if fits else None

    def _extend(self, lane: Lane, step: Step, at: int) -> None:
        took = (step.data or {}).get("ms")
        since = max(at - took, 0) if isinstance(took, int) else at
        row = self._rows.get(lane.key)
        if row is None:
            row = self._rows[lane.key] = _Row(start=since, end=at)
        row.start, row.end = min(row.start, since), max(row.end, at)
        if step.level in {"warn", "error"}:
            row.marks = [*row.marks, (at, step.level, f"{step.stage}: {step.detail}")][:_MARKS]
        elif step.detail and step.level == "info" and not step.detail.startswith(_TALLIES):
            row.note = _DIGEST.sub(r"\1…", step.detail)
        self._last = lane.key

    def view(self, *, now: datetime, slots: Mapping[str, str] | None = None, live: bool = False) -> Timeline:
        """Draw. ``slots`` maps a lane to its scanner's state where it has one; it outranks what events suggest."""
        reached = max([1, *(row.end for row in self._rows.values())])
        total = max(reached, round((now - self._began).total_seconds() * 1000)) if live else reached
        bars = tuple(self._bar(lane, total, live=live, slot=(slots or {}).get(lane.key)) for lane in self._lanes)
        if (queue := self._queue(total, live=live)) is not None:
            bars = (queue, *bars)
        return Timeline(bars=bars, ticks=_ticks(total), total=total, live=live)

    def _queue(self, total: int, *, live: bool) -> Bar | None:
        """The time before anything happened, when there was any to speak of."""
        first = min((row.start for row in self._rows.values()), default=total if live else 0)
        if first < _QUEUE_MS:
            return None
        state = "queued" if self._rows else "live"
        return Bar(key="queue", label="In the queue", state=state, start=0, end=first, width=_percent(first, total))

    def _bar(self, lane: Lane, total: int, *, live: bool, slot: str | None) -> Bar:
        row = self._rows.get(lane.key)
        state = self._state(lane, row, live=live, slot=slot)
        if row is None:
            return Bar(key=lane.key, label=lane.label, state=state)
        end = total if state == "live" else row.end
        return Bar(
            key=lane.key,
            label=lane.label,
            state=state,
            note=row.note,
            start=row.start,
            end=end,
            x=_percent(row.start, total),
            width=max(_percent(end, total) - _percent(row.start, total), 0.4),
            marks=()
            if state == "off"
            else tuple(Mark(at=_percent(at, total), ms=at, level=level, text=text) for at, level, text in row.marks),
        )

    def _state(self, lane: Lane, row: _Row | None, *, live: bool, slot: str | None) -> str:
        if slot is not None:
            return (
                {"pending": "waiting", "running": "live", "not_configured": "off"}.get(slot, slot)
                if live or slot != "pending"
                else "off"
            )
        if row is None:
            return "waiting" if live else "off"
        return "live" if live and self._last == lane.key else "done"


def _percent(part: int, whole: int) -> float:
    return round(min(part / whole, 1.0) * 100, 3)


def _ticks(total: int) -> tuple[Tick, ...]:
    step = next((s for s in _AXIS if total / s <= 6), _AXIS[-1])
    edges = [*range(0, total, step), total]
    return tuple(
        Tick(x=_percent(a, total), width=_percent(b, total) - _percent(a, total), ms=b, span=b - a)
        for a, b in pairwise(edges)
    )
