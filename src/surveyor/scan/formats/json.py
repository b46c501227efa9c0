"""JSON documents of strangers: bounded by what they would become in memory, and read by expected shapes."""

from __future__ import annotations

import orjson

from surveyor.scan.errors import LimitExceeded, Malformed

#: An object of one member takes 30 times its text; real lock files of 32 MiB have half as many parts.
_CONTAINERS, _MEMBERS = 300_000, 1_500_000


def load(data: memoryview) -> object:
    """The value that a document holds; ``Malformed`` when it is none, ``LimitExceeded`` when it has too many parts."""
    raw = bytes(data)
    judge(raw)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"no JSON: {error}") from error


def judge(raw: bytes) -> None:
    """Raise ``LimitExceeded`` for a document of too many parts."""
    if raw.count(b"{") + raw.count(b"[") > _CONTAINERS or raw.count(b",") > _MEMBERS:
        raise LimitExceeded("JSON of too many parts")


def load_object(data: memoryview) -> dict[str, object]:
    """The object that a document is."""
    value = load(data)
    if not isinstance(value, dict):
        raise Malformed("the JSON is no object")
    return value


def mapping(value: object) -> dict[str, object]:
    """A value as an object, empty when it is none."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[object]:
    """A value as a list, empty when it is none."""
    return value if isinstance(value, list) else []


def string(value: object) -> str:
    """A value as a string, empty when it is none."""
    return value if isinstance(value, str) else ""
