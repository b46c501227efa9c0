"""Structured fields of HTTP (RFC 9651), as far as security headers use them: one token with parameters."""

from __future__ import annotations

import re

_NAME = r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*+"
_BARE = rf'(?:{_NAME}|-?[0-9]{{1,15}}(?:\.[0-9]{{1,3}})?|"(?:[ !#-\[\]-~]|\\["\\])*+"|\?[01]|:[A-Za-z0-9+/=]*+:)'
_PARAMETER = rf"; *+[a-z*][a-z0-9_.*-]*+(?:={_BARE})?"
_ITEM = re.compile(rf" *+({_NAME})(?:{_PARAMETER})*+ *+")


def token(values: tuple[str, ...]) -> str | None:
    """The token of a header that was sent once and can be read, with its parameters left out; ``None`` otherwise."""
    found = _ITEM.fullmatch(values[0]) if len(values) == 1 else None
    return found[1] if found else None
