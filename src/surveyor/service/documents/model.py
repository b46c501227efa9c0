"""What a report holds, as frozen values: whoever renders one needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from surveyor.scan.figures import Measurement

SCHEMA_VERSION = "1.3"
#: No file holds more findings than this; what is left out is said in the file.
FINDINGS = 10_000
SEVERITIES = ("critical", "high", "medium", "low", "unknown")
DOMAINS = ("security", "vulnerability", "performance", "accessibility", "seo")
#: What still has to be done; ``resolved`` and ``dismissed`` are the rest.
OPEN = ("new", "triaged", "in_progress", "ready_verify")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of the burn-down as it stood when it ended (UTC); today as it stands."""

    date: date
    open_risk_score: int
    open_findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The numbers of a project at one moment.

    ``by_severity`` and ``by_domain`` count open findings, ``by_status`` all. A rate is ``None`` while there is nothing
    to take it from, ``computed_health`` while nobody could look or nobody has rated anything: unknown is not zero, and
    not fine either. ``unrated`` are the open findings that nobody has rated, which no health knows of.
    """

    taken_at: datetime
    findings: int
    open_findings: int
    unscored: int
    not_seen: int
    open_risk_score: int
    computed_health: int | None
    unrated: int
    by_severity: dict[str, int]
    by_domain: dict[str, dict[str, int]]
    by_status: dict[str, int]
    verification_pass_rate: float | None
    regression_rate: float | None
    risk_burn_down: tuple[Day, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One thing a finding affects; of artifacts the name they were scanned by, their digest, and where inside."""

    type: str
    value: str
    artifact_name: str | None = None
    artifact: str | None = None
    path: str | None = None
    layer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding; scores 0..100 and ``epss`` 0..1 are ``None`` while nobody knows them.

    ``assets`` are the first of ``assets_total``.
    """

    id: UUID
    domain: str
    rule: str
    title: str
    description: str
    severity: str
    status: str
    confidence: float
    tier: str | None
    impact_score: int | None
    effort_score: int | None
    risk_score: int | None
    priority_score: int | None
    ids: tuple[str, ...]
    package: str | None
    fixed_in: tuple[str, ...]
    fix_state: str | None
    cvss: tuple[dict[str, Any], ...]
    epss: float | None
    kev: bool | None
    evidence: tuple[dict[str, Any], ...]
    recommended_fix: dict[str, Any] | None
    references: tuple[str, ...]
    assets: tuple[Asset, ...]
    assets_total: int
    first_seen: datetime
    last_seen: datetime
    not_seen_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that a scan was to look at and did not, or not whole; ``state`` and ``reason`` as in a scan's coverage.

    ``reason`` is a stable code; ``why`` a sentence, or the code again where there is none.
    """

    what: str
    state: str
    reason: str | None
    why: str | None
    where: str | None
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The newest ended scan of one target; ``complete`` when nothing that was asked for was left out.

    ``entries`` are the first of ``entries_total``, what could not be looked at before what was not asked for.
    ``not_set_up`` names the parts that nobody configured: neither looked at nor failed. ``measurements`` are of how
    its pages load.
    """

    name: str
    kind: str
    scan_id: UUID
    scanned_at: datetime
    status: str
    complete: bool
    not_set_up: tuple[str, ...]
    entries: tuple[Entry, ...]
    entries_total: int
    measurements: tuple[Measurement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectReport:
    """A whole report; ``findings`` are the first of ``findings_total``, by priority and then by age.

    ``targets`` are the first of ``targets_total``, those with gaps before the others.
    """

    id: UUID
    team: str
    project: str
    generated_at: datetime
    metrics: Metrics
    findings: tuple[Finding, ...]
    findings_total: int
    targets: tuple[Target, ...]
    targets_total: int

    @property
    def left_out(self) -> int:
        """How many findings did not fit."""
        return self.findings_total - len(self.findings)

    @property
    def gaps(self) -> int:
        """How many targets were not looked at whole."""
        return sum(not target.complete for target in self.targets)

    @property
    def not_set_up(self) -> tuple[str, ...]:
        """The parts of scans that nobody configured, of any target."""
        return tuple(sorted({name for target in self.targets for name in target.not_set_up}))
