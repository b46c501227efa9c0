"""Who wants a file, by its name: asked of thousands of names for each of many units.

Most of what units want is names and endings that can be written out, so who wants one is looked up; few patterns are
left, and a cache serves those that ask nothing but the last component.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from surveyor.scan.acquire.interface import Acquirer
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import Cataloger
from surveyor.scan.catalog.unread import UNREAD, Unread
from surveyor.scan.engine.alternatives import sorted_out, split, written_out
from surveyor.scan.patterns import regex

_NAME_MAX = 255  # bytes, as Linux has it
#: A look behind.
_BEHIND = b"(?<"
#: Units that go by names at all; others take programs, whatever these are called.
_NAMED = tuple(unit for unit in (*CATALOGERS, *UNREAD) if unit.names or unit.endings)


def last_names(units: Iterable[Cataloger | Unread | Acquirer]) -> bytes:
    """One pattern of the last components that these units want."""
    units = tuple(units)
    return _pattern([unit.names for unit in units if unit.names], [unit.endings for unit in units if unit.endings])


def _pattern(names: Iterable[bytes], endings: Iterable[bytes]) -> bytes:
    either = b"|".join(endings)
    return b"|".join([*names, *([rb"[^/]+\.(?:" + either + rb")"] if either else [])]) or rb"(?!)"


class _Patterns:
    """What could not be written out: one pattern of all that is asked first, and one for each unit, by its number."""

    def __init__(self, of: dict[int, bytes]) -> None:
        self._any = _whole(b"|".join(of.values()))
        self._of = [(number, _whole(one)) for number, one in of.items()]

    def asked(self, name: bytes, at: int) -> list[int]:
        """The units that want the name that begins there."""
        if not self._any.match(name, at):
            return []
        return [number for number, one in self._of if one.match(name, at)]


def _whole(pattern: bytes) -> re.Pattern[bytes]:
    return regex(rb"(?:" + sorted_out(pattern or rb"(?!)") + rb")\Z", re.DOTALL)


class _Index(NamedTuple):
    """Numbers of units by what they want: last components, what follows a dot in them, and patterns of two sorts."""

    names: dict[bytes, list[int]]
    endings: dict[bytes, list[int]]
    longest: int
    plain: _Patterns
    looking: _Patterns


@cache
def _index() -> _Index:
    names: dict[bytes, list[int]] = {}
    endings: dict[bytes, list[int]] = {}
    plain: dict[int, bytes] = {}
    looking: dict[int, bytes] = {}
    for number, unit in enumerate(_NAMED):
        left = [_sort(number, pattern, into) for pattern, into in ((unit.names, names), (unit.endings, endings))]
        for sort, wanted in ((plain, False), (looking, True)):
            parts = [[one for one in each if (_BEHIND in one) is wanted] for each in left]
            if any(parts):
                sort[number] = _pattern(*parts)
    longest = max(map(len, endings))
    return _Index(names, endings, longest, _Patterns(plain), _Patterns(looking))


def _sort(number: int, pattern: bytes, into: dict[bytes, list[int]]) -> list[bytes]:
    """Enter what can be written out; what is left."""
    left = []
    for alternative in split(pattern) if pattern else ():
        texts = written_out(alternative)
        if texts is None:
            left.append(alternative)
        for text in texts or ():
            into.setdefault(text, []).append(number)
    return left


def _units_of(last: bytes) -> tuple[int, ...]:
    """Who wants files whose names end so."""
    index = _index()
    found = {*index.names.get(last, ()), *index.plain.asked(last, 0)}
    # a dot at the beginning is none before an ending
    dot = last.find(b".", max(1, len(last) - index.longest - 1))
    while dot >= 0:
        found.update(index.endings.get(last[dot + 1 :], ()))
        dot = last.find(b".", dot + 1)
    return tuple(found)


#: A few names are those of most files.
_cached = lru_cache(maxsize=4096)(_units_of)


def wishes(name: bytes) -> list[Cataloger | Unread]:
    """Whose names or endings fit the last component of a path, catalogers first."""
    at = name.rfind(b"/") + 1
    last = name[at:]
    # a name that no file system can hold is not worth its place in a cache
    numbers = (_cached if len(last) <= _NAME_MAX else _units_of)(last)
    if behind := _index().looking.asked(name, at):
        numbers = tuple({*numbers, *behind})
    return [_NAMED[number] for number in sorted(numbers)]


def concerned(name: bytes) -> list[tuple[Cataloger | Unread, re.Match[bytes]]]:
    """Who wants a file of this name, catalogers first, and how its path matched."""
    return [(unit, match) for unit in wishes(name) if (match := unit.paths.search(name))]
