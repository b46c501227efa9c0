"""Reads a feed's JSON, whose types nobody promises: a document, and values as what they should be or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import orjson

from surveyor.scan.advise import record as bounds
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.patterns import regex

CVE = regex(r"CVE-[0-9]{4}-[0-9]{4,19}")
_CWE = regex(r"CWE-[0-9]{1,6}")


def document(raw: bytes) -> dict[str, Any]:
    """The object of a JSON text; raises ``Malformed`` for anything else."""
    try:
        data = orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise Malformed("not a JSON object")
    return data


def text(value: object, limit: int) -> str:
    """A string, at most so long; nothing of anything else."""
    return value[:limit] if isinstance(value, str) else ""


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list; nothing of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def listed(value: object, what: str, *, most: int) -> list[dict[str, Any]]:
    """A list of objects that a verdict rests on; absent and null are an empty one.

    Raises ``Malformed`` for anything else, ``LimitExceeded`` for more than ``most``.
    """
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Malformed(f"{what} is not a list of objects")
    if len(value) > most:
        raise LimitExceeded(f"{len(value):,} {what}")
    return value


def strings(value: object) -> list[str]:
    """The texts of a list; nothing of anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def cwes(values: object) -> tuple[str, ...]:
    """The numbered weaknesses of a list, each once."""
    named = (item for item in strings(values) if _CWE.fullmatch(item))
    return tuple(dict.fromkeys(named))[: bounds.MAX_CWES]


def urls(values: Iterable[object]) -> tuple[str, ...]:
    """The links to http(s) pages among these, each once, the first of them only."""
    named = (
        item
        for item in values
        if isinstance(item, str) and item.startswith(("https://", "http://")) and len(item) <= bounds.MAX_URL
    )
    return tuple(dict.fromkeys(named))[: bounds.MAX_REFERENCES]


def day(value: object) -> str:
    """A date as ``2025-08-25``, empty when it is none."""
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else ""
    except ValueError:
        return ""


def moment(value: object) -> str:
    """A date and time as ISO 8601, empty when it is none."""
    try:
        return datetime.fromisoformat(value.strip()).isoformat() if isinstance(value, str) else ""
    except ValueError:
        return ""
