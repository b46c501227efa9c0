"""What goes over the wire: the envelope and the shapes inside it, every string, list and number bounded."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

Status = Literal["queued", "running", "done", "failed", "cancelled"]
Kind = Literal["web", "artifact"]
Trigger = Literal["manual", "scheduled", "post_deploy"]
AnalysisWanted = Annotated[
    Literal["full", "if_quota", "none"],
    Field(
        description="Whether language models may be asked, where any are set up: full is refused with quota_exceeded "
        "when the month's units are spoken for, if_quota then goes ahead without them, none never asks"
    ),
]
Severity = Literal["critical", "high", "medium", "low", "unknown"]
Domain = Literal["security", "performance", "accessibility", "seo", "vulnerability"]
FindingStatus = Literal["new", "triaged", "in_progress", "ready_verify", "resolved", "dismissed"]
Cursor = Annotated[str, Field(max_length=300, pattern=r"^[A-Za-z0-9_-]+$")]


class Out(BaseModel):
    """Anything we send; built from our values by attribute."""

    model_config = ConfigDict(from_attributes=True)


class Meta(Out):
    """About this answer. The id finds the request in the service's log."""

    request_id: str = Field(max_length=40, examples=["r-9vRZb0cN3mQxk1Ld"])


class PageMeta(Meta):
    """About this page of a list; ``next_cursor`` is null on the last."""

    total: int = Field(ge=0, description="Exact up to 10,000")
    total_is_estimate: bool = Field(description="True where total is the database's estimate")
    next_cursor: str | None = Field(max_length=300)


class Envelope(Out, Generic[T]):
    """Every success."""

    data: T
    meta: Meta
    error: None = None


class PageEnvelope(Out, Generic[T]):
    """Every list."""

    data: list[T]
    meta: PageMeta
    error: None = None


class Failure(Out):
    """What went wrong: ``code`` is stable, ``message`` is for people."""

    code: str = Field(max_length=60, examples=["invalid_params"])
    message: str
    details: dict[str, Any] | None = None


class FailureEnvelope(Out):
    """Every failure."""

    data: None = None
    meta: Meta
    error: Failure


PageUrl = Annotated[
    str | None,
    Field(min_length=1, max_length=2048, examples=["https://shop.example/"], description="A page: http or https"),
]
ImageName = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=1024,
        examples=["registry.example/team/app:1.2"],
        description="An image in a registry, by tag or digest; without a registry in its name, Docker Hub's",
    ),
]
ImagePlatform = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=64,
        examples=["linux/arm64"],
        description="Which of an image's platforms; Linux on the scanner's processor unless given",
    ),
]


ChosenImage = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=500,
        examples=["shop:1.2"],
        description="Which of several images in the file, by name or digest; all of them unless given",
    ),
]
ChosenPlatform = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=64,
        examples=["linux/arm64"],
        description="Which of a file's images by their platform; all of them unless given",
    ),
]


class CrawlOptions(BaseModel):
    """More pages of the site: those that the first leads to, near and unlike ones first, as robots.txt allows."""

    model_config = ConfigDict(extra="forbid", strict=True)

    pages: int = Field(default=50, ge=1, le=500, description="How many pages in all")
    depth: int = Field(default=3, ge=0, le=20, description="How many links away from the first page")
    rate: float = Field(default=4.0, ge=0.1, le=50, description="Requests a second to one host, of each scanner")
    alike: int = Field(default=25, ge=1, le=500, description="Addresses of one form, as /product/{n}")
    sitemap: bool = Field(default=False, description="What the site's sitemaps name too, as near as the first page")
    subdomains: bool = Field(default=False, description="Other hosts of the registered domain too")


class PageOptions(BaseModel):
    """How a page is scanned."""

    model_config = ConfigDict(extra="forbid", strict=True)

    crawl: CrawlOptions | None = None
    device: Literal["mobile", "desktop"] = "mobile"
    engine: Literal["auto", "psi", "lab", "lighthouse"] = Field(
        default="auto", description="What measures how the page loads; `auto` is the installation's choice"
    )
    headers: Annotated[
        dict[
            Annotated[str, Field(min_length=1, max_length=100)],
            Annotated[str, Field(min_length=1, max_length=8192)],
        ],
        Field(
            max_length=20,
            description="Sent to the page's own origin and to no other. They are kept encrypted, and never shown again",
            examples=[{"Authorization": "Basic ..."}],
        ),
    ] = {}


class RunScan(BaseModel):
    """A page or an image to scan: one of `url` and `image`; `options` are a page's."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: PageUrl = None
    image: ImageName = None
    platform: ImagePlatform = None
    options: PageOptions | None = None
    trigger: Trigger = "manual"
    analysis: AnalysisWanted = "full"


class Scanner(Out):
    """One scanner's part of a run."""

    state: str
    reason: str | None = Field(description="A stable code where the state has one, such as not_configured")
    attempt: int
    started_at: datetime | None
    finished_at: datetime | None


class Rematch(Out):
    """That a scan's inventory was matched again with newer advisories, without its artifact."""

    at: datetime
    sources: list[dict[str, Any]] = Field(description="Feeds of those advisories, each with the date of its data")
    new: int = Field(description="Findings that the scan had not before")
    gone: int = Field(description="Findings that it has no more")


class Scan(Out):
    """A scan run as it stands."""

    id: UUID
    org_id: UUID
    project_id: UUID
    kind: Kind
    status: Status
    trigger: str
    url: str | None = Field(description="The page, for kind web")
    artifact_id: UUID | None = Field(description="The upload's bytes, for kind artifact where a file was sent")
    image: str | None = Field(
        description="The image's full name where it is in a registry; where a file was sent, the image in it that was "
        "asked for"
    )
    platform: str | None = Field(description="The platform that was asked for of the image, or of the file's images")
    name: str | None = Field(description="What people call the target")
    options: dict[str, Any] = Field(description="What was asked of a page: crawl, device, engine, names of headers")
    evidence: list[str] = Field(description="Scanners of which what they saw is kept, for `/scans/{scan_id}/evidence`")
    retry_of: UUID | None = Field(description="The ended run whose target this one looks at again")
    recheck_of: UUID | None = Field(description="The ended run whose evidence this one judges, without another look")
    scanner_status: dict[str, str] = Field(description="Scanner to pending, running, done or failed")
    scanners: dict[str, Scanner] = Field(description="The same with reasons and times")
    summary: dict[str, Any] = Field(description="Counts of what was found; empty until something is known")
    coverage: list[dict[str, Any]] = Field(description="What was and was not looked at, with coordinates")
    error: str | None
    last_seq: int = Field(description="Number of the last event")
    inserted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    events_removed_at: datetime | None = Field(description="When its events were removed, by the setting event_days")
    rematch: Rematch | None = Field(description="When its inventory was last matched again with newer advisories")
    updated_at: datetime


class ScanEvent(Out):
    """One line of progress; ``seq`` has no gaps within a scan."""

    seq: int
    ts: datetime
    stage: str
    level: str
    detail: str
    slot: str | None = Field(description="The scanner that said it; null for the run itself")
    pct: int | None
    data: dict[str, Any] | None


class EventsMeta(Meta):
    """About a page of events; pass ``last_seq`` as the next ``after``."""

    last_seq: int
    more: bool = Field(description="True when events may follow at once")


class EventsEnvelope(Out):
    """A page of events."""

    data: list[ScanEvent]
    meta: EventsMeta
    error: None = None


class Asset(Out):
    """One thing a finding affects."""

    type: str
    value: str
    artifact: str | None = Field(description="The artifact's digest, of a package")
    artifact_name: str | None = Field(
        description="What the artifact was scanned as: the name of the upload. Null of a page"
    )
    path: str | None = Field(description="Where in the artifact")
    layer: str | None = Field(description="Digest of the layer that holds the path, in a container image")
    first_seen: datetime
    last_seen: datetime


class Factor(Out):
    """One row of the sum that a score is. An unknown factor has no value and no points."""

    name: str
    state: str = Field(description="known, unknown or not_applicable")
    value: str | float | bool | None = None
    points: int
    most: int = Field(description="What this factor can give at most")
    source: str | None = Field(description="Who says so")
    date: str | None = Field(description="As of when")


class Priority(Out):
    """0..100 each, higher is more; null where nothing is known, which is never the same as zero."""

    impact: int | None
    effort: int | None
    risk: int | None
    score: int | None
    source: str | None = Field(None, description="Whose values these are: formula, model or person")
    formula: int | None = Field(None, description="Version of the formula")
    at: datetime | None = Field(None, description="When it was computed")
    factors: list[Factor] = Field(default=[], description="The rows that the formula's score is the sum of")
    by_source: dict[str, dict[str, Any]] = Field(default={}, description="What each source says, and which model")


class KnownExploited(Out):
    """An entry of CISA's list of flaws that attackers are known to use."""

    added: str = Field(description="Since when it is listed (YYYY-MM-DD)")
    due: str = Field(
        "", description="By when federal agencies have to mend it (YYYY-MM-DD); empty where it says nothing"
    )
    action: str = Field("", description="What the list asks for")
    ransomware: bool | None = Field(None, description="Whether it is known to be used for ransomware; null: unknown")


class FileDecision(Out):
    """What a file of decisions or a VEX document that the scan was given says of a finding."""

    status: str = Field(description="accepted, not_affected, fixed, under_investigation or affected")
    source: str
    statement: str
    reason: str
    justification: str | None = None
    until: str | None = Field(None, description="Its last day (YYYY-MM-DD)")
    suppressed: bool = Field(False, description="Whether gates of the command line leave the finding out")
    places: list[str] = []


class Finding(Out):
    """One problem with everything it affects."""

    id: UUID
    org_id: UUID
    project_id: UUID
    domain: Domain
    rule: str = Field(description="Stable id of the check or advisory")
    title: str
    description: str
    severity: Severity
    severity_by: str = Field(description="rule, or person once one has changed it")
    status: FindingStatus
    status_reason: str | None = Field(description="Why it is so, where somebody said")
    owner_id: UUID | None
    confidence: float = Field(ge=0, le=1)
    tier: str | None
    ids: list[str] = Field(description="All advisory ids of this vulnerability")
    package: str | None
    cvss: list[dict[str, Any]] = Field(description="Published ratings: version, vector, score and source of each")
    epss: float | None = Field(description="Probability of exploitation, 0..1; null is unknown, not zero")
    epss_percentile: float | None = Field(description="Share of all scored flaws that score no higher, 0..1")
    epss_date: datetime | None = Field(description="As of when both are")
    kev: bool | None = Field(description="Whether CISA lists it as exploited; null where no list was at hand")
    known_exploited: KnownExploited | None = Field(description="The list's entry")
    cwes: list[str] = Field(description="Kinds of weakness, such as CWE-79")
    published: datetime | None = Field(description="When the advisory was published")
    modified: datetime | None = Field(description="When an advisory was changed last")
    fixed_in: list[str] = Field(description="Versions that mend it, the nearest upgrade first")
    fix_state: str | None = Field(
        description="fixed, not_fixed, will_not_fix, fix_deferred, under_investigation, end_of_life or unknown"
    )
    ruled_by: str | None = Field(
        description="Whose word decided and by which rule, as vendor:redhat. only: one source speaks; agree: all say "
        "the same; vendor: a source of a higher rank outweighs others; any: of equals one is enough"
    )
    decision: FileDecision | None = Field(description="What a file of decisions that the scan was given says")
    priority: Priority
    affected_assets: list[Asset] = Field(description="The 100 seen last")
    evidence: list[dict[str, Any]] = Field(description="As found on the target, quoted and bounded")
    recommended_fix: dict[str, Any] | None
    references: list[str]
    first_scan_id: UUID
    last_scan_id: UUID
    first_seen: datetime
    last_seen: datetime
    not_seen_since: datetime | None = Field(description="When a scan of its assets first did not see it again")
    inserted_at: datetime
    updated_at: datetime
