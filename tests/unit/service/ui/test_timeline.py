"""The chart: where bars start and end, whose events they are, and that it is never blank or longer than its axis."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from surveyor.service.store.events import StoredEvent
from surveyor.service.ui.timeline import AXIS, MOST_STEPS, Bar, Chart, Part, Timeline

BEGAN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def event(
    at: int, stage: str, detail: str = "", *, level: str = "info", slot: str | None = None, **data: int
) -> StoredEvent:
    ts = BEGAN + timedelta(milliseconds=at)
    return StoredEvent(seq=1, ts=ts, stage=stage, level=level, detail=detail, slot=slot, pct=None, data=data or None)


def moment(at: int) -> datetime:
    return BEGAN + timedelta(milliseconds=at)


def drawn(
    kind: str,
    *events: StoredEvent,
    live: bool = False,
    at: int = 0,
    parts: dict[str, Part] | None = None,
    stopped: bool = False,
) -> Timeline:
    chart = Chart(kind, BEGAN)
    chart.add(events)
    return chart.view(until=moment(at), parts=parts, live=live, stopped=stopped)


def bar(timeline: Timeline, key: str) -> Bar:
    return next(bar for bar in timeline.bars if bar.key == key)


def test_a_timing_says_when_its_stage_began() -> None:
    chart = drawn("artifact", event(10, "scan.start"), event(400, "container.layers.timing", level="debug", ms=300))
    layers = bar(chart, "layers")
    assert (layers.start, layers.end, layers.took, layers.state) == (100, 400, 300, "done")


def test_the_longest_name_wins() -> None:
    chart = drawn("artifact", event(5, "container.packages", "dpkg=1"), event(9, "container.packages.app", "npm=2"))
    assert (bar(chart, "os").note, bar(chart, "app").note) == ("dpkg=1", "npm=2")


def test_how_programs_are_protected_has_a_lane_where_there_are_some() -> None:
    events = event(5, "scan.start"), event(90, "scan.summary", "packages=1")
    assert "protection" not in {bar.key for bar in drawn("artifact", *events).bars}
    assert "protection" not in {bar.key for bar in drawn("artifact", *events, live=True, at=99).bars}
    chart = drawn("artifact", *events, event(60, "binary.hardening", "2 programs, 5 findings"))
    assert [bar.key for bar in chart.bars][-3:] == ["advise", "protection", "report"]
    assert (bar(chart, "protection").note, bar(chart, "report").note) == ("2 programs, 5 findings", "")


def test_trouble_that_was_met_on_the_way_is_no_work_of_its_lane() -> None:
    wrong = event(50, "container.packages.app.err", "a.jar: broken", level="error")
    assert (bar(drawn("artifact", wrong), "app").start, bar(drawn("artifact", wrong), "app").end) == (50, 50)
    chart = drawn("artifact", wrong, event(900, "container.packages.app", "jar=1"), event(990, "scan.done"))
    lane = bar(chart, "app")
    assert (lane.start, lane.end, lane.note) == (900, 900, "jar=1")
    assert [(mark.ms, mark.level) for mark in lane.marks] == [(50, "error")]
    # what goes wrong in its own time belongs to it
    late = replace(wrong, ts=moment(950))
    chart = drawn("artifact", event(900, "container.packages.app", "jar=1"), late)
    assert (bar(chart, "app").start, bar(chart, "app").end) == (900, 950)


def test_whatever_is_scanned_its_stages_have_a_lane() -> None:
    for family in ("container", "archive", "iso", "dmg", "binary", "sbom"):
        parts = {"extract": "open", "layers": "layers", "packages": "os", "packages.app": "app", "osv.query": "advise"}
        chart = drawn("artifact", *(event(at, f"{family}.{part}", part) for at, part in enumerate(parts)))
        assert {key: bar(chart, key).note for key in parts.values()} == {key: part for part, key in parts.items()}


def test_what_is_opened_inside_is_no_part_of_opening() -> None:
    inside = event(900, "archive.extract.nested", "a.zip!/b.tar: source, 3 entries")
    chart = drawn("artifact", event(5, "archive.extract"), event(50, "archive.layers"), inside)
    assert (bar(chart, "open").end, bar(chart, "layers").end) == (5, 900)


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
    parts = {"seo": Part(state="failed"), "performance": Part(state="unset"), "security": Part(state="pending")}
    chart = drawn("web", *events, parts=parts, live=True)
    assert bar(chart, "seo").state == "failed"
    assert (bar(chart, "performance").state, bar(chart, "performance").marks) == ("unset", ())
    assert bar(chart, "security").state == "waiting"


def test_a_scanner_that_says_it_was_never_set_up_is_remembered() -> None:
    chart = Chart("web", BEGAN)
    skipped = replace(event(9, "performance.skip", slot="performance"), data={"reason": "not_configured"})
    chart.add((event(5, "seo.start", slot="seo"), skipped))
    assert chart.unset == {"performance"}


def test_warnings_and_errors_are_marked_where_they_happened() -> None:
    chart = drawn(
        "artifact",
        event(0, "scan.start"),
        event(50, "archive.extract.err", "broken.jar", level="error"),
        event(100, "scan.done"),
    )
    (mark,) = bar(chart, "open").marks
    assert (mark.at, mark.level, mark.text) == (50.0, "error", "archive.extract.err: broken.jar")


def test_time_in_the_queue_has_a_lane_of_its_own() -> None:
    chart = drawn("artifact", event(200, "scan.start"), event(400, "scan.done"))
    assert (chart.bars[0].key, chart.bars[0].end, chart.bars[0].width) == ("queue", 200, 50.0)
    assert drawn("artifact", event(3, "scan.start")).bars[0].key == "open"
    waiting = drawn("artifact", live=True, at=900)
    assert (waiting.bars[0].key, waiting.bars[0].state) == ("queue", "live")


def test_digests_in_notes_are_cut() -> None:
    chart = drawn("artifact", event(5, "container.layers", f"1/2 sha256:{'a' * 64}"))
    assert bar(chart, "layers").note == f"1/2 sha256:{'a' * 12}…"


def test_a_stopped_scan_is_as_long_as_it_ran_and_so_is_what_was_stopped() -> None:
    events = (event(5, "scan.start"), event(40, "security.start", slot="security"), event(60, "seo.start", slot="seo"))
    parts = {
        "security": Part(state="stopped", start=moment(30), end=moment(2430)),
        "seo": Part(state="done", start=moment(30), end=moment(900)),
        "accessibility": Part(state="off"),
    }
    chart = drawn("web", *events, parts=parts, at=2430, stopped=True)
    assert chart.total == 2430
    assert (bar(chart, "security").state, bar(chart, "security").took) == ("stopped", 2400)
    assert (bar(chart, "seo").state, bar(chart, "seo").took) == ("done", 870)
    assert (bar(chart, "accessibility").state, bar(chart, "accessibility").took) == ("off", None)
    file = drawn("artifact", event(5, "scan.start"), event(30, "container.layers", "1/9"), at=2430, stopped=True)
    assert (bar(file, "layers").state, bar(file, "layers").end, file.total) == ("stopped", 2430, 2430)
    assert bar(file, "open").end == 5


def test_taking_in_a_report_is_part_of_the_report() -> None:
    chart = drawn("artifact", event(5, "scan.start"), event(260, "scan.done"), at=450)
    assert (bar(chart, "report").start, bar(chart, "report").end, chart.total) == (260, 450, 450)


def test_an_ended_scan_without_events_says_nothing_about_where_its_time_went() -> None:
    chart = drawn("artifact", at=60_000)
    assert chart.total == 60_000
    assert {bar.state for bar in chart.bars} == {"off"}


@given(st.one_of(st.integers(1, 400), st.integers(50, 3_600_000), st.integers(1, 10**9)))
def test_the_axis_has_few_labels_that_never_run_into_each_other_or_the_total(total: int) -> None:
    chart = drawn("artifact", event(0, "scan.start"), live=True, at=total)
    assert len(chart.ticks) <= MOST_STEPS
    assert all(tick.span in AXIS for tick in chart.ticks[:-1])
    labelled = [tick.x + tick.width for tick in chart.ticks[:-1] if tick.labelled]
    assert all(b - a > 16 for a, b in pairwise([0, *labelled, *([110] if labelled else [])]))


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
    assert len(chart.ticks) <= MOST_STEPS
    for drawn_bar in chart.bars:
        assert 0 <= drawn_bar.x <= 100
        assert 0 <= drawn_bar.width <= 100
        assert drawn_bar.took is None or drawn_bar.took >= 0
