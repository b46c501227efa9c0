"""Structured fields of HTTP (RFC 9651), as far as headers of security use them: a token, and a dictionary.

Whoever reads such a header drops all of it when one character is wrong (§4.2), so this does too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from surveyor.scan.patterns import regex

_NAME = r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*+"
_STRING = r'"(?:[ !#-\[\]-~]|\\["\\])*+"'
_NUMBER = r"-?[0-9]{1,15}(?:\.[0-9]{1,3})?"
_BARE = rf"(?:{_NAME}|{_STRING}|@-?[0-9]{{1,15}}|{_NUMBER}|\?[01]|:[A-Za-z0-9+/=]*+:)"
_KEY = r"[a-z*][a-z0-9_.*-]*+"
_PARAMETER = rf"; *+{_KEY}(?:={_BARE})?"
_ITEM = regex(rf" *+({_NAME})(?:{_PARAMETER})*+ *+")
_MEMBER = regex(_KEY)
_VALUE = regex(_BARE)
_TAIL = regex(rf"(?:{_PARAMETER})*+")
_SPACES, _COMMA = regex(" *+"), regex(r"[ \t]*+,[ \t]*+")
_ESCAPED = regex(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Member:
    """What a key of a dictionary has: the tokens and strings in its list (``listed``), or its only value, if one."""

    tokens: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    listed: bool = False


def token(values: tuple[str, ...]) -> str | None:
    """The token of a header that was sent once and can be read, with its parameters left out; ``None`` otherwise."""
    found = _ITEM.fullmatch(values[0]) if len(values) == 1 else None
    return found[1] if found else None


def dictionary(values: tuple[str, ...]) -> dict[str, Member] | None:
    """The members of a header by key, the last of a key counting; ``None`` where it cannot be read (§4.2.2)."""
    text = ", ".join(values).strip(" ")
    found: dict[str, Member] = {}
    at = _Place(text)
    while not at.ended():
        key = at.take(_MEMBER)
        if not key:
            return None
        member = _member(at) if at.skip("=") else Member()
        if member is None or at.take(_TAIL) is None:
            return None
        found.pop(key, None)
        found[key] = member
        if at.ended():
            break
        if not at.take(_COMMA) or at.ended():
            return None
    return found


@dataclass(slots=True)
class _Place:
    """Where reading is."""

    text: str
    at: int = field(default=0)

    def ended(self) -> bool:
        return self.at >= len(self.text)

    def take(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def skip(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True


def _member(at: _Place) -> Member | None:
    """An item, or an inner list of them (§4.2.1.2)."""
    if not at.skip("("):
        value = at.take(_VALUE)
        return None if value is None else _sorted([value], listed=False)
    values: list[str] = []
    while True:
        spaces = at.take(_SPACES)
        if at.skip(")"):
            return _sorted(values, listed=True)
        if values and not spaces:
            return None
        value = at.take(_VALUE)
        if value is None or at.take(_TAIL) is None:
            return None
        values.append(value)


def _sorted(values: list[str], *, listed: bool) -> Member:
    tokens = tuple(value for value in values if value[0].isalpha() or value[0] == "*")
    strings = tuple(_ESCAPED.sub(r"\1", value[1:-1]) for value in values if value[0] == '"')
    return Member(tokens, strings, listed)
