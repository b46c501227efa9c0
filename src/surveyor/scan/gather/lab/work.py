"""Who had the main thread: by kind of work, and by script.

A span's own time is what no span within it takes. It counts for the script that it runs, else for the one around it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from surveyor.scan.gather.lab.blocking import LONG, blocking
from surveyor.scan.gather.lab.trace import Span
from surveyor.scan.speed import Task, Work

_LISTED = 50


def by_kind(spans: Sequence[Span]) -> dict[str, float]:
    """Own times by kind of work; ``other`` is a task's own."""
    found = defaultdict[str, float](float)
    for span, own, _, _ in _nested(spans):
        found["other" if span.kind == "task" else span.kind] += own
    return dict(found)


def by_script(spans: Sequence[Span], start: float, end: float) -> tuple[Work, ...]:
    """Scripts that took most, with their share of what blocks between two moments.

    A task's blocking is shared among its scripts by their times in it.
    """
    times, blocked = defaultdict[str, float](float), defaultdict[str, float](float)
    for span, own, url, task in _nested(spans):
        if url:
            times[url] += own
            if task is not None and span.duration:
                blocked[url] += blocking(task, start, end) * own / task.duration
    worst = sorted(times, key=lambda url: -times[url])[:_LISTED]
    return tuple(Work(url=url, duration=times[url], blocking=blocked[url]) for url in worst)


def tasks(spans: Sequence[Span], start: float, end: float) -> tuple[Task, ...]:
    """Tasks that take too long, with the script that had most of each; the longest of them where there are many."""
    shares = defaultdict[int, dict[str, float]](dict)
    long = dict[int, Span]()
    for _, own, url, task in _nested(spans):
        if task is None or task.duration <= LONG:
            continue
        long[id(task)] = task
        if url:
            shares[id(task)][url] = shares[id(task)].get(url, 0.0) + own
    kept = sorted(long.values(), key=lambda task: -task.duration)[:_LISTED]
    return tuple(_task(task, shares[id(task)], start, end) for task in sorted(kept, key=lambda task: task.at))


def _task(task: Span, shares: dict[str, float], start: float, end: float) -> Task:
    url = max(shares, key=lambda one: shares[one], default=None)
    return Task(at=task.at, duration=task.duration, blocking=blocking(task, start, end), url=url)


def _nested(spans: Sequence[Span]) -> Iterator[tuple[Span, float, str, Span | None]]:
    """Each span with its own time, its script, and the task that it is in; those around it come later."""
    around = list[_Around]()
    for span in sorted(spans, key=lambda one: (one.at, -one.duration)):
        while around and around[-1].span.end <= span.at:
            yield around.pop().told()
        outer = around[-1] if around else None
        if outer is not None:
            outer.within += span.duration
        task = outer.task if outer is not None and outer.task is not None else span if span.kind == "task" else None
        around.append(_Around(span, span.url or (outer.url if outer is not None else ""), task))
    while around:
        yield around.pop().told()


class _Around:
    """A span that has not ended: what it runs, the task that it is in, and how much of it is others'."""

    __slots__ = ("span", "task", "url", "within")

    def __init__(self, span: Span, url: str, task: Span | None) -> None:
        self.span, self.url, self.task = span, url, task
        self.within = 0.0

    def told(self) -> tuple[Span, float, str, Span | None]:
        """As ``_nested`` gives it."""
        return self.span, max(0.0, self.span.duration - self.within), self.url, self.task
