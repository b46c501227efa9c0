"""The reference format: the report as JSON, and back."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
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
    """A report from its JSON; raises ``Malformed`` for a value of another type than the field's.

    Unknown fields are ignored, since newer scanners may add some.
    """
    try:
        report = _reader(Report)(orjson.loads(text))
    except (ValueError, TypeError) as error:
        raise Malformed(f"not a Surveyor report: {error}") from error
    assert isinstance(report, Report)
    return report


_Reader = Callable[[Any], Any]
#: What JSON has for a type; a whole number is a number too, and true and false are none.
_PLAIN: dict[Any, tuple[type, ...]] = {str: (str,), bool: (bool,), int: (int,), float: (float, int), object: (object,)}


@cache
def _reader(hint: Any) -> _Reader:  # noqa: ANN401 - a type hint of any shape
    """What makes a value of a type from JSON, made once a type: reports have millions of values."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _optional([one for one in arguments if one is not types.NoneType], none=types.NoneType in arguments)
    if origin is tuple:
        return _several(_reader(arguments[0]))
    if origin is dict:
        return _mapping(_reader(arguments[1]))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _moment if hint is datetime else _plain(hint, _PLAIN[hint])


def _optional(hints: Sequence[Any], *, none: bool) -> _Reader:
    if len(hints) == 1:
        one = _reader(hints[0])
    else:
        one = _plain(hints[0], tuple(kind for hint in hints for kind in _PLAIN[hint]), boolean=bool in hints)
    return (lambda value: None if value is None else one(value)) if none else one


def _plain(hint: Any, kinds: tuple[type, ...], *, boolean: bool | None = None) -> _Reader:  # noqa: ANN401
    # to Python true is a number
    allowed = hint in (bool, object) if boolean is None else boolean

    def read(value: Any) -> Any:  # noqa: ANN401 - a JSON value
        if not isinstance(value, kinds) or (isinstance(value, bool) and not allowed):
            raise TypeError(f"{type(value).__name__} where {hint.__name__} was expected")
        return value

    return read


def _several(one: _Reader) -> _Reader:
    def read(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, list):
            raise TypeError(f"{type(value).__name__} where a list was expected")
        return tuple(map(one, value))

    return read


def _mapping(one: _Reader) -> _Reader:
    def read(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, dict):
            raise TypeError(f"{type(value).__name__} where an object was expected")
        return {key: one(item) for key, item in value.items()}

    return read


def _object(cls: type) -> _Reader:
    hints = typing.get_type_hints(cls)
    known = {field.name: _reader(hints[field.name]) for field in dataclasses.fields(cls)}

    def read(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, dict):
            raise TypeError(f"{type(value).__name__} where {cls.__name__} was expected")
        return cls(**{name: known[name](item) for name, item in value.items() if name in known})

    return read


def _moment(value: Any) -> datetime:  # noqa: ANN401
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
