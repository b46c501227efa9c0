"""Values of declared types from JSON: what a dataclass, its fields and their hints say, and nothing else.

A hint may be a plain type, an optional one, a tuple (of one type, or of a fixed number), a mapping from names, a
dataclass, an enumeration or a moment. ``bytes`` are read where whoever parsed the JSON put them.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any

Reader = Callable[[Any], Any]
#: What JSON has for a type; a whole number is a number too, and true and false are none.
_PLAIN: dict[Any, tuple[type, ...]] = {
    str: (str,),
    bytes: (bytes,),
    bool: (bool,),
    int: (int,),
    float: (float, int),
    object: (object,),
}


@cache
def reader(hint: Any) -> Reader:  # noqa: ANN401 - a type hint of any shape
    """What makes a value of a type from JSON, made once a type; it raises ``TypeError`` or ``ValueError``.

    Fields that the type has not are ignored, since whoever wrote them may be newer.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _optional([one for one in arguments if one is not types.NoneType], none=types.NoneType in arguments)
    if origin is tuple:
        return _several(reader(arguments[0])) if arguments[-1] is Ellipsis else _row(tuple(map(reader, arguments)))
    if origin in (dict, Mapping):
        return _mapping(reader(arguments[1]))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _moment if hint is datetime else _plain(hint, _PLAIN[hint])


def _optional(hints: Sequence[Any], *, none: bool) -> Reader:
    if len(hints) == 1:
        one = reader(hints[0])
    else:
        one = _plain(hints[0], tuple(kind for hint in hints for kind in _PLAIN[hint]), boolean=bool in hints)
    return (lambda value: None if value is None else one(value)) if none else one


def _plain(hint: Any, kinds: tuple[type, ...], *, boolean: bool | None = None) -> Reader:  # noqa: ANN401
    # to Python true is a number
    allowed = hint in (bool, object) if boolean is None else boolean

    def read(value: Any) -> Any:  # noqa: ANN401 - a JSON value
        if not isinstance(value, kinds) or (isinstance(value, bool) and not allowed):
            raise TypeError(f"{type(value).__name__} where {hint.__name__} was expected")
        return value

    return read


def _several(one: Reader) -> Reader:
    def read(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, list):
            raise TypeError(f"{type(value).__name__} where a list was expected")
        return tuple(map(one, value))

    return read


def _row(each: tuple[Reader, ...]) -> Reader:
    def read(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, list) or len(value) != len(each):
            raise TypeError(f"{type(value).__name__} where a list of {len(each)} was expected")
        return tuple(one(item) for one, item in zip(each, value, strict=True))

    return read


def _mapping(one: Reader) -> Reader:
    def read(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, dict):
            raise TypeError(f"{type(value).__name__} where an object was expected")
        return {key: one(item) for key, item in value.items()}

    return read


def _object(cls: type) -> Reader:
    hints = typing.get_type_hints(cls)
    known = {field.name: reader(hints[field.name]) for field in dataclasses.fields(cls)}

    def read(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, dict):
            raise TypeError(f"{type(value).__name__} where {cls.__name__} was expected")
        return cls(**{name: known[name](item) for name, item in value.items() if name in known})

    return read


def _moment(value: Any) -> datetime:  # noqa: ANN401
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
