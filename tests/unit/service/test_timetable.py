"""When schedules come round: days on which the clock jumps, and expressions that are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.service.actions import timetable
from surveyor.service.errors import InvalidParams

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def run(cron: str, zone: str, start: datetime, times: int) -> list[str]:
    """The next times, by the clock on the wall."""
    found = []
    for _ in range(times):
        start = timetable.next_after(cron, zone, start)
        found.append(start.astimezone(ZoneInfo(zone)).strftime("%d %H:%M %z"))
    return found


def test_a_time_that_the_clock_shows_twice_runs_once() -> None:
    # 25 October 2026: 03:00 +0200 becomes 02:00 +0100
    begin = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert run("30 2 * * *", BERLIN, begin, 3) == ["25 02:30 +0200", "26 02:30 +0100", "27 02:30 +0100"]
    begin = datetime(2026, 10, 31, 12, tzinfo=UTC)
    assert run("30 1 * * *", NEW_YORK, begin, 2) == ["01 01:30 -0400", "02 01:30 -0500"]


def test_a_time_that_the_clock_leaves_out_runs_when_it_has_jumped() -> None:
    # 29 March 2026: 02:00 +0100 becomes 03:00 +0200
    begin = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert run("30 2 * * *", BERLIN, begin, 2) == ["29 03:00 +0200", "30 02:30 +0200"]


def test_every_hour_means_every_hour_on_such_days_too() -> None:
    begin = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    assert run("0 * * * *", BERLIN, begin, 4) == [
        "25 02:00 +0200",
        "25 02:00 +0100",
        "25 03:00 +0100",
        "25 04:00 +0100",
    ]
    begin = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert run("0 * * * *", BERLIN, begin, 2) == ["29 03:00 +0200", "29 04:00 +0200"]


def test_the_time_of_day_stays_the_same_in_summer_and_winter() -> None:
    assert run("0 7 * * mon-fri", BERLIN, datetime(2026, 10, 23, 12, tzinfo=UTC), 2) == [
        "26 07:00 +0100",
        "27 07:00 +0100",
    ]


@given(
    minute=st.integers(0, 59),
    hour=st.sampled_from(["*", "*/3", *map(str, range(24))]),
    zone=st.sampled_from([BERLIN, NEW_YORK, "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "UTC"]),
    minutes=st.integers(0, 2 * 365 * 24 * 60),
)
def test_times_come_in_order_and_stand_on_the_wall_unless_the_clock_jumped(
    minute: int, hour: str, zone: str, minutes: int
) -> None:
    moment, place = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), ZoneInfo(zone)
    for _ in range(3):
        found = timetable.next_after(f"{minute} {hour} * * *", zone, moment)
        assert moment < found <= moment + timedelta(hours=50)
        local = found.astimezone(place)
        before = (found - timedelta(minutes=1)).astimezone(place)
        jumped = local.utcoffset() != before.utcoffset()
        assert local.minute == minute or jumped
        assert hour.startswith("*") or local.hour == int(hour) or jumped
        moment = found


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "* * * * * *",
        "@daily",
        "H H * * *",
        "r r * * *",
        "61 * * * *",
        "*/0 * * * *",
        "0 25 * * *",
        "0 0 31 2 *",
        "0 0 l * *",
        "* * * * *; drop",
        "0 0 * * mon#1",
        "1," * 60 + "1 * * * *",
        "٣ * * * *",
    ],
)
def test_what_is_no_cron_expression_is_refused(cron: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        timetable.judge(cron, "UTC")
    assert refused.value.details
    assert "cron" in refused.value.details


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../../etc/passwd", "Europe", "europe/berlin", "UTC+2"])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        timetable.judge("0 3 * * *", zone)
    assert refused.value.details == {"time_zone": ["unknown"]}


@pytest.mark.parametrize(
    "cron", ["* * * * *", "0 3 * * *", "*/15 8-18 * * MON-FRI", "0 0 29 2 *", "5,35 0 1 jan,jul *"]
)
def test_what_is_one_is_taken(cron: str) -> None:
    timetable.judge(cron, BERLIN)


@pytest.mark.parametrize(
    ("cron", "said", "why"),
    [
        ("61 * * * *", "the minute is 0 to 59, not 61", "range"),
        ("0 8-24 * * *", "the hour is 0 to 23, not 24", "range"),
        ("0 0 0 * *", "the day of month is 1 to 31, not 0", "range"),
        ("0 0 * 1,13 *", "the month is 1 to 12, not 13", "range"),
        ("0 0 * * 8", "the day of week is 0 to 7, not 8", "range"),
        ("*/0 * * * *", "the minute has a step of 0; it is at least 1", "range"),
        ("0 mon * * *", "the hour cannot be read", "form"),
        ("0 0 - * *", "the day of month cannot be read", "form"),
        ("* * * *", "a cron expression of five fields is expected", "form"),
        ("0 0 31 2 *", "this cron expression never comes round", "never"),
    ],
)
def test_what_is_wrong_with_an_expression_is_named(cron: str, said: str, why: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        timetable.judge(cron, "UTC")
    assert refused.value.message.startswith(said)
    assert refused.value.details == {"cron": [why]}
