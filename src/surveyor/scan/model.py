"""The vocabulary of a scan: frozen values that cross every border, and nothing that computes.

Names follow PURL, OSV and the two seed systems; a new field is additive and bumps ``SCHEMA_VERSION``'s minor part.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from surveyor.scan.figures import Measurement, Score
from surveyor.scan.judgement import Decided, Decision, Priority, Ruling
from surveyor.scan.values import frozen

SCHEMA_VERSION = "1.8"


class Kind(StrEnum):
    """What a scan looks at."""

    WEB = "web"
    ARTIFACT = "artifact"


class Domain(StrEnum):
    """What a finding is about."""

    SECURITY = "security"
    PERFORMANCE = "performance"
    ACCESSIBILITY = "accessibility"
    SEO = "seo"
    VULNERABILITY = "vulnerability"


class Severity(StrEnum):
    """How bad; ``UNKNOWN`` only for vulnerabilities that nobody has rated, never a default."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """Order for sorting, worst first; unknown stands apart at the end."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Tier(StrEnum):
    """How sure we are that a package is there."""

    CONFIRMED = "confirmed_installed"
    HEURISTIC = "heuristic_unverified"


class Presence(StrEnum):
    """Whether a package is on the target or only asked for by a manifest."""

    INSTALLED = "installed"
    DECLARED = "declared"


class ScanStatus(StrEnum):
    """What a report amounts to."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"


class CoverageState(StrEnum):
    """What became of one thing that could be looked at."""

    LOOKED = "looked"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    FAILED = "failed"
    MISSING = "missing"
    NOT_CONFIGURED = "not_configured"


#: States that make a scan incomplete: something asked for or enabled was not looked at in full.
INCOMPLETE = frozenset({CoverageState.PARTIAL, CoverageState.FAILED, CoverageState.MISSING})


@frozen
class Target:
    """What was scanned.

    ``type`` is the detected form: ``url``, ``container``, ``rootfs``, ``source``, ``archive/java-jar`` …; ``digest`` is
    ``sha256:<hex>`` of the file for artifacts.
    """

    kind: Kind
    source: str
    type: str
    digest: str | None = None
    size: int | None = None
    name: str | None = None


@frozen
class Location:
    """Where in an artifact: a path without leading slash, the digest of the layer that holds it, and what made that.

    ``a.jar!/b.jar`` is a path inside a file; ``instruction`` is from the image's history, such as ``RUN apt-get …``.
    """

    path: str
    layer: str | None = None
    instruction: str | None = None


@frozen
class Evidence:
    """Something as it was found: ``kind`` is ``header``, ``element``, ``package_record``, ``metric``, ``range`` …

    ``value`` is quoted from the target, bounded; ``where`` is a selector, a path or a header name. ``asset`` is the
    page that it was seen on, where a finding is about several; a ``template`` is what those pages have in common.
    ``picture`` is an element as it was seen (WebP as a ``data:`` address), of the first few.
    """

    kind: str
    value: str
    where: str | None = None
    asset: str | None = None
    picture: str | None = None


@frozen
class SourcePackage:
    """The source (dpkg, rpm) or origin (apk) package that a binary package was built from."""

    name: str
    version: str


@frozen
class Distro:
    """A distribution as its os-release says: ``id`` such as ``debian``, ``version`` such as ``12``."""

    id: str
    version: str = ""
    name: str = ""


@frozen
class Package:
    """One package of one version; ``purl`` is its identity. Duplicate evidence merges, versions do not.

    ``owner`` names the system package that put it there, as ``deb/python3-idna``: then its distribution mends it.
    ``dependencies`` are PURLs in the same inventory, as far as whoever lists the package says what it needs;
    ``hashes`` are of its distribution, as ``sha256:<hex>``.
    """

    purl: str
    type: str
    name: str
    version: str
    namespace: str | None = None
    licenses: tuple[str, ...] = ()
    locations: tuple[Location, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    tier: Tier = Tier.CONFIRMED
    presence: Presence = Presence.INSTALLED
    found_by: str = ""
    source: SourcePackage | None = None
    distro: Distro | None = None
    state: str | None = None
    owner: str | None = None
    dependencies: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()


@frozen
class Asset:
    """What a finding affects: ``type`` is ``url`` or ``package``; ``value`` the URL or the PURL.

    For packages ``artifact`` is the target's digest (or source), with path and layer of the record.
    """

    type: str
    value: str
    artifact: str | None = None
    path: str | None = None
    layer: str | None = None


@frozen
class Cvss:
    """One published score: the vector as published, its base score 0..10, who gave it."""

    version: str
    vector: str
    score: float | None = None
    source: str | None = None


@frozen
class Fix:
    """What to do about a finding."""

    summary: str
    steps: tuple[str, ...] = ()


@frozen
class KnownExploited:
    """An entry of a list of flaws known to be used by attackers: since when, by when to mend it, and how.

    ``added`` and ``due`` are dates (ISO 8601); ``ransomware`` is ``None`` when nobody knows.
    """

    added: str
    due: str = ""
    action: str = ""
    ransomware: bool | None = None


#: How the ruling begins on flaws of the kernel where only headers of it are there.
HEADERS = "headers"


def is_aside(ruled_by: str | None) -> bool:
    """Whether a ruling says that."""
    return (ruled_by or "").startswith(f"{HEADERS}:")


@frozen
class Finding:
    """One problem with everything it affects. ``title`` is made by the rule and holds no measured value.

    ``epss`` and its percentile are 0..1 as of ``epss_date``; ``kev`` is ``None`` when no such list was at hand.
    ``fix_state`` is ``fixed``, ``not_fixed``, ``will_not_fix``, ``fix_deferred``, ``under_investigation``,
    ``end_of_life`` or ``unknown``. ``ruled_by`` says whose word decided and why, as ``vendor:redhat``: ``only`` one
    record speaks, all ``agree``, a ``vendor`` outranks others, or sources of one rank disagree and ``any`` suffices;
    ``headers`` says that they speak of the kernel and only its headers are there.
    """

    domain: Domain
    rule: str
    title: str
    severity: Severity
    description: str = ""
    ids: tuple[str, ...] = ()
    cvss: tuple[Cvss, ...] = ()
    epss: float | None = None
    epss_percentile: float | None = None
    epss_date: datetime | None = None
    kev: bool | None = None
    known_exploited: KnownExploited | None = None
    cwes: tuple[str, ...] = ()
    published: datetime | None = None
    modified: datetime | None = None
    ruled_by: str | None = None
    package: str | None = None
    assets: tuple[Asset, ...] = ()
    fixed_in: tuple[str, ...] = ()
    fix_state: str | None = None
    confidence: float = 1.0
    tier: Tier | None = None
    evidence: tuple[Evidence, ...] = ()
    recommended_fix: Fix | None = None
    references: tuple[str, ...] = ()
    priority: Priority | None = None
    decision: Decision | None = None

    @property
    def aside(self) -> bool:
        """Whether it is about a kernel of which only headers are there: it comes last, and no gate counts it."""
        return is_aside(self.ruled_by)


def order(finding: Finding) -> tuple[bool, int, str, str]:
    """Sort key of findings: the worst first, those about mere headers last."""
    return finding.aside, finding.severity.rank, finding.domain, finding.title


@frozen
class Coverage:
    """One thing that was or was not looked at, with coordinates.

    ``what`` names the unit, stage or slot (``catalog.dpkg``, ``slot.performance``, ``advisories``); ``reason`` is a
    stable code, ``detail`` a sentence; ``path``, ``layer`` and ``asset`` say where; ``count`` how many.
    """

    what: str
    state: CoverageState
    reason: str | None = None
    detail: str | None = None
    path: str | None = None
    layer: str | None = None
    asset: str | None = None
    count: int | None = None


@frozen
class Source:
    """A feed that verdicts rest on: its name, the date of its data, the number of its records."""

    feed: str
    date: datetime | None
    rows: int


@frozen
class Summary:
    """Counts over the whole report; every severity is present, unknown too.

    The rest is what the service says of the run, absent in a report that comes straight from the scanner:
    ``computed_health`` 0..100 is the service's own and absent where it would be a guess; ``health_score`` 0..100 and
    ``summary`` are a language model's and absent without one.
    """

    findings: dict[str, int] = field(default_factory=dict)
    packages: int = 0
    computed_health: int | None = None
    health_score: int | None = None
    summary: str | None = None


@frozen
class Upgrade:
    """What one upgrade of a package would do: end the findings of the titles in ``removes``, and leave so many.

    ``package`` is a PURL without version; ``present`` are its versions in the target, ``version`` the one to take.
    """

    package: str
    present: tuple[str, ...]
    version: str
    removes: tuple[str, ...]
    leaves: int


@frozen
class Report:
    """Everything one scan has to say."""

    scanner: dict[str, object]
    target: Target
    started_at: datetime
    finished_at: datetime
    scan_status: ScanStatus
    coverage: tuple[Coverage, ...] = ()
    sources: tuple[Source, ...] = ()
    packages: tuple[Package, ...] = ()
    findings: tuple[Finding, ...] = ()
    upgrades: tuple[Upgrade, ...] = ()
    decisions: tuple[Decided, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    scores: tuple[Score, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    summary: Summary = field(default_factory=Summary)
    error: str | None = None
    schema_version: str = SCHEMA_VERSION
