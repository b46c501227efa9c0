"""Which names of a tree deserve a second look: the patterns of the hot path, made of what every unit declares."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from surveyor.scan.acquire import ACQUIRERS
from surveyor.scan.acquire.interface import Acquirer
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import Cataloger
from surveyor.scan.catalog.unread import UNREAD, Unread
from surveyor.scan.engine import links
from surveyor.scan.tree.entry import Wanted

#: Acquirers of what may lie inside another tree.
NESTABLE = tuple(unit for unit in ACQUIRERS if unit.names or unit.endings)
_IN_SYSTEMS = tuple(unit for unit in NESTABLE if unit.inside_systems)
#: Shared libraries and programs by their names, in trees that do not say what may be executed.
_LIBRARIES = rb"(?:so(?:\.[0-9]+)*|dylib|dll|exe|node|pyd)"


def _parts(units: Iterable[Cataloger | Unread | Acquirer]) -> bytes:
    """One pattern of the last components that these units want."""
    units = tuple(units)
    endings = b"|".join(unit.endings for unit in units if unit.endings)
    names = [unit.names for unit in units if unit.names]
    return b"|".join([*names, *([rb"[^/]+\.(?:" + endings + rb")"] if endings else [])]) or rb"(?!)"


def _wanted(nestable: tuple[Acquirer, ...]) -> Wanted:
    units: tuple[Cataloger | Unread | Acquirer, ...] = (*CATALOGERS, *UNREAD, *nestable)
    parts = (rb"\.wh\.[^/]*", rb"os-release", links.NAMES, _parts(units), rb"[^/]+\." + _LIBRARIES)
    return Wanted(re.compile(rb"(?:" + b"|".join(parts) + rb")\Z", re.DOTALL), programs=True)


def _last_of(unit: Cataloger | Unread) -> re.Pattern[bytes]:
    parts = [unit.names, unit.endings and rb"[^/]+\.(?:" + unit.endings + rb")"]
    return re.compile(rb"(?:" + b"|".join(filter(None, parts)) + rb")\Z", re.DOTALL)


#: Patterns of the last component by unit: those that look behind it, and those that a cache by that component serves.
_NAMED = tuple((unit, _last_of(unit)) for unit in (*CATALOGERS, *UNREAD) if unit.names or unit.endings)
_LOOKING = tuple((unit, pattern) for unit, pattern in _NAMED if b"(?<" in unit.names)
_CACHED = tuple((unit, pattern) for unit, pattern in _NAMED if b"(?<" not in unit.names)


@lru_cache(maxsize=4096)
def _units_of(last: bytes) -> tuple[Cataloger | Unread, ...]:
    """Who wants files whose names end so; a few names are those of most files."""
    return tuple(unit for unit, pattern in _CACHED if pattern.match(last))


def concerned(name: bytes) -> list[tuple[Cataloger | Unread, re.Match[bytes]]]:
    """Who wants a file of this name, catalogers first, and how its path matched."""
    at = name.rfind(b"/") + 1
    units = (*_units_of(name[at:]), *(unit for unit, pattern in _LOOKING if pattern.match(name, at)))
    return [(unit, match) for unit in units if (match := unit.paths.search(name))]


#: What is wanted of images and root filesystems, where an archive is just a file of somebody's.
IN_SYSTEMS = _wanted(_IN_SYSTEMS)
#: What is wanted of what somebody packed: archives, discs, source trees.
IN_PACKED = _wanted(NESTABLE)
_NESTED = {
    True: re.compile(_parts(_IN_SYSTEMS) + rb"\Z", re.DOTALL),
    False: re.compile(_parts(NESTABLE) + rb"\Z", re.DOTALL),
}
_LIBRARY = re.compile(rb"[^/]+\." + _LIBRARIES + rb"\Z", re.DOTALL)


def is_nested(name: bytes, *, system: bool) -> bool:
    """Whether a file of this name may be an artifact of its own that is opened where it lies."""
    return _NESTED[system].match(name, name.rfind(b"/") + 1) is not None


def is_library(name: bytes) -> bool:
    """Whether a file of this name may be a shared library or a program."""
    return _LIBRARY.match(name, name.rfind(b"/") + 1) is not None
