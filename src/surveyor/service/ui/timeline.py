"""The pipeline as a time chart: folds a scan's events into lanes and says where each bar starts and ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    """One row of the chart: the stages whose names begin with one of ``prefixes`` belong to it.

    One that is ``rare`` is shown only of scans that have it.
    """

    key: str
    label: str
    prefixes: tuple[str, ...]
    rare: bool = False


def _each(part: str) -> tuple[str, ...]:
    """The stages of one part, whatever is scanned."""
    return tuple(f"{family}.{part}" for family in ("container", "archive", "iso", "dmg", "binary", "sbom"))


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
            prefixes=(
                *("scan.start", "scan.open", "container.pull", "archive.type", "binary.type", "iso.detect"),
                *_each("extract"),
            ),
        ),
        Lane(key="layers", label="Layers", prefixes=(*_each("layer"), *_each("extract.nested"))),
        Lane(key="os", label="OS packages", prefixes=(*_each("packages"), "iso.repodata")),
        Lane(key="app", label="App packages", prefixes=_each("packages.app")),
        Lane(
            key="advise",
            label="Advisories",
            prefixes=("osv.", "nvd.", "redhat.", *_each("osv"), *_each("enrich")),
        ),
        Lane(key="protection", label="Protection", prefixes=("binary.hardening",), rare=True),
        Lane(key="report", label="Report", prefixes=("scan.summary", "scan.done", "report.", "analysis.")),
    ),
}
_SECOND, _MINUTE, _HOUR = 1_000, 60_000, 3_600_000
#: Steps of the axis in milliseconds; the first that needs at most ``MOST_STEPS`` of them is taken. The script that lets
#: a live chart grow is given both, so that its axis is the one that would be drawn here.
AXIS = (
    *(10, 20, 50, 100, 200, 500),
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 30)),
    *(n * _HOUR for n in (1, 2, 6, 12, 24, 48)),
)
MOST_STEPS = 6
#: A label that stood further right, in percent, would run into the total beside it.
LAST_LABEL = 92
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
    """One lane as drawn: ``state`` is waiting, live, queued, done, stopped, failed, off or unset.

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
    """One section of the scale bar, in percent, with the time at its end; only ``main`` ones are told if narrow."""

    x: float
    width: float
    ms: int
    span: int
    main: bool

    @property
    def labelled(self) -> bool:
        """Whether there is room for the time at its end."""
        return self.x + self.width <= LAST_LABEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The whole chart; ``total`` is the axis in milliseconds, ``live`` whether it still grows."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    total: int
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A scanner's part of a run; ``state`` is its slot's, or ``stopped``, ``off`` or ``unset``."""

    state: str
    start: datetime | None = None
    end: datetime | None = None


@dataclass(slots=True)
class _Row:
    """What is known of a lane; ``troubled`` while nothing but what went wrong has been told of it."""

    start: int
    end: int
    troubled: bool = False
    note: str = ""
    marks: list[tuple[int, str, str]] = field(default_factory=list)


class Chart:
    """Grows with the events of one scan; ``view`` draws what is known so far."""

    def __init__(self, kind: str, began: datetime) -> None:
        self._lanes = LANES.get(kind, LANES["artifact"])
        self._began = began
        self._rows: dict[str, _Row] = {}
        self._last: str | None = None
        #: Scanners that said that they were never set up: what they say of it later is no failure either.
        self.unset: set[str] = set()

    def add(self, steps: Iterable[Step]) -> None:
        """Take in events in their order."""
        for step in steps:
            if step.slot is not None and (step.data or {}).get("reason") == "not_configured":
                self.unset.add(step.slot)
            lane = self._lane(step)
            at = max(round((step.ts - self._began).total_seconds() * 1000), 0)
            if lane is not None:
                self._extend(lane, step, at)

    def _lane(self, step: Step) -> Lane | None:
        own = next((lane for lane in self._lanes if lane.key == step.slot), None)
        if own is not None:  # a page's scanner has a lane of its own, whatever it speaks about
            return own
        fits = [(len(p), lane) for lane in self._lanes for p in lane.prefixes if step.stage.startswith(p)]
        return max(fits, key=lambda fit: fit[0])[1] if fits else None

    def _extend(self, lane: Lane, step: Step, at: int) -> None:
        took = (step.data or {}).get("ms")
        since = max(at - took, 0) if isinstance(took, int) else at
        trouble = step.level in {"warn", "error"}
        row = self._rows.get(lane.key)
        if row is None:
            row = self._rows[lane.key] = _Row(start=since, end=at, troubled=trouble)
        elif row.troubled and not trouble:
            # a file that could not be read was met while layers were walked: this lane's own work begins here
            row.start, row.end, row.troubled = since, at, False
        row.start, row.end = min(row.start, since), max(row.end, at)
        if trouble:
            row.marks = [*row.marks, (at, step.level, f"{step.stage}: {step.detail}")][:_MARKS]
        elif step.detail and step.level == "info" and not step.detail.startswith(_TALLIES):
            row.note = _DIGEST.sub(r"\1…", step.detail)
        self._last = lane.key

    def view(
        self,
        *,
        until: datetime | None,
        parts: Mapping[str, Part] | None = None,
        live: bool = False,
        stopped: bool = False,
    ) -> Timeline:
        """Draw up to a moment: now, or when the run ended.

        ``parts`` maps a lane to its scanner where it has one; what a scanner did outranks what events suggest. A run
        that was ``stopped`` says nothing more of what it was at, so that lane reaches to its end. After the last word
        of an ended one its report is taken in.
        """
        parts = parts or {}
        rows = {lane.key: row for lane in self._lanes if (row := self._row(lane, parts.get(lane.key))) is not None}
        last = "report" if not stopped and not live else self._last if stopped else None
        if last in rows and last not in parts:
            rows[last].end = max(rows[last].end, self._at(until))
        total = max([1, self._at(until), *(row.end for row in rows.values())])
        bars = []
        for lane in self._lanes:
            row = rows.get(lane.key)
            if row is None and lane.rare:
                continue
            state = self._state(lane, row, parts.get(lane.key), live=live, stopped=stopped)
            bars.append(_bar(lane, row, total, state))
        if (queue := _queue(rows.values(), total, live=live)) is not None:
            bars.insert(0, queue)
        return Timeline(bars=tuple(bars), ticks=_ticks(total), total=total, live=live)

    def _at(self, moment: datetime | None) -> int:
        """Milliseconds since the scan began; none before it did."""
        return 0 if moment is None else max(round((moment - self._began).total_seconds() * 1000), 0)

    def _row(self, lane: Lane, part: Part | None) -> _Row | None:
        """What is drawn of a lane: its events, and the time its scanner held it, which may be longer than it spoke."""
        told = self._rows.get(lane.key)
        if part is None or part.start is None:
            return replace(told) if told else None
        start, end = self._at(part.start), self._at(part.end or part.start)
        if told is None:
            return _Row(start=start, end=end)
        return replace(told, start=min(told.start, start), end=max(told.end, end))

    def _state(self, lane: Lane, row: _Row | None, part: Part | None, *, live: bool, stopped: bool) -> str:
        idle, busy = ("waiting", "live") if live else ("off", "stopped")
        if part is not None:
            return {"pending": idle, "running": busy}.get(part.state, part.state)
        if row is None:
            return idle
        return busy if self._last == lane.key and (live or stopped) else "done"


def _bar(lane: Lane, row: _Row | None, total: int, state: str) -> Bar:
    if row is None or state in {"off", "unset", "waiting"}:
        return Bar(key=lane.key, label=lane.label, state=state, note="")
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
        marks=tuple(Mark(at=_percent(at, total), ms=at, level=level, text=text) for at, level, text in row.marks),
    )


def _queue(rows: Iterable[_Row], total: int, *, live: bool) -> Bar | None:
    """The time before anything happened, when there was any to speak of."""
    known = [row.start for row in rows]
    # an ended run of which nothing is known may have lost its events: where its time went is not for us to say
    first = min(known, default=total if live else 0)
    if first < _QUEUE_MS:
        return None
    state = "queued" if known else "live"
    return Bar(key="queue", label="In the queue", state=state, start=0, end=first, width=_percent(first, total))


def _percent(part: int, whole: int) -> float:
    return round(min(part / whole, 1.0) * 100, 3)


def _ticks(total: int) -> tuple[Tick, ...]:
    step = next((s for s in AXIS if total / s <= MOST_STEPS), AXIS[-1])
    edges = [*range(0, total, step), total]
    labels = len(edges) - 2
    main = {0} if labels < 3 else {1, 3} if labels < 5 else {2}
    return tuple(
        Tick(x=_percent(a, total), width=_percent(b, total) - _percent(a, total), ms=b, span=b - a, main=place in main)
        for place, (a, b) in enumerate(pairwise(edges))
    )
