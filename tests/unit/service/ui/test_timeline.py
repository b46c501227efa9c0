"""The chart: where bars start and end, whose events they are, and that it is never blank or longer than its axis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from surveyor.service.store.events import StoredEvent
from surveyor.service.ui.timeline import Bar, Chart, Timeline

BEGAN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def event(
    at: int, stage: str, detail: str = "", *, level: str = "info", slot: str | None = None, **data: int
) -> StoredEvent:
    ts = BEGAN + timedelta(milliseconds=at)
    return StoredEvent(seq=1, ts=ts, stage=stage, level=level, detail=detail, slot=slot, pct=None, data=data or None)


def drawn(
    kind: str, *events: StoredEvent, live: bool = False, at: int = 0, slots: dict[str, str] | None = None
) -> Timeline:
    chart = Chart(kind, BEGAN)
    chart.add(events)
    return chart.view(now=BEGAN + timedelta(milliseconds=at), slots=slots, live=live)


def bar(timeline: Timeline, key: str) -> Bar:
    return next(bar for bar in timeline.bars if bar.key == key)


def test_a_timing_says_when_its_stage_began() -> None:
    chart = drawn("artifact", event(10, "scan.start"), event(400, "container.layers.timing", level="debug", ms=300))
    layers = bar(chart, "layers")
    assert (layers.start, layers.end, layers.took, layers.state) == (100, 400, 300, "done")


def test_the_longest_name_wins() -> None:
    chart = drawn("artifact", event(5, "container.packages", "dpkg=1"), event(9, "container.packages.app", "npm=2"))
    assert (bar(chart, "os").note, bar(chart, "app").note) == ("dpkg=1", "npm=2")


def test_a_pages_scanner_has_its_own_lane_whatever_it_speaks_about() -> None:
    chart = drawn("web", event(5, "gather.http", "GET", slot="seo"), event(50, "scan.done", slot=None))
    assert bar(chart, "seo").note == "GET"
    assert bar(chart, "security").state == "off"


def test_while_live_the_last_lane_grows_and_the_rest_wait() -> None:
    chart = drawn("artifact", event(30, "scan.start"), event(100, "container.layers", "1/9"), live=True, at=500)
    assert chart.total == 500
    assert (bar(chart, "layers").state, bar(chart, "layers").end) == ("live", 500)
    assert bar(chart, "open").state == "done"
    assert bar(chart, "advise").state == "waiting"
    assert drawn("artifact", event(100, "container.layers")).live is False


def test_a_slots_state_outranks_what_its_events_suggest() -> None:
    events = (
        event(5, "seo.start", slot="seo"),
        event(9, "performance.error", "no key", level="error", slot="performance"),
    )
    chart = drawn(
        "web", *events, slots={"seo": "failed", "performance": "not_configured", "security": "pending"}, live=True
    )
    assert bar(chart, "seo").state == "failed"
    assert (bar(chart, "performance").state, bar(chart, "performance").marks) == ("off", ())
    assert bar(chart, "security").state == "waiting"


def test_warnings_and_errors_are_marked_where_they_happened() -> None:
    chart = drawn(
        "artifact",
        event(0, "scan.start"),
        event(50, "archive.err", "broken.jar", level="error"),
        event(100, "scan.done"),
    )
    (mark,) = bar(chart, "open").marks
    assert (mark.at, mark.level, mark.text) == (50.0, "error", "archive.err: broken.jar")


def test_time_in_the_queue_has_a_lane_of_its_own() -> None:
    chart = drawn("artifact", event(200, "scan.start"), event(400, "scan.done"))
    assert (chart.bars[0].key, chart.bars[0].end, chart.bars[0].width) == ("queue", 200, 50.0)
    assert drawn("artifact", event(3, "scan.start")).bars[0].key == "open"
    waiting = drawn("artifact", live=True, at=900)
    assert (waiting.bars[0].key, waiting.bars[0].state) == ("queue", "live")


def test_digests_in_notes_are_cut() -> None:
    chart = drawn("artifact", event(5, "container.layers", f"1/2 sha256:{'a' * 64}"))
    assert bar(chart, "layers").note == f"1/2 sha256:{'a' * 12}…"


@given(
    st.sampled_from(["web", "artifact", "odd"]),
    st.lists(
        st.tuples(
            st.integers(-1000, 10**9),
            st.sampled_from(["scan.start", "container.layers", "osv.timing", "seo.err", "", "x"]),
            st.integers(-5, 10**10),
        ),
        max_size=30,
    ),
    st.booleans(),
)
def test_every_bar_lies_on_the_axis(kind: str, given_events: list[tuple[int, str, int]], live: bool) -> None:
    chart = drawn(kind, *(event(at, stage, ms=ms) for at, stage, ms in given_events), live=live, at=1000)
    assert chart.total >= 1
    assert abs(sum(tick.width for tick in chart.ticks) - 100) < 0.5
    assert len(chart.ticks) <= 400
    for drawn_bar in chart.bars:
        assert 0 <= drawn_bar.x <= 100
        assert 0 <= drawn_bar.width <= 100
        assert drawn_bar.took is None or drawn_bar.took >= 0
