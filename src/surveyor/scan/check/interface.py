"""What a check is: evidence in, closed outcomes out. The words for an outcome stand in one table per domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from surveyor.scan.model import Domain, Evidence, Severity

if TYPE_CHECKING:  # rules of programs need no parser of pages, and the other way round
    from surveyor.scan.check.document import Document
    from surveyor.scan.evidence import Speed
    from surveyor.scan.formats.protection import Protection


class Needs(StrEnum):
    """What a check judges: any answer of a server, an HTML page, measurements of loading, or a program's headers."""

    PAGE = "page"
    HTML = "html"
    SPEED = "speed"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One problem found: ``key`` is one of the check's outcomes; ``count`` how often, where evidence is cut.

    ``confidence`` overrides the table's where this instance is less sure.
    """

    key: str
    evidence: tuple[Evidence, ...] = ()
    count: int = 1
    confidence: float | None = None


#: A rule with its evidence at hand.
Judge = Callable[[], Iterable[Outcome]]
PageJudge = Callable[["Document"], Iterable[Outcome]]
SpeedJudge = Callable[["Speed"], Iterable[Outcome]]
ProgramJudge = Callable[["Protection"], Iterable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule. ``id`` is stable and what a verification names; ``outcomes`` are all the keys it can give.

    ``criteria`` are success criteria of WCAG 2.1, ``act`` the W3C's test rules (ACT) that it decides in part or whole.
    ``headers`` are the response headers that decide, for checks of those.
    """

    id: str
    version: int
    domain: Domain
    outcomes: tuple[str, ...]
    needs: Needs = Needs.HTML
    page: PageJudge | None = None
    speed: SpeedJudge | None = None
    program: ProgramJudge | None = None
    criteria: tuple[str, ...] = ()
    act: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What people read about one outcome; ``title`` is part of a finding's identity and holds nothing measured."""

    title: str
    severity: Severity
    description: str
    fix: str
    steps: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    confidence: float = 1.0


#: Words by outcome of one check, and by check of one domain.
Table = dict[str, dict[str, Words]]
