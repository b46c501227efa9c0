"""Stacks, words for numbers, frames and escaping."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.service.store.events import StoredEvent
from surveyor.service.ui import frames, render, rows


def event(**values: Any) -> StoredEvent:
    common = {"seq": 1, "ts": datetime.now(UTC), "stage": "performance.error", "level": "info", "detail": ""}
    return StoredEvent(**{**common, "slot": "performance", "pct": None, **values})


NAMES = ("critical", "high", "medium", "low", "unknown")


@given(st.fixed_dictionaries({name: st.integers(0, 10**7) for name in NAMES}))
def test_a_stack_fills_its_width_and_hides_nothing(counts: dict[str, int]) -> None:
    stack = render.stack(counts)
    shown = [*stack.parts, *([stack.unknown] if stack.unknown else [])]
    assert {part.name for part in shown} == {name for name in NAMES if counts[name]}
    at = 0.0
    for part in shown:
        assert part.width > 0
        assert part.x >= at - 0.05
        at = part.x + part.width
    assert at <= 100.1
    if shown:
        assert at > 99.8


def test_the_unrated_stand_apart() -> None:
    stack = render.stack({"high": 5, "unknown": 5})
    assert stack.unknown is not None
    assert stack.unknown.x - (stack.parts[-1].x + stack.parts[-1].width) >= 1.9


@pytest.mark.parametrize(
    ("ms", "words"),
    [(0, "< 1 ms"), (7, "7 ms"), (1500, "1.50 s"), (12_345, "12.3 s"), (61_000, "1 min 1 s"), (3_700_000, "1 h 1 min")],
)
def test_durations(ms: int, words: str) -> None:
    assert render.duration(ms) == words


@pytest.mark.parametrize(("count", "words"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (21_474_836_480, "21 GB")])
def test_sizes(count: int, words: str) -> None:
    assert render.size(count) == words


@pytest.mark.parametrize(
    ("purl", "expected"),
    [
        ("pkg:deb/debian/libexpat1@2.5.0-1?arch=amd64", ("debian/libexpat1", "2.5.0-1")),
        ("pkg:npm/%40babel/core@7.0.0", ("@babel/core", "7.0.0")),
        ("pkg:golang/a.example/b@v1#sub", ("a.example/b", "v1")),
        ("pkg:npm/x", ("x", "")),
        ("", ("", "")),
    ],
)
def test_a_purl_for_people(purl: str, expected: tuple[str, str]) -> None:
    assert rows.package(purl) == expected


def test_every_line_of_a_frame_is_data() -> None:
    told = frames.message("<b>\n\n one\r\n two\u2028three</b>", seq=7)
    assert told.endswith("\n\n")
    lines = told.strip("\n").split("\n")
    assert lines[0] == "id: 7"
    assert all(line.startswith("data: ") for line in lines[1:])


def test_what_a_target_says_is_text() -> None:
    html = render.fragment("_event.html", e=event(stage="<i>", detail="<script>alert(1)</script>"), unset=())
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_static_addresses_change_with_their_content() -> None:
    address = render.static("surveyor.css")
    assert address.startswith("/static/")
    assert address.endswith("/surveyor.css")


def test_no_template_carries_inline_script_or_style() -> None:
    for path in (render.HERE / "templates").glob("*.html"):
        text = path.read_text()
        assert " style=" not in text, path
        assert "<style" not in text, path
        assert "hx-on" not in text, path
        assert "js:" not in text, path
        assert "| safe" not in text, path
        assert text.count("<script ") == text.count("<script src="), path


def test_commands_in_a_sentence_are_marked_and_nothing_else_is_let_through() -> None:
    assert render.said("run `surveyor db update`") == "run <code>surveyor db update</code>"
    assert render.said("`<b>` ` <i>") == "<code>&lt;b&gt;</code> ` &lt;i&gt;"


@pytest.mark.parametrize(
    ("ms", "words"),
    [(500, "500 ms"), (30_000, "30 s"), (90_000, "1 min 30 s"), (600_000, "10 min"), (7_200_000, "2 h")],
)
def test_round_times(ms: int, words: str) -> None:
    assert render.axis(ms) == words


@pytest.mark.parametrize(("unset", "tone"), [({"performance"}, "info"), ({"seo"}, "error"), ((), "error")])
def test_that_something_was_never_set_up_is_no_error(unset: set[str], tone: str) -> None:
    html = render.fragment("_event.html", e=event(level="error"), unset=unset)
    assert f'class="{tone}"' in html
