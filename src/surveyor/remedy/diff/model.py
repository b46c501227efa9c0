"""The published shape of a comparison; a new field is additive and bumps ``SCHEMA_VERSION``'s minor part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from surveyor.scan.model import Asset, Domain, ScanStatus, Severity, Source, Target

SCHEMA_VERSION = "1.0"


class Kind(StrEnum):
    """What became of a finding; ``NOT_LOOKED`` is no longer seen where nobody looked, which is not fixed."""

    NEW = "new"
    FIXED = "fixed"
    CHANGED = "changed"
    RECLASSIFIED = "reclassified"
    NOT_LOOKED = "not_looked"


class Cause(StrEnum):
    """Why: the target is another, an advisory says other things, a rule or reader of ours is another, somebody decided
    otherwise, or one of the two scans did not look there. ``UNKNOWN`` when neither report tells."""

    ARTIFACT = "artifact"
    ADVISORY = "advisory"
    RULE = "rule"
    DECISION = "decision"
    COVERAGE = "coverage"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two reports: what was scanned, when, by which version, on which feeds."""

    target: Target
    finished_at: datetime
    scan_status: ScanStatus
    scanner: str
    sources: tuple[Source, ...]
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One fact of a finding, before and after, as text."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. ``assets`` are those that it is about, of the report that has them (the later of both).

    ``reason`` is a sentence; ``fields`` are the facts that differ, of what both reports have; ``suppressed`` says that
    somebody has settled the finding, in the report that it is told from.
    """

    change: Kind
    cause: Cause
    reason: str
    domain: Domain
    rule: str
    title: str
    ids: tuple[str, ...]
    severity: Severity
    suppressed: bool
    assets: tuple[Asset, ...]
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Everything that differs from ``before`` to ``after``, worst first; ``summary`` counts changes of each kind.

    ``unlooked`` is how many things the later scan was asked to look at and could not.
    """

    before: Side
    after: Side
    summary: dict[str, int]
    unlooked: int
    changes: tuple[Change, ...]
    schema_version: str = SCHEMA_VERSION
