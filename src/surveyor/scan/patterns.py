"""Regular expressions that are compiled when somebody first uses them.

A scan imports three hundred, which takes a quarter of its start, and uses a tenth of them.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, Generic, cast
from weakref import WeakSet

_USES = ("groupindex", "match", "fullmatch", "search", "finditer", "findall", "split", "sub", "subn")
_written: WeakSet[_Late[Any]] = WeakSet()


def regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What ``re.compile`` makes, as far as its methods and its text are used."""
    made = _Late(text, flags)
    _written.add(made)
    return cast("re.Pattern[AnyStr]", made)


def compile_all() -> None:
    """Compile what nobody has used yet: for a process that others are forked from."""
    for one in tuple(_written):
        one.match  # noqa: B018 - asking compiles


class _Late(Generic[AnyStr]):
    """A text until one of the methods is asked for; then all of them stand where the next asks."""

    def __init__(self, text: AnyStr, flags: int) -> None:
        self.pattern: AnyStr = text
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        if name not in _USES:
            raise AttributeError(name)
        made = re.compile(self.pattern, self._flags)
        self.__dict__.update((each, getattr(made, each)) for each in _USES)
        return self.__dict__[name]
