"""Whether a licence is permitted: SPDX licence expressions (SPDX 2.3, annex D) against patterns that a team wrote.

Of ``A OR B`` one suffices, of ``A AND B`` both are needed; ``A WITH exception`` is one licence. What is no expression
is one licence whose name is the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from surveyor.remedy.glob import Glob
from surveyor.scan.model import Package

UNKNOWN = "unknown"
#: What says that nobody knows.
_UNKNOWN = frozenset({"", "noassertion", "none", "unknown"})
_TOKEN = re.compile(r"\s*(?:([()])|([A-Za-z0-9.+:\-]+))")
_TOKENS = 500
_RANK = {"OR": 1, "AND": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Licences:
    """What a team permits: what ``allow`` names (everything when it names nothing) and ``deny`` does not.

    Patterns match whole ids, whatever their case; the word ``unknown`` in either is about packages of unknown licence.
    """

    allow: tuple[Glob, ...] = ()
    deny: tuple[Glob, ...] = ()
    unknown: bool | None = None

    def permits(self, package: Package) -> bool | None:
        """Whether all licences of a package are permitted; nothing when none is known and nobody said what then."""
        known = [text for text in package.licenses if text.strip().casefold() not in _UNKNOWN]
        if not known:
            return self.unknown
        return all(_holds(text, self._is_permitted) for text in known)

    def _is_permitted(self, name: str) -> bool:
        name = name.casefold()
        if any(glob.matches(name) for glob in self.deny):
            return False
        base = name.partition(" with ")[0]  # an exception permits more than the licence does
        return not self.allow or any(glob.matches(name) or glob.matches(base) for glob in self.allow)


def read(allow: Sequence[str], deny: Sequence[str]) -> Licences:
    """Lists as they are written."""
    unknown = False if UNKNOWN in deny else True if UNKNOWN in allow else None
    patterns = ([Glob(text, fold=True) for text in texts if text != UNKNOWN] for texts in (allow, deny))
    permitted, forbidden = map(tuple, patterns)
    return Licences(allow=permitted, deny=forbidden, unknown=unknown)


def _holds(text: str, permitted: Callable[[str], bool]) -> bool:
    """The value of an expression, whose operators wait on a stack: no expression is too deep."""
    tokens = _tokens(text)
    if tokens is None:
        return permitted(text.strip())
    values: list[bool] = []
    operators: list[str] = []

    def reduce(rank: int) -> bool:
        while operators and operators[-1] != "(" and _RANK[operators[-1]] >= rank:
            if len(values) < 2:
                return False
            second, first = values.pop(), values.pop()
            values.append((first or second) if operators.pop() == "OR" else (first and second))
        return True

    for word in tokens:
        if word == "(":
            operators.append(word)
        elif word == ")":
            if not (reduce(0) and operators):
                return permitted(text.strip())
            operators.pop()
        elif word in _RANK:
            if not reduce(_RANK[word]):
                return permitted(text.strip())
            operators.append(word)
        else:
            values.append(permitted(word))
    return values[0] if reduce(0) and not operators and len(values) == 1 else permitted(text.strip())


def _tokens(text: str) -> list[str] | None:
    """Ids, operators and brackets; an exception belongs to its id. Nothing for what is no expression."""
    found: list[str] = []
    place = 0
    stripped = text.rstrip()
    while place < len(stripped):
        match = _TOKEN.match(stripped, place)
        if match is None or len(found) > _TOKENS:
            return None
        place, word = match.end(), match[1] or match[2]
        word = word.upper() if word.upper() in {*_RANK, "WITH"} else word
        if len(found) > 1 and found[-1] == "WITH":
            found[-2:] = [f"{found[-2]} WITH {word}"]
        else:
            found.append(word)
    return found if _alternates(found) else None


def _alternates(tokens: Sequence[str]) -> bool:
    """Whether licences and operators take turns; ``Apache License 2.0`` is a name."""
    expected = True
    for word in tokens:
        if word == "(" if expected else word == ")":
            continue
        if word in {"(", ")", "WITH"} or (word in _RANK) is expected:
            return False
        expected = not expected
    return not expected
