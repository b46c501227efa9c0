"""Whether an answer is the file that was asked for, or what a server says to anything."""

from __future__ import annotations

import re

from surveyor.scan.evidence import Exposed
from surveyor.scan.model import Evidence

_QUOTE = 80


def shows(exposed: Exposed, path: str, sign: re.Pattern[bytes]) -> bool:
    """Whether a path gave a file of this kind: found, not by a redirect, beginning as such a file does.

    A server that gives the same kind of answer to what cannot exist says nothing.
    """
    page = exposed.answers.get(path)
    if page is None or page.status != 200 or page.hops or not sign.match(page.body):
        return False
    stray = exposed.stray
    return not (stray.status == 200 and sign.match(stray.body))


def evidence(exposed: Exposed, path: str, *, quoted: bool = True) -> Evidence:
    """The address and how the file begins, or only what it is said to be."""
    page = exposed.answers[path]
    begin = page.body[:_QUOTE].decode("latin-1").splitlines() if quoted else []
    told = "".join(char if char.isprintable() else "." for char in begin[0]) if begin else ""
    return Evidence(kind="file", where=path, value=told or f"{page.status} {page.media_type or 'without a type'}")
