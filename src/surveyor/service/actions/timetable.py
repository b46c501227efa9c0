"""When a cron expression comes round in a time zone, summer time and its changes included."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, CroniterError, croniter

from surveyor.service.errors import InvalidParams

CRON_LENGTH = 100
ZONE_LENGTH = 64
#: The five fields, each with the least and the greatest number that it takes.
_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 7),
)
#: Numbers, names of months and days, and what stands between them: neither the library's random and hashed fields
#: nor its nicknames.
_NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat"
_FIELD = re.compile(rf"(?:[0-9*,/-]|{_NAMES})+", re.IGNORECASE)
#: 29 February can be eight years away, around 2100.
_YEARS = 8


@cache
def zones() -> frozenset[str]:
    """Every time zone by its IANA name."""
    return frozenset(zoneinfo.available_timezones())


def judge(cron: str, time_zone: str) -> None:
    """Refuse what is no cron expression of five fields, a time that never comes, and an unknown time zone."""
    if time_zone not in zones():
        raise InvalidParams("an IANA time zone is expected, such as Europe/Berlin", details={"time_zone": ["unknown"]})
    fields = cron.split()
    if len(cron) > CRON_LENGTH or len(fields) != len(_FIELDS):
        raise InvalidParams(
            "a cron expression of five fields is expected: minute, hour, day of month, month, day of week",
            details={"cron": ["form"]},
        )
    for place, field in enumerate(fields):
        _judge_field(place, field)
    try:
        next_after(cron, time_zone, datetime.now(UTC))
    except (CroniterBadDateError, OverflowError) as error:
        raise InvalidParams("this cron expression never comes round", details={"cron": ["never"]}) from error
    except (CroniterError, ValueError) as error:
        raise InvalidParams("this cron expression cannot be read", details={"cron": ["form"]}) from error


def _judge_field(place: int, field: str) -> None:
    """Refuse a field by its name: with a number that it does not take, else with what cannot be read."""
    name, least, most = _FIELDS[place]
    for part in field.split(","):
        span, _, step = part.partition("/")
        wrong = next((n for n in span.split("-") if n.isdecimal() and not least <= int(n) <= most), None)
        if wrong is not None:
            raise InvalidParams(f"the {name} is {least} to {most}, not {wrong}", details={"cron": ["range"]})
        if step.isdecimal() and not int(step):
            raise InvalidParams(f"the {name} has a step of 0; it is at least 1", details={"cron": ["range"]})
    alone = " ".join(field if other == place else "*" for other in range(len(_FIELDS)))
    if not _FIELD.fullmatch(field) or not croniter.is_valid(alone):
        named = {"month": ", names such as jan", "day of week": ", names such as mon"}.get(name, "")
        raise InvalidParams(
            f"the {name} cannot be read; numbers from {least} to {most}{named}, * or */n are expected",
            details={"cron": ["form"]},
        )


def next_after(cron: str, time_zone: str, moment: datetime) -> datetime:
    """The next time after a moment, in UTC.

    An hour that the clock shows twice runs once, unless the hours are ``*`` or ``*/n``, which go by elapsed time. One
    that it leaves out runs when the clock has jumped.
    """
    place = ZoneInfo(time_zone)
    by_elapsed_time = cron.split()[1].startswith("*")
    times = croniter(cron, moment.astimezone(place), max_years_between_matches=_YEARS)
    while True:
        found: datetime = times.get_next(datetime).astimezone(UTC)
        if by_elapsed_time or not found.astimezone(place).fold:
            return found
