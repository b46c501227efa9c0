"""What readers of trees are given in tests: bytes as a blob, and a pattern of everything."""

from __future__ import annotations

import re

from surveyor.scan.tree.entry import Blob, Wanted

ALL = Wanted(re.compile(rb""))


def blob(data: bytes) -> Blob:
    """All of these bytes."""
    return Blob(buffer=data, start=0, end=len(data))
