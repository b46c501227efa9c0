"""Asking again: what passes by itself is waited for, as long as the server says or a little longer each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from surveyor.scan.errors import Absent, Denied, Refused, Unreachable
from surveyor.scan.net.response import Response

#: Statuses of a server that may do better soon.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
_LONGEST = 60.0


def patiently(
    attempt: Callable[[], Response],
    *,
    trouble: Callable[[Response], Unreachable],
    worth: Callable[[], bool],
    wait: Callable[[float], None],
) -> Response:
    """The first answer that is not a passing one; raises the last trouble when that does not come.

    ``worth`` says whether a connection that fails is tried again at all; ``trouble`` words a passing answer.
    """
    for pause in (*_PAUSES, None):
        try:
            answer = attempt()
        except (Refused, Denied, Absent):
            raise
        except Unreachable:
            if pause is None or not worth():
                raise
            wait(pause)
            continue
        if answer.status not in PASSING:
            return answer
        told = _told(answer)
        if pause is None or (told or 0.0) > _LONGEST:
            raise trouble(answer)
        wait(pause if told is None else max(told, 0.0))
    raise AssertionError("the last round returns or raises")


def _told(answer: Response) -> float | None:
    """Seconds by Retry-After (RFC 9110, section 10.2.3), which is a number or a date."""
    given = (answer.get("retry-after") or "").strip()
    if given.isascii() and given.isdigit():
        return float(given[:9])
    try:
        when = parsedate_to_datetime(given)
    except (ValueError, OverflowError):
        return None
    return (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
