"""The members of a JSON object that is too large to be had as values at once: one after the other, as bytes.

A Debian tracker of 70 MB would become half a gigabyte of Python objects; here it stays text, one byte a character.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # the module's own, not in its stub

import orjson

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.patterns import regex

_BLANK = regex(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_float=lambda _: None, parse_int=lambda _: None, parse_constant=lambda _: None)


def members(content: bytes, *, limit: int, each: int) -> Iterator[tuple[str, bytes | LimitExceeded]]:
    """Each member's name and the bytes of its value, in order; of more than ``each`` bytes that they are too many.

    Raises ``Malformed`` for what is no JSON object, from where on it is none, and ``LimitExceeded`` at more than
    ``limit`` members.
    """
    # structure is ASCII, so a text of single bytes has it in the same places
    text = content.decode("latin-1")
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise Malformed("not a JSON object")
    at = _skip(text, at + 1)
    count = 0
    while text[at : at + 1] != "}":
        if count and text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif count:
            raise Malformed(f"not JSON at byte {at:,}")
        count += 1
        if count > limit:
            raise LimitExceeded(f"more than {limit:,} members")
        name, at = _name(text, content, at)
        end = _value(text, at)
        yield name, content[at:end] if end - at <= each else LimitExceeded(f"a value of {end - at:,} bytes")
        at = _skip(text, end)


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _name(text: str, content: bytes, at: int) -> tuple[str, int]:
    """A member's name, and where its value begins."""
    if text[at : at + 1] != '"':
        raise Malformed(f"not JSON at byte {at:,}")
    try:
        _, end = scanstring(text, at + 1, True)
        name = str(orjson.loads(content[at:end]))
    except ValueError as error:
        raise Malformed(f"not JSON at byte {at:,}") from error
    colon = _skip(text, end)
    if text[colon : colon + 1] != ":":
        raise Malformed(f"not JSON at byte {colon:,}")
    return name, _skip(text, colon + 1)


def _value(text: str, at: int) -> int:
    """Where a value ends."""
    try:
        _, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON at byte {at:,}") from error
    return int(end)
