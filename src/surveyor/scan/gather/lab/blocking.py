"""Total Blocking Time and Time to Interactive (web.dev/articles/tbt, web.dev/articles/tti), all in ms.

A task of the main thread blocks for what it takes beyond 50 ms. A page is interactive at the end of the last such task
before a window of five seconds without one and with no more than two requests on their way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from surveyor.scan.gather.lab.trace import Span

LONG = 50.0
_WINDOW = 5_000.0
_BUSY = 2


def interactive(
    tasks: Sequence[Span],
    requests: Iterable[tuple[float, float]],
    *,
    painted: float,
    parsed: float | None,
) -> float:
    """When a page that came to rest became interactive; ``requests`` are starts and ends of those on their way.

    What nobody recorded any more was rest.
    """
    busy = _crowded(requests)
    ends = sorted(task.end for task in tasks if task.duration > LONG and task.end > painted)
    starts = sorted(task.at for task in tasks if task.duration > LONG and task.end > painted)
    quiet = painted
    for start, end in zip(starts, ends, strict=True):
        if _rest(quiet, start, busy):
            break
        quiet = max(quiet, end)
    return max(quiet, painted, parsed or 0.0)


def blocking(task: Span, start: float, end: float) -> float:
    """How long a task blocks within a window."""
    within = min(task.end, end) - max(task.at, start)
    return max(0.0, within - LONG)


def total(tasks: Iterable[Span], start: float, end: float) -> float:
    """How long all of them do."""
    return sum(blocking(task, start, end) for task in tasks)


def _rest(start: float, end: float, busy: Sequence[tuple[float, float]]) -> bool:
    """Whether there is a window between two tasks in which the network is quiet too."""
    at = start
    for crowded, free in busy:
        if crowded - at >= _WINDOW:
            break
        at = max(at, free)
    return end - at >= _WINDOW


def _crowded(requests: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """When more than two requests were on their way, in order."""
    # an end comes before a start at the same moment
    changes = sorted((at, change) for start, end in requests for at, change in ((start, 1), (end, -1)))
    found, count, since = list[tuple[float, float]](), 0, 0.0
    for at, change in changes:
        before, count = count, count + change
        if before == _BUSY and count > _BUSY:
            since = at
        elif before > _BUSY and count == _BUSY:
            found.append((since, at))
    return found
