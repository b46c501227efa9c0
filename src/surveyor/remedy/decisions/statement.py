"""A decision as its document states it, before anybody knows whether it is about this target."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from surveyor.remedy.glob import Glob
from surveyor.scan.formats.purl import Purl
from surveyor.scan.judgement import DecisionStatus, Unapplied

#: The five of the VEX standards, and what each says.
JUSTIFICATIONS = {
    "component_not_present": "The component is not there.",
    "vulnerable_code_not_present": "The component is there without the vulnerable code.",
    "vulnerable_code_not_in_execute_path": "Nothing calls the vulnerable code.",
    "vulnerable_code_cannot_be_controlled_by_adversary": "Nobody who would harm can reach the vulnerable code.",
    "inline_mitigations_already_exist": "Something built in keeps the vulnerability from being used.",
}
#: Which word stands when nothing else decides: the one that leaves most to do.
CAUTION = (
    DecisionStatus.AFFECTED,
    DecisionStatus.UNDER_INVESTIGATION,
    DecisionStatus.ACCEPTED,
    DecisionStatus.FIXED,
    DecisionStatus.NOT_AFFECTED,
)
TEXT = 2_000  # characters of a reason that are kept
STATEMENTS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSelector:
    """A package by PURL, whose version and qualifiers count where they are given, or by a pattern of its name.

    ``arch=src`` and ``arch=source`` name the source package, and are no quality of a binary one.
    """

    purl: Purl | None = None
    name: Glob | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What a VEX document calls a product: any of its names, PURLs, SHA-256 digests (hex), and CPEs of its platform.

    It may be the target, or a package in it. All of ``platforms`` must be the target's too; ``version``, where it is
    told beside a name, must not be another than the target's.
    """

    names: tuple[str, ...] = ()
    purls: tuple[Purl, ...] = ()
    digests: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of a target a statement is about; of each kind that names something one must match."""

    product: Product | None = None
    packages: tuple[PackageSelector, ...] = ()
    paths: tuple[Glob, ...] = ()
    urls: tuple[Glob, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One decision. ``ids`` are any names of the flaw or the rule, none for all; of ``scopes`` one must match.

    ``until`` is its last day; ``at`` when it was said.
    """

    name: str
    ids: tuple[str, ...]
    status: DecisionStatus
    reason: str
    justification: str | None = None
    until: date | None = None
    at: datetime | None = None
    scopes: tuple[Scope, ...] = (Scope(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All that one document states. ``own`` is the user's word, which stands before that of others.

    ``faults`` are statements that cannot be applied to anything; ``products`` what others call the target.
    """

    source: str
    format: str
    statements: tuple[Statement, ...] = ()
    faults: tuple[Unapplied, ...] = ()
    own: bool = False
    products: tuple[str, ...] = field(default=())


def moment(value: object) -> datetime | None:
    """A time as documents of others tell it; nothing for what is none."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
