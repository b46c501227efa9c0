"""The reference format: the report as JSON, and back."""

from __future__ import annotations

import dataclasses
import types
import typing
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

import orjson

from surveyor.scan.errors import Malformed
from surveyor.scan.model import Report
from surveyor.scan.report.interface import dumps

#: How a report is written: indented for people, times in UTC, a newline at the end.
OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


def encode(report: Report) -> bytes:
    """The report as UTF-8 JSON, indented for people; empty fields stay, so readers need no defaults."""
    try:
        return orjson.dumps(report, option=OPTIONS)
    except TypeError:  # half of a surrogate pair
        return dumps(dataclasses.asdict(report))


def decode(text: bytes) -> Report:
    """A report from its JSON; unknown fields are ignored, since newer scanners may add some."""
    try:
        report = _build(Report, orjson.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        raise Malformed(f"not a Surveyor report: {error}") from error
    if not isinstance(report, Report):
        raise Malformed("not a Surveyor report: no object at the top")
    return report


@cache
def _fields(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _build(hint: Any, value: Any) -> Any:  # noqa: ANN401 - a JSON value of any shape against a type hint of any shape
    if value is None:
        return None
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _build(next(arg for arg in typing.get_args(hint) if arg is not type(None)), value)
    if origin is tuple:
        return tuple(_build(typing.get_args(hint)[0], item) for item in value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        known = _fields(hint)
        return hint(**{name: _build(known[name], item) for name, item in value.items() if name in known})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    return value
