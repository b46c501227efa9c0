"""Alternatives of a pattern, put together by how they begin: ``re`` tries them in turn, and most names are nobody's.

``status|snap|zip`` becomes ``s(?:tatus|nap)|zip``; what begins with no letter stays as it is, after the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

#: One letter as a pattern has it, or all of a name up to one of its dots; neither repeated.
_FIRST = re.compile(rb"(?:\[\^/\]\+\\\.|\\\.|[A-Za-z0-9_])(?![*+?{])")
_LISTED = re.compile(rb"\[([A-Za-z0-9]+)\](?![*+?{])")
_GROUP = b"(?:"
_REPEATED = frozenset(b"*+?{")


def sorted_out(pattern: bytes) -> bytes:
    """The same alternatives, which match the same texts as a whole."""
    return _together(split(pattern))


def split(pattern: bytes) -> list[bytes]:
    """The alternatives of a pattern that stand in no group."""
    bounds = [-1, *(at for at, depth in _depths(pattern) if not depth and pattern[at] == ord("|")), len(pattern)]
    return [pattern[before + 1 : at] for before, at in pairwise(bounds)]


def _together(alternatives: Iterable[bytes]) -> bytes:
    by: dict[bytes, list[bytes]] = {}
    others: list[bytes] = []
    for one in dict.fromkeys(opened for alternative in alternatives for opened in _opened(alternative)):
        if first := _FIRST.match(one):
            by.setdefault(first[0], []).append(one[first.end() :])
        else:
            others.append(one)
    begun = [first + (rest[0] if len(rest) == 1 else _GROUP + _together(rest) + b")") for first, rest in by.items()]
    return b"|".join([*begun, *others])


def _opened(alternative: bytes) -> list[bytes]:
    """The alternatives of the group or list of letters that one begins with, each with what follows that."""
    if listed := _LISTED.match(alternative):
        return [bytes([letter]) + alternative[listed.end() :] for letter in listed[1]]
    if not alternative.startswith(_GROUP):
        return [alternative]
    end = next(at for at, depth in _depths(alternative) if not depth and alternative[at] == ord(")"))
    rest = alternative[end + 1 :]
    if rest[:1] and rest[0] in _REPEATED:
        return [alternative]
    return [more for one in split(alternative[len(_GROUP) : end]) for more in _opened(one + rest)]


def _depths(pattern: bytes) -> Iterable[tuple[int, int]]:
    """The places of what is no literal, and in how many groups each stands; a closing bracket stands outside."""
    depth, listed, at = 0, False, 0
    while at < len(pattern):
        byte = pattern[at : at + 1]
        if byte == b"\\":
            at += 1
        elif listed:
            listed = byte != b"]"
        elif byte == b"[":
            listed = True
        else:
            depth += (byte == b"(") - (byte == b")")
            yield at, depth
        at += 1
