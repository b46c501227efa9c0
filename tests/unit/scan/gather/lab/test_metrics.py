"""Metrics of traces made by hand: what blocks, what moves, what is seen, and who did it."""

from __future__ import annotations

import pytest

from surveyor.scan.gather.lab import blocking, progress, shifts, work
from surveyor.scan.gather.lab.trace import Jump, Span


def task(at: float, duration: float) -> Span:
    return Span(at, duration, "task")


def test_a_task_blocks_for_what_it_takes_beyond_fifty_milliseconds_within_the_window() -> None:
    tasks = [task(0, 500), task(900, 300), task(1300, 50), task(1400, 80), task(5000, 400)]
    assert blocking.total(tasks, 1000, 5100) == (200 - 50) + (80 - 50) + (100 - 50)
    assert blocking.total([task(100, 90), task(950, 90)], 120, 1000) == 20
    assert blocking.total([], 0, 10) == 0


def test_interactive_is_the_end_of_the_last_long_task_before_five_quiet_seconds() -> None:
    def at(*tasks: Span, requests: tuple[tuple[float, float], ...] = (), parsed: float | None = None) -> float:
        return blocking.interactive(tasks, requests, painted=1000, parsed=parsed)

    assert at() == 1000
    assert at(task(200, 300), task(1500, 40)) == 1000
    assert at(parsed=1700) == 1700
    assert at(task(2000, 100), task(7000, 100)) == 7100
    assert at(task(2000, 100), task(7101, 100)) == 2100
    # two requests on their way are quiet, three are not
    two, three = ((1000.0, 9000.0),) * 2, ((3000.0, 4000.0),) * 3
    assert at(task(2000, 100), task(7200, 100), requests=two) == 2100
    assert at(task(2000, 100), task(7200, 100), requests=three) == 7300
    assert at(task(2000, 100), task(9001, 100), requests=three) == 2100


def test_layout_shifts_count_by_the_worst_session_window() -> None:
    def worst(*pairs: tuple[float, float]) -> float:
        window = shifts.worst([Jump(at=at, score=score, nodes=()) for at, score in pairs])
        return round(shifts.total(window), 6)

    assert worst() == 0
    assert worst((0, 0.1), (999, 0.1), (1999, 0.15)) == 0.2
    # never longer than five seconds, however small the gaps
    assert worst(*((n * 900.0, 0.1) for n in range(8))) == 0.6
    assert worst((4000, 0.3), (0, 0.1)) == 0.3


def histogram(**values: int) -> list[int]:
    found = [0] * progress.VALUES
    for name, count in values.items():
        found["rgb".index(name[0]) * 256 + int(name[1:])] = count
    return found


def test_speed_index_is_the_area_above_visual_progress() -> None:
    half, whole = histogram(r10=50, g10=50, b10=50), histogram(r10=100, g10=100, b10=100)
    white = histogram()
    assert progress.speed_index([(-5, white), (1000, half), (3000, whole), (9000, whole)]) == 1000 + 2000 * 0.5
    assert progress.speed_index([(400, whole)]) == 400
    assert progress.speed_index([(400, white)]) == 400
    # what goes further than the end, or elsewhere, is no more than there
    other = histogram(r20=100, g20=100, b20=100)
    assert progress.progress(other, white, whole) == 0
    assert progress.progress(histogram(r10=300, g10=300, b10=300), white, whole) == 1
    with pytest.raises(IndexError):
        progress.speed_index([])


SPANS = [
    task(0, 200),
    Span(10, 150, "script", "https://a.example/a.js"),
    Span(20, 60, "style"),
    Span(100, 30, "script", "https://b.example/b.js"),
    Span(170, 20, "layout"),
    task(300, 40),
    Span(310, 10, "paint"),
]


def test_own_time_belongs_to_the_script_around_it() -> None:
    assert work.by_kind(SPANS) == {"other": 30 + 30, "script": 60 + 30, "style": 60, "layout": 20, "paint": 10}
    a, b = work.by_script(SPANS, 0, 1000)
    assert (a.url, a.duration, a.blocking) == ("https://a.example/a.js", 120, 150 * 120 / 200)
    assert (b.url, b.duration, b.blocking) == ("https://b.example/b.js", 30, 150 * 30 / 200)
    (long,) = work.tasks(SPANS, 100, 1000)
    assert (long.at, long.duration, long.blocking, long.url) == (0, 200, 50, a.url)


def test_spans_that_only_overlap_are_nobody_inside() -> None:
    spans = [Span(0, 10, "task"), Span(5, 10, "script", "https://a.example/"), Span(100, 1, "gc")]
    assert sum(work.by_kind(spans).values()) >= 0
    assert [one.url for one in work.by_script(spans, 0, 100)] == ["https://a.example/"]
