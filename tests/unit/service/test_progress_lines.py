"""What counts as an event in a file that a hostile child may have written."""

from __future__ import annotations

import string
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.scan.events import Event
from surveyor.service.child import BATCH_EVENTS, LINE_BYTES, Tail, parse

LINE = Event(ts=datetime.now(UTC), stage="scan.start", detail="x", pct=1, data={"a": 1}).line()


def line(**changes: object) -> bytes:
    return orjson.dumps({**LINE, **changes})


def test_a_line_of_the_scanner_is_its_event() -> None:
    event = parse(line())
    assert (event.stage, event.detail, event.level, event.pct, event.data) == ("scan.start", "x", "info", 1, {"a": 1})
    assert event.ts == datetime.fromisoformat(str(LINE["ts"]))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        line(ts="yesterday"),
        line(ts="2026-01-01T00:00:00"),
        line(ts=5),
        line(stage=""),
        line(stage=None),
        line(detail=["x"]),
        line(level="fatal"),
        line(level=[]),
        line(pct=101),
        line(pct=-1),
        line(pct=True),
        line(pct="5"),
        line(data="x"),
        line(data=[1]),
        line(detail="x" * LINE_BYTES),
    ],
)
def test_what_is_no_event_becomes_a_warning(content: bytes) -> None:
    event = parse(content)
    assert event.stage == "scan.events.warn"
    assert event.level == "warn"


@given(st.binary(max_size=300))
def test_any_bytes_are_read(content: bytes) -> None:
    assert parse(content).stage


_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(1 << 60), 1 << 60) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=30,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("ts", "stage", "detail", "level", "pct", "data"), _values)))
def test_any_json_is_read_and_holds_nothing_that_postgresql_cannot(changes: dict[str, object]) -> None:
    event = parse(line(**changes))
    shown = orjson.dumps([event.stage, event.detail, event.data])
    assert b"\\u0000" not in shown
    assert event.ts.tzinfo is not None


def test_lengths_are_cut() -> None:
    event = parse(line(stage="s" * 5000, detail="d" * 5000, data={str(n): "v" * 900 for n in range(60)}))
    assert (len(event.stage), len(event.detail), len(event.data)) == (100, 2000, 50)


def read(tail: Tail) -> list[str]:
    found, _ = tail.read()
    return [event.detail for event in found]


def test_only_whole_lines_are_read_and_each_once(tmp_path: Path) -> None:
    path = tmp_path / "events"
    tail = Tail(path)
    assert tail.read() == ([], 0)
    with path.open("ab", buffering=0) as file:
        file.write(line(detail="a") + b"\n" + line(detail="b")[:20])
        assert read(tail) == ["a"]
        offset = tail.offset
        assert read(tail) == []
        file.write(line(detail="b")[20:] + b"\n")
        assert read(tail) == ["b"]
    # another reader goes on from a stored offset
    assert read(Tail(path, offset)) == ["b"]
    tail.close()


def test_many_lines_come_in_bounded_batches(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(b"".join(line(detail=str(n)) + b"\n" for n in range(1200)))
    tail = Tail(path)
    sizes, details = [], []
    while batch := read(tail):
        sizes.append(len(batch))
        details += batch
    assert max(sizes) <= BATCH_EVENTS
    assert details == [str(n) for n in range(1200)]
    assert tail.offset == path.stat().st_size
    tail.close()


@given(st.lists(st.text(string.ascii_letters, min_size=1, max_size=30), max_size=30), st.randoms())
def test_however_the_bytes_arrive_the_events_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], random: object
) -> None:
    path = tmp_path_factory.mktemp("tail") / "events"
    content = b"".join(line(detail=word) + b"\n" for word in words)
    tail, found, at = Tail(path), [], 0
    with path.open("ab", buffering=0) as file:
        while at < len(content):
            step = random.randint(1, 200)  # type: ignore[attr-defined]
            file.write(content[at : at + step])
            at += step
            found += read(tail)
    assert found == words
    tail.close()
