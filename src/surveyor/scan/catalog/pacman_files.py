"""Which files packages of Arch Linux put where they are, by pacman's lists: one a package, beside its record."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Owned, plausible
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex

_FOLDER = regex(r"/(?P<name>[^/]+)-[^/-]+-[^/-]+/files$")
#: A name each, that of a folder with a slash at its end; what follows is about files that people change.
_LIST = regex(rb"^%FILES%\n((?:[^\n%][^\n]*\n?)*)", re.MULTILINE)
_LINE = regex(rb"^", re.MULTILINE)


def parse(file: File, _budget: Budget) -> Iterator[Owned]:
    """The paths of one package, whose name stands in that of its folder before version and release."""
    folder = _FOLDER.search(f"/{file.path}")
    listed = _LIST.search(bytes(file.data))
    if folder and listed and plausible(folder["name"]):
        yield Owned(type="alpm", package=folder["name"].lower(), paths=_LINE.sub(b"/", listed[1]))


CATALOGER = Cataloger(
    id="pacman_files",
    version=1,
    summary="Which files packages of Arch Linux own, by pacman's lists",
    # behind a release, which ends in a digit
    names=rb"files(?<=[0-9]/files)",
    paths=regex(rb"^(?P<root>(?:.*?/)??)var/lib/pacman/local/[^/]+/files$", re.DOTALL),
    parse=parse,
    system=True,
    limit=8 * MIB,
)
