"""What upgrades would end of a scan's findings, as lines of its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from surveyor.service.actions import inventories
from surveyor.service.store.scans import Scan

_SHOWN = 5
_TEXT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeView:
    """One upgrade: it ends so many of its package's ``total`` findings, which ``href`` lists."""

    package: str
    present: str
    version: str
    ends: int
    total: int
    href: str


def upgrades(run: Scan) -> tuple[UpgradeView, ...]:
    """What the summary of a run holds of upgrades; what is not of their shape is left out."""
    told = run.summary.get(inventories.UPGRADES)
    listed = told if isinstance(told, list) else []
    return tuple(_view(run, one) for one in listed[:_SHOWN] if isinstance(one, dict) and one.get("total"))


def _view(run: Scan, one: dict[str, Any]) -> UpgradeView:
    package = str(one.get("package") or "").removeprefix("pkg:")
    present = ", ".join(str(version) for version in one.get("present") or ())
    return UpgradeView(
        package=package[:_TEXT],
        present=present[:_TEXT],
        version=str(one.get("version") or "")[:_TEXT],
        ends=int(one.get("ends") or 0),
        total=int(one["total"]),
        href="/findings?" + urlencode({"scan": run.id, "q": f": {package}"[:200]}),
    )
