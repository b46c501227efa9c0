"""Rules that could not look for one and the same reason, as one line: a browser that hangs keeps dozens from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from surveyor.scan.model import INCOMPLETE

#: How the name of a rule's entry begins, what several are called, and by what they are alike.
_RULE, _SEVERAL, _ALIKE = "check.", "checks", ("state", "reason", "detail", "asset", "slot")


def together(coverage: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Entries of coverage in their order; those of rules that missed the same are one, whose count is their number."""
    groups: dict[object, list[Mapping[str, Any]]] = {}
    for number, entry in enumerate(coverage):
        rule = str(entry.get("what")).startswith(_RULE) and entry.get("state") in INCOMPLETE
        key = tuple(entry.get(name) for name in _ALIKE) if rule else number
        groups.setdefault(key, []).append(entry)
    return [
        same[0] if len(same) == 1 else {**same[0], "what": _SEVERAL, "count": len(same)} for same in groups.values()
    ]
