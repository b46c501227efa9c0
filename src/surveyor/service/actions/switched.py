"""Who switched a schedule or a webhook off, as its row says it; any other reason there is a switch of its own."""

from __future__ import annotations

_BY = "switched off by "


def by(who: str) -> str:
    """The reason that somebody's own decision leaves: ``person``, or ``key:`` and a key's prefix."""
    kind, _, prefix = who.partition(":")
    return f"{_BY}the API key {prefix}…" if kind == "key" else f"{_BY}a person"


def meant(reason: str | None) -> bool:
    """Whether somebody wanted it so, and nobody need worry."""
    return reason is not None and reason.startswith(_BY)
