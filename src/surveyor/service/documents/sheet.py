"""The shapes of a report that is ready to be written down: words chosen, texts bounded, nothing left to decide.

``excerpt`` makes them; a template needs nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from surveyor.scan.figures import Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number with its name; ``key`` is the stable one."""

    key: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainBar:
    """The open findings of one domain by severity."""

    label: str
    total: int
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBar:
    """One day of the burn-down."""

    label: str
    score: int
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line of a table: a name and what is known."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Something as it was found, and where; ``picture`` is how it looks, an address that holds all of it."""

    where: str
    value: str
    picture: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One finding for reading; ``absent`` says why it has no places, and is empty where it has some."""

    number: int
    id: str
    title: str
    severity: str
    severity_label: str
    score: str
    facts: str
    description: str
    evidence: tuple[Quote, ...]
    places: tuple[Quote, ...]
    more_places: int
    absent: str
    fix: str
    steps: tuple[str, ...]
    versions: str
    rule: str
    ids: tuple[str, ...]
    links: tuple[str, ...]
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One of the further findings: a line of evidence and a line of the fix."""

    number: int
    title: str
    severity: str
    severity_label: str
    score: str
    facts: str
    place: str
    evidence: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that was not looked at."""

    what: str
    word: str
    state: str
    why: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One target with what its newest scan did not look at; ``tone`` is ``whole``, ``set_up`` or ``gaps``."""

    name: str
    kind: str
    scanned: str
    word: str
    tone: str
    gaps: tuple[Gap, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """One metric; ``band`` is ``good``, ``middling`` or ``poor``, ``word`` says it, both empty where nobody knows."""

    name: str
    value: str
    range: str
    source: str
    band: str
    word: str
    track: Track | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLoad:
    """How one page loads, as one engine measured it."""

    page: str
    by: str
    rows: tuple[MetricRow, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A report, ready to be written down. ``not_set_up`` is a sentence, empty where everything is set up."""

    id: str
    team: str
    project: str
    generated: str
    date: str
    health: int | None
    health_words: tuple[str, ...]
    open: int
    total: int
    held: int
    left_out: int
    severities: tuple[Count, ...]
    domains: tuple[DomainBar, ...]
    days: tuple[DayBar, ...]
    facts: tuple[Fact, ...]
    findings: tuple[Item, ...]
    brief: tuple[Brief, ...]
    loads: tuple[PageLoad, ...]
    loads_total: int
    places: tuple[Place, ...]
    places_total: int
    gaps: int
    not_set_up: str
