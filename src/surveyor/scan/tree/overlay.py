"""Image layers laid over each other, newest first, so that what a later layer hides is never opened.

Whiteouts follow the OCI image specification ("Representing Changes"): ``.wh.NAME`` hides NAME, ``.wh..wh..opq`` hides
what lower layers put into its directory; neither touches its own layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from surveyor.scan.patterns import regex
from surveyor.scan.tree.entry import Names, Room

_PREFIX = b".wh."
_OPAQUE = b".wh..wh..opq"
_ROOM = 400_000  # names of all layers of an image: 60 MB, and 140 MB where all are long


#: Names that are not as a walk yields them, and digests that long ones are kept by.
_ODD = regex(rb"\0|/|.*(?://|/\.{0,2}(?:/|\Z))|\.{0,2}(?:/|\Z)", re.DOTALL)


class Sheet:
    """What one layer will hide from those below it; ``whole`` when all its files were to be noted."""

    def __init__(self, room: Room) -> None:
        self.whole = False
        self.names = Names(room)
        self.whiteouts: set[bytes] = set()
        self.opaque: set[bytes] = set()

    @cached_property
    def telling(self) -> bool:
        """Whether a file that is not among the names is not in the layer; asked of a walked one."""
        return self.whole and not self.names.full and not any(map(_ODD.match, self.names.seen))

    def mark(self, name: bytes) -> bool:
        """Take a whiteout; false when the name is none."""
        parent, _, last = name.rpartition(b"/")
        if not last.startswith(_PREFIX):
            return False
        if last == _OPAQUE:
            self.opaque.add(parent)
        elif not last.startswith(b".wh..wh."):  # the rest of that name space is aufs housekeeping
            self.whiteouts.add(parent + b"/" + last[len(_PREFIX) :] if parent else last[len(_PREFIX) :])
        return True


class Overlay:
    """The layers seen so far, which are all newer than the one that comes next."""

    def __init__(self) -> None:
        self._sheets: list[Sheet] = []
        self._room = Room(_ROOM)
        # what all sheets hide together: one look instead of one a layer
        self._all = Sheet(self._room)
        self._sealed: list[Sheet] = []

    @property
    def forgetful(self) -> bool:
        """True when a layer above another had more names than can be kept: then hidden files may be reported."""
        return any(sheet.names.full for sheet in self._sheets[:-1])

    def sheet(self) -> Sheet:
        """A fresh sheet for a layer to be walked."""
        return Sheet(self._room)

    def seal(self, sheet: Sheet, *, whole: bool = False) -> None:
        """Lay a walked layer on top of all that follow; ``whole`` when the names of all its files were to be noted."""
        sheet.whole = whole
        self._sheets.append(sheet)
        self._sealed.append(sheet)

    def lacks(self, names: Iterable[bytes], layer: int) -> bool:
        """Whether a walked layer is known to have no file of these names; the newest layer is 0."""
        sheet = self._sheets[layer]
        return not any(Names.key(name) in sheet.names.seen for name in names) and sheet.telling

    def visible(self, name: bytes, newer: int | None = None) -> bool:
        """Whether no newer layer replaces or removes the file or one of its directories.

        ``newer`` is how many of the layers walked are newer than the one asked about; all, while it is walked.
        """
        if newer is None:
            return not self._sheets or not _hides(self._together(), name)
        return not any(_hides(sheet, name) for sheet in self._sheets[:newer])

    def _together(self) -> Sheet:
        """All sheets as one; the oldest layer, which often has most of the names, hides nothing and is not asked."""
        for sheet in self._sealed:
            self._all.names.add(sheet.names.seen)
            self._all.whiteouts |= sheet.whiteouts
            self._all.opaque |= sheet.opaque
        self._sealed.clear()
        return self._all


def _hides(sheet: Sheet, name: bytes) -> bool:
    seen, whiteouts, opaque = sheet.names.seen, sheet.whiteouts, sheet.opaque
    while True:
        if Names.key(name) in seen or name in whiteouts:
            return True
        name, slash, _ = name.rpartition(b"/")
        if name in opaque:
            return True
        if not slash:
            return False
