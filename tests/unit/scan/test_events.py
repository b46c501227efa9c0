"""Events: the published line, levels by suffix, and text that cannot steer a terminal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from surveyor.scan.events import Event, Progress, level_of, printable

NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def collect() -> tuple[list[Event], Progress]:
    seen: list[Event] = []
    return seen, Progress(seen.append, now=lambda: NOW)


def test_line_holds_the_published_fields() -> None:
    seen, progress = collect()
    progress("container.layers", "9/9 layers", pct=18, layers=9)
    assert seen[0].line() == {
        "ts": "2026-01-02T03:04:05.678+00:00",
        "stage": "container.layers",
        "event": "container.layers",
        "component": "container",
        "detail": "9/9 layers",
        "level": "info",
        "pct": 18,
        "data": {"layers": 9},
    }


def test_unknown_percent_and_data_are_left_out() -> None:
    seen, progress = collect()
    progress("scan.start")
    assert {"pct", "data"}.isdisjoint(seen[0].line())


@pytest.mark.parametrize(
    ("stage", "level"),
    [("osv.err", "error"), ("scan.error", "error"), ("dmg.warn", "warn"), ("osv.timing", "debug"), ("errors", "info")],
)
def test_level_follows_the_last_word(stage: str, level: str) -> None:
    assert level_of(stage) == level


def test_detail_is_one_bounded_line_without_control_characters() -> None:
    seen, progress = collect()
    progress("x.err", "a\nb\x1b[2Jc\u202ed\x9b0m" + "e" * 9999)
    detail = seen[0].detail
    assert detail.startswith("a b\ufffd[2Jc\ufffdd\ufffd0m")
    assert len(detail) == 2000


def test_printable_keeps_ordinary_text() -> None:
    assert printable("naïve café — 日本 🎉") == "naïve café — 日本 🎉"


def test_timing_is_told_even_when_the_block_fails() -> None:
    seen, progress = collect()
    with pytest.raises(ValueError, match="boom"), progress.timing("osv"):
        raise ValueError("boom")
    assert seen[0].stage == "osv.timing"
    assert seen[0].detail.startswith("ms=")
    assert seen[0].level == "debug"
