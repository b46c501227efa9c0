"""Events of a trace as moments and work of one page: what it painted, what moved, what its main thread did.

The Trace Event Format; names as Chromium's renderer writes them. Every event is data of a browser that a stranger's
page has run in: what has not the expected shape is not there. Times become ms since the navigation's start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.loose import URL, number, part, text, truth, whole
from surveyor.scan.net.browser.recording import TASK, WORK
from surveyor.scan.values import frozen

Entry = Mapping[str, Any]
_BLOCKING = frozenset({"blocking", "in_body_parser_blocking"})


@dataclass(frozen=True, slots=True)
class Span:
    """Work of the main thread, in ms; ``kind`` is ``task`` for what holds all other work; ``url`` is a script's."""

    at: float
    duration: float
    kind: str
    url: str = ""

    @property
    def end(self) -> float:
        """When it was over."""
        return self.at + self.duration


@frozen
class Candidate:
    """A largest content so far: ``node`` is the browser's number of its element."""

    at: float
    node: int | None
    image: bool


@frozen
class Jump:
    """A layout shift: ``score`` is weighed by the share of a frame in the window; ``nodes`` moved."""

    at: float
    score: float
    nodes: tuple[int, ...]


@frozen
class Traced:
    """One page's load. ``origin`` is the navigation's start in µs of the browser's clock.

    ``blocking`` are ids of requests that the first paint waited for.
    """

    origin: float
    painted: float | None
    parsed: float | None
    largest: Candidate | None
    jumps: tuple[Jump, ...]
    spans: tuple[Span, ...]
    blocking: frozenset[str]

    @property
    def tasks(self) -> tuple[Span, ...]:
        """What holds all other work, in order."""
        return tuple(span for span in self.spans if span.kind == "task")


def read(events: Iterable[Entry], frame: str) -> Traced:
    """The load of a page by its main frame's id: of its last navigation that painted, else of its last.

    Raises ``Malformed`` where the trace tells of no navigation.
    """
    kept = [event for event in events if isinstance(event.get("name"), str)]
    start, number_ = _start(kept, frame)
    origin = number(start.get("ts")) or 0.0
    own = [event for event in kept if _of(event, frame) and _navigation(event) in ("", number_)]
    largest = [event for event in own if str(event["name"]).startswith("largestContentfulPaint::Candidate")]
    thread = (start.get("pid"), start.get("tid"))
    renderer = [event for event in kept if event.get("pid") == thread[0]]
    return Traced(
        origin=origin,
        painted=_first(own, "firstContentfulPaint", origin),
        parsed=_first(own, "domContentLoadedEventEnd", origin),
        largest=_candidate(largest[-1], origin) if largest else None,
        jumps=tuple(_jumps(renderer, origin)),
        spans=tuple(_spans((event for event in renderer if event.get("tid") == thread[1]), origin)),
        blocking=frozenset(_blocking(renderer)),
    )


def _start(events: list[Entry], frame: str) -> tuple[Entry, str]:
    starts = {
        _navigation(event): event
        for event in events
        if event["name"] == "navigationStart"
        and _of(event, frame)
        and text(part(event, "args", "data").get("documentLoaderURL"), URL).startswith(("http:", "https:"))
    }
    painted = [_navigation(event) for event in events if event["name"] == "firstContentfulPaint" and _of(event, frame)]
    known = [one for one in painted if one in starts] or list(starts)
    if not known:
        raise Malformed("the browser's trace tells of no navigation to the page")
    last = max(known, key=lambda one: number(starts[one].get("ts")) or 0.0)
    return starts[last], last


def _of(event: Entry, frame: str) -> bool:
    return part(event, "args").get("frame") == frame


def _navigation(event: Entry) -> str:
    return text(part(event, "args", "data").get("navigationId"), 100)


def _at(event: Entry, origin: float) -> float:
    return ((number(event.get("ts")) or 0.0) - origin) / 1000


def _first(events: list[Entry], name: str, origin: float) -> float | None:
    moments = [_at(event, origin) for event in events if event["name"] == name]
    return min((at for at in moments if at >= 0), default=None)


def _candidate(event: Entry, origin: float) -> Candidate:
    data = part(event, "args", "data")
    return Candidate(at=_at(event, origin), node=whole(data.get("nodeId")), image=data.get("type") == "image")


def _jumps(events: list[Entry], origin: float) -> Iterator[Jump]:
    """Shifts of all frames. Until the first that no input came before, a mark of input is the emulation's own."""
    trusted = False
    for event in events:
        data = part(event, "args", "data")
        score = number(data.get("weighted_score_delta"))
        if event["name"] != "LayoutShift" or score is None or _at(event, origin) < 0:
            continue
        recent = truth(data.get("had_recent_input")) is True
        trusted |= not recent
        if not (recent and trusted):
            yield Jump(at=_at(event, origin), score=score, nodes=tuple(_nodes(data)))


def _nodes(data: Mapping[str, Any]) -> Iterator[int]:
    listed = data.get("impacted_nodes")
    for entry in listed[:5] if isinstance(listed, list) else ():
        found = whole(part({"node": entry}, "node").get("node_id"))
        if found is not None:
            yield found


def _spans(events: Iterable[Entry], origin: float) -> Iterator[Span]:
    for event in events:
        name, duration = str(event["name"]), number(event.get("dur"))
        if duration is None or (name != TASK and name not in WORK):
            continue
        data = part(event, "args", "data")
        url = text(data.get("url"), URL) if WORK.get(name) == "script" else ""
        yield Span(_at(event, origin), duration / 1000, WORK.get(name, "task"), url)


def _blocking(events: list[Entry]) -> Iterator[str]:
    for event in events:
        data = part(event, "args", "data")
        if event["name"] == "ResourceSendRequest" and text(data.get("renderBlocking")) in _BLOCKING:
            yield text(data.get("requestId"), 100)
