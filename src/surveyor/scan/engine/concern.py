"""Who wants a file, by its name: asked of thousands of names for each of many units, so it is answered in steps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from surveyor.scan.acquire.interface import Acquirer
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import Cataloger
from surveyor.scan.catalog.unread import UNREAD, Unread
from surveyor.scan.engine.alternatives import sorted_out

_NAME_MAX = 255  # bytes, as Linux has it


def last_names(units: Iterable[Cataloger | Unread | Acquirer]) -> bytes:
    """One pattern of the last components that these units want."""
    units = tuple(units)
    endings = b"|".join(unit.endings for unit in units if unit.endings)
    names = [unit.names for unit in units if unit.names]
    return b"|".join([*names, *([rb"[^/]+\.(?:" + endings + rb")"] if endings else [])]) or rb"(?!)"


def _pattern(units: Iterable[Cataloger | Unread | Acquirer]) -> re.Pattern[bytes]:
    return re.compile(rb"(?:" + sorted_out(last_names(units)) + rb")\Z", re.DOTALL)


#: Units that go by names at all; others take programs, whatever these are called.
_NAMED = tuple(unit for unit in (*CATALOGERS, *UNREAD) if unit.names or unit.endings)
_ANY = _pattern(_NAMED)


_GROUP = 8  # units that are asked together first
#: Numbers of units and what any of them wants.
_Groups = tuple[tuple[re.Pattern[bytes], tuple[int, ...]], ...]


@cache
def _groups(*, looking: bool) -> _Groups:
    """The units that look behind the last component, or those that a cache by that component serves, few by few."""
    numbers = [number for number, unit in enumerate(_NAMED) if (b"(?<" in unit.names) is looking]
    parts = [tuple(numbers[at : at + _GROUP]) for at in range(0, len(numbers), _GROUP)]
    return tuple((_pattern([_NAMED[number] for number in part]), part) for part in parts)


@cache
def _alone(number: int) -> re.Pattern[bytes]:
    """What one unit wants; made when its group wants something."""
    return _pattern([_NAMED[number]])


def _asked(groups: _Groups, name: bytes, at: int = 0) -> list[Cataloger | Unread]:
    """Those of these units that want the name that begins there."""
    found: list[Cataloger | Unread] = []
    for anyone, numbers in groups:
        if anyone.match(name, at):
            found += [_NAMED[number] for number in numbers if _alone(number).match(name, at)]
    return found


@lru_cache(maxsize=4096)
def _units_of(last: bytes) -> tuple[Cataloger | Unread, ...]:
    """Who wants files whose names end so; a few names are those of most files."""
    return tuple(_asked(_groups(looking=False), last))


def concerned(name: bytes) -> list[tuple[Cataloger | Unread, re.Match[bytes]]]:
    """Who wants a file of this name, catalogers first, and how its path matched."""
    at = name.rfind(b"/") + 1
    if not _ANY.match(name, at):
        return []
    last = name[at:]
    # a name that no file system can hold is not worth its place in a cache
    named = (_units_of if len(last) <= _NAME_MAX else _units_of.__wrapped__)(last)
    units = (*named, *_asked(_groups(looking=True), name, at))
    return [(unit, match) for unit in units if (match := unit.paths.search(name))]
