"""For how long a cache may keep an answer without asking again (RFC 9111 §4.2.1, §5.2.2), as its headers say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from surveyor.scan.patterns import regex

_DIRECTIVE = regex(r"\s*([A-Za-z-]{1,40})\s*(?:=\s*\"?([^\s\",]{0,40})\"?)?\s*(?:,|$)")
_MOST = 10 * 365 * 86_400.0


def lifetime(headers: Mapping[str, str]) -> float | None:
    """Seconds, 0 where it may not be used unasked; ``None`` where nothing is said and each cache guesses.

    ``headers`` are by name in lower case.
    """
    control = {name.lower(): value for name, value in _DIRECTIVE.findall(headers.get("cache-control", ""))}
    if "no-store" in control or "no-cache" in control:
        return 0.0
    if "max-age" in control:
        given = control["max-age"]
        return min(float(given), _MOST) if given.isascii() and given.isdigit() and len(given) < 20 else 0.0
    if "expires" in headers:
        end, sent = _moment(headers["expires"]), _moment(headers.get("date", ""))
        # what is no date has expired
        return max(0.0, min((end - sent).total_seconds(), _MOST)) if end and sent else 0.0
    return None


def validated(headers: Mapping[str, str]) -> bool:
    """Whether a cache can ask if what it has is still good."""
    return "etag" in headers or "last-modified" in headers


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
