"""Names as archives write them, made into paths that stay inside their tree."""

from __future__ import annotations

import re

from surveyor.scan.errors import Malformed

#: Of a name that is not clean: a component that is empty, ``.`` or ``..``.
_ODD = re.compile(rb"(?:\A|/)\.{0,2}(?:/|\Z)").search


def clean(name: bytes) -> bytes:
    """The same path without leading slash, empty, ``.`` or ``..`` components; raises when it climbs out of the tree."""
    if not _ODD(name):
        return name
    kept: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            if not kept:
                raise Malformed("name climbs out of the tree")
            kept.pop()
        elif part and part != b".":
            kept.append(part)
    return b"/".join(kept)


def resolve(link: bytes, target: bytes) -> bytes:
    """Where a symbolic link at ``link`` points, seen from the root of its tree; climbing above the root stays there."""
    parts = [] if target.startswith(b"/") else link.split(b"/")[:-1]
    for part in target.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part and part != b".":
            parts.append(part)
    return b"/".join(parts)
