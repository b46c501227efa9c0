"""Web fonts until whose arrival their text is not shown."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.check import loading
from surveyor.scan.check.interface import Outcome
from surveyor.scan.model import Evidence
from surveyor.scan.speed import Font, Load, Speed

#: CSS Fonts 4 §4.9: only these two hide text for long.
_HIDING = frozenset({"auto", "block"})


def _judge(_: Speed, load: Load) -> Iterator[Outcome]:
    """Fonts that were loaded and hide their text until then."""
    hiding = [one for one in load.fonts if one.display in _HIDING]
    told = [Evidence(kind="font", where=one.url[:600], value=_told(one)) for one in hiding]
    yield from loading.outcome("hidden", told)


def _told(font: Font) -> str:
    sent = "" if font.transfer is None else f", {loading.size(font.transfer)}"
    return f"{font.family[:100]} font-display: {font.display}{sent}".strip()


CHECK = loading.check("font_display", _judge, outcomes=("hidden",), parts=("fonts",))
