"""Which names of a tree deserve a second look: the patterns of the hot path, made of what every unit declares."""

from __future__ import annotations

import re
from functools import cache
from threading import Lock

from surveyor.scan.acquire import ACQUIRERS
from surveyor.scan.acquire.interface import Acquirer
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import Cataloger
from surveyor.scan.catalog.unread import UNREAD, Unread
from surveyor.scan.engine import links
from surveyor.scan.engine.alternatives import sorted_out
from surveyor.scan.engine.concern import last_names
from surveyor.scan.formats import release
from surveyor.scan.patterns import regex
from surveyor.scan.tree.entry import Wanted

#: Acquirers of what may lie inside another tree.
NESTABLE = tuple(unit for unit in ACQUIRERS if unit.names or unit.endings)
_IN_SYSTEMS = tuple(unit for unit in NESTABLE if unit.inside_systems)
#: Shared libraries and programs by their names, in trees that do not say what may be executed.
_LIBRARIES = rb"(?:so(?:\.[0-9]+)*|dylib|dll|exe|node|pyd)"


#: Layers are begun at once, and the pattern takes milliseconds to make.
_making = Lock()


def wanted(*, system: bool) -> Wanted:
    """What is wanted of a tree: in images and root filesystems an archive is just a file of somebody's, but it is
    opened in what somebody packed: archives, discs, source trees.
    """
    with _making:
        return _wanted(system=system)


@cache
def _wanted(*, system: bool) -> Wanted:
    nestable = _IN_SYSTEMS if system else NESTABLE
    units: tuple[Cataloger | Unread | Acquirer, ...] = (*CATALOGERS, *UNREAD, *nestable)
    parts = (rb"\.wh\.[^/]*", release.NAMES, links.NAMES, last_names(units), rb"[^/]+\." + _LIBRARIES)
    return Wanted(re.compile(rb"(?:" + sorted_out(b"|".join(parts)) + rb")\Z", re.DOTALL), programs=True)


_LIBRARY = regex(rb"[^/]+\." + _LIBRARIES + rb"\Z", re.DOTALL)


@cache
def _nested(*, system: bool) -> re.Pattern[bytes]:
    return re.compile(rb"(?:" + last_names(_IN_SYSTEMS if system else NESTABLE) + rb")\Z", re.DOTALL)


def is_nested(name: bytes, *, system: bool) -> bool:
    """Whether a file of this name may be an artifact of its own that is opened where it lies."""
    return _nested(system=system).match(name, name.rfind(b"/") + 1) is not None


def is_library(name: bytes) -> bool:
    """Whether a file of this name may be a shared library or a program."""
    return _LIBRARY.match(name, name.rfind(b"/") + 1) is not None
