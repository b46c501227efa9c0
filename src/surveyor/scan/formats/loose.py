"""Values of a document whose shape nobody promises: each is read as what it should be, or is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyor.scan.speed import Place

#: Entries of one list, characters of a URL and of anything else.
ENTRIES, URL, TEXT = 2_000, 2_000, 300
_MOST = 1e12


def part(value: object, *names: str) -> Mapping[str, Any]:
    """A member of a member …, which should be an object; anything else counts as empty."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def listed(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects of what should be a list of such, up to a bound."""
    if isinstance(value, list):
        yield from (one for one in value[:ENTRIES] if isinstance(one, dict))


def number(value: object) -> float | None:
    """A quantity: finite, not negative, and no truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST:
        return None
    return float(value)


def whole(value: object) -> int | None:
    """A count."""
    found = number(value)
    return None if found is None else int(found)


def text(value: object, limit: int = TEXT) -> str:
    """A text on one line, cut."""
    return " ".join(value[: 4 * limit].split())[:limit] if isinstance(value, str) else ""


def truth(value: object) -> bool | None:
    """A truth value."""
    return value if isinstance(value, bool) else None


def place(value: object) -> Place | None:
    """A node of the page, if it says where it is."""
    node = part({"node": value}, "node")
    where = text(node.get("selector"))
    return Place(where=where, snippet=text(node.get("snippet"))) if where else None
