"""Alternatives of a pattern, put together by how they begin: ``re`` tries them in turn, and most names are nobody's.

``status|snap|zip`` becomes ``s(?:tatus|nap)|zip``; what begins with no letter comes after the others, behind a guard
where there is one: a look at one letter or at the end of the folder's name tells that none of it fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise, product

from surveyor.scan.patterns import regex

#: One letter as a pattern has it, or all of a name up to one of its dots; neither repeated.
_FIRST = regex(rb"(?:\[\^/\]\+\\\.|\\\.|[A-Za-z0-9_])(?![*+?{])")
_LISTED = regex(rb"\[([A-Za-z0-9]+)\](?![*+?{])")
_GROUP = b"(?:"
_CASELESS = b"(?i:"
#: A folder's name that has to stand before, as it is.
_BEHIND = regex(rb"\(\?<=((?:[\w/-]|\\\.)+)\)")
_GUARD = 3  # bytes of it that are looked at first
_REPEATED = frozenset(b"*+?{")
#: One letter as it is, or one of several.
_LETTERS = regex(rb"\\([^A-Za-z0-9])|([^\\.^$*+?{}\[\]|()])|\[([A-Za-z0-9_]+)\]", re.DOTALL)
_TEXTS = 64  # that are written out
#: What may be a parenthesis or a bar: lists and what is escaped are passed by.
_MARKS = regex(rb"\\.|\[(?:\\.|[^\]])*\]|[()|]", re.DOTALL)


def sorted_out(pattern: bytes) -> bytes:
    """The same alternatives, which match the same texts as a whole."""
    return _together(split(pattern))


def split(pattern: bytes) -> list[bytes]:
    """The alternatives of a pattern that stand in no group."""
    bounds = [-1, *(at for at, depth in _depths(pattern) if not depth and pattern[at] == ord("|")), len(pattern)]
    return [pattern[before + 1 : at] for before, at in pairwise(bounds)]


def written_out(alternative: bytes) -> list[bytes] | None:
    """All texts that an alternative matches; nothing for one that repeats or looks around itself, or has too many."""
    texts, at = [b""], 0
    while at < len(alternative):
        choice, at = _choice(alternative, at)
        if choice is None:
            return None
        if alternative[at : at + 1] == b"?":
            choice, at = [*choice, b""], at + 1
        if len(texts) * len(choice) > _TEXTS or (at < len(alternative) and alternative[at] in _REPEATED):
            return None
        texts = [before + one for before, one in product(texts, choice)]
    return texts


def _choice(alternative: bytes, at: int) -> tuple[list[bytes] | None, int]:
    """The texts that may stand where a letter, a list of letters or a group begins, and where that ends."""
    if found := _LETTERS.match(alternative, at):
        return [bytes([letter]) for letter in found[found.lastindex or 0]], found.end()
    if not alternative.startswith(_GROUP, at):
        return None, at
    end = at + _group_end(alternative[at:])
    inner = [written_out(one) for one in split(alternative[at + len(_GROUP) : end])]
    return None if None in inner else [text for one in inner for text in one or ()], end + 1


def _together(alternatives: Iterable[bytes]) -> bytes:
    by: dict[bytes, list[bytes]] = {}
    others: list[bytes] = []
    for one in dict.fromkeys(opened for alternative in alternatives for opened in _opened(alternative)):
        if first := _FIRST.match(one):
            by.setdefault(first[0], []).append(one[first.end() :])
        else:
            others.append(one)
    begun = [first + (rest[0] if len(rest) == 1 else _GROUP + _together(rest) + b")") for first, rest in by.items()]
    return b"|".join([*begun, *_guarded(map(_announced, others))])


def _guarded(alternatives: Iterable[bytes]) -> Iterable[bytes]:
    """The same, those that look behind themselves first together behind one look at how all that may end."""
    alternatives = list(alternatives)
    folders = {one: found[1].replace(b"\\", b"") for one in alternatives if (found := _BEHIND.match(one))}
    width = min([_GUARD, *map(len, folders.values())])
    if len(folders) < 2 or not width:
        return alternatives
    columns = zip(*(folder[-width:] for folder in folders.values()), strict=True)
    guard = b"".join(b"[" + re.escape(bytes(sorted(set(column)))) + b"]" for column in columns)
    together = b"(?<=" + guard + b")" + _GROUP + b"|".join(folders) + b")"
    return [*(one for one in alternatives if one not in folders), together]


def _announced(alternative: bytes) -> bytes:
    """The same, with a look at the first letter before a group whose letters may be large or small."""
    if not alternative.startswith(_CASELESS):
        return alternative
    end = _group_end(alternative)
    firsts = {_FIRST.match(one) for one in split(alternative[len(_CASELESS) : end])}
    letters = b"".join(first[0] for first in firsts if first)
    if None in firsts or not letters.isalpha():
        return alternative
    return b"(?=[" + bytes(sorted(set(letters.lower() + letters.upper()))) + b"])" + alternative


def _opened(alternative: bytes) -> list[bytes]:
    """The alternatives of the group or list of letters that one begins with, each with what follows that."""
    if listed := _LISTED.match(alternative):
        return [bytes([letter]) + alternative[listed.end() :] for letter in listed[1]]
    if not alternative.startswith(_GROUP):
        return [alternative]
    end = _group_end(alternative)
    rest = alternative[end + 1 :]
    if rest[:1] and rest[0] in _REPEATED:
        return [alternative]
    return [more for one in split(alternative[len(_GROUP) : end]) for more in _opened(one + rest)]


def _group_end(alternative: bytes) -> int:
    """Where the group ends that one begins with."""
    return next(at for at, depth in _depths(alternative) if not depth and alternative[at] == ord(")"))


def _depths(pattern: bytes) -> Iterable[tuple[int, int]]:
    """The places of parentheses and bars, and in how many groups each stands; a closing one stands outside."""
    depth = 0
    for found in _MARKS.finditer(pattern):
        mark = found[0]
        if len(mark) == 1:
            depth += (mark == b"(") - (mark == b")")
            yield found.start(), depth
