"""What one kind of scan hands back to the engine, before it becomes a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from surveyor.scan.figures import Measurement, Score
from surveyor.scan.model import Finding, Package, Source, Target, Upgrade

if TYPE_CHECKING:
    from surveyor.scan.outline import Outline


@dataclass(slots=True, kw_only=True)
class Parts:
    """The findings of a scan and what they rest on; coverage is in the ledger.

    ``units`` maps the id of each unit that ran to its version; ``failed_slots`` names slots whose scanner could not do
    its work, with the reason; ``outline`` is the page's, ``evidence`` a file of what was seen, where they were asked
    for.
    """

    target: Target
    packages: tuple[Package, ...] = ()
    findings: tuple[Finding, ...] = ()
    upgrades: tuple[Upgrade, ...] = ()
    sources: tuple[Source, ...] = ()
    units: dict[str, int] = field(default_factory=dict)
    failed_slots: dict[str, str] = field(default_factory=dict)
    outline: Outline | None = None
    scores: tuple[Score, ...] = ()
    evidence: bytes | None = None
    measurements: tuple[Measurement, ...] = ()
