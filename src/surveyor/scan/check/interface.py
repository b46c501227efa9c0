"""What a check is: evidence in, closed outcomes out. The words for an outcome stand in one table per domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from surveyor.scan.model import Domain, Evidence, Severity
from surveyor.scan.values import frozen

if TYPE_CHECKING:  # rules of programs need no parser of pages, and the other way round
    from surveyor.scan.check.document import Document
    from surveyor.scan.evidence import (
        Exposed,
        Libraries,
        Links,
        Mapped,
        Rendered,
        Schemes,
        Scripts,
        Sharing,
        Sitemaps,
        Tls,
        WellKnown,
    )
    from surveyor.scan.facts import Pages
    from surveyor.scan.formats.protection import Protection
    from surveyor.scan.speed import Speed


class Needs(StrEnum):
    """What a check judges; each is also the name of the field that holds its judge.

    Any answer of a server, an HTML page, measurements of loading, a program's headers; and around a page: both schemes,
    what foreign origins may read, TLS, files in well-known places, paths that should not answer, the site's
    scripts, and the libraries that all its scripts say they are. With the page at hand: those files in well-known
    places, what answers at the addresses that it names, the site's sitemaps and what answers at addresses of theirs,
    what a browser made of it, and the document that this is. Last all pages of a scan together, where it looks at
    several.
    """

    PAGE = "page"
    HTML = "html"
    SPEED = "speed"
    PROGRAM = "program"
    SCHEMES = "schemes"
    SHARING = "sharing"
    TLS = "tls"
    WELLKNOWN = "wellknown"
    EXPOSED = "exposed"
    SCRIPTS = "scripts"
    LIBRARIES = "libraries"
    SITE = "site"
    LINKS = "links"
    SITEMAPS = "sitemaps"
    MAPPED = "mapped"
    RENDERED = "rendered"
    SHOWN = "shown"
    PAGES = "pages"


#: Evidence that is gathered around a page, by a gatherer of that name, or made of what was.
AROUND = frozenset(
    {
        Needs.SCHEMES,
        Needs.SHARING,
        Needs.TLS,
        Needs.WELLKNOWN,
        Needs.EXPOSED,
        Needs.SCRIPTS,
        Needs.RENDERED,
        Needs.SHOWN,
        Needs.LIBRARIES,
        Needs.SITE,
        Needs.LINKS,
        Needs.SITEMAPS,
        Needs.MAPPED,
    },
)
#: Of those, what is judged beside the page.
BESIDE = frozenset({Needs.SITE, Needs.LINKS, Needs.SITEMAPS, Needs.MAPPED, Needs.RENDERED, Needs.SHOWN})


#: The kind of evidence that says in which forms of a page a problem is.
FORM = "markup"
#: The outcome of checks that could not decide, where they have one: somebody is to look.
REVIEW = "review"
#: For ``Check.parts``: it cannot do without any part of its evidence.
EVERY_PART = ("*",)


@frozen
class Outcome:
    """One problem found: ``key`` is one of the check's outcomes; ``count`` how often, where evidence is cut.

    ``confidence`` overrides the table's where this instance is less sure. ``pages`` are the addresses that it is about
    where a rule judges several pages, as their facts name them.
    """

    key: str
    evidence: tuple[Evidence, ...] = ()
    count: int = 1
    confidence: float | None = None
    pages: tuple[str, ...] = ()


#: A rule with its evidence at hand.
Judge = Callable[[], Iterable[Outcome]]
PageJudge = Callable[["Document"], Iterable[Outcome]]
SpeedJudge = Callable[["Speed"], Iterable[Outcome]]
ProgramJudge = Callable[["Protection"], Iterable[Outcome]]


@frozen
class Check:
    """One rule. ``id`` is stable and what a verification names; ``outcomes`` are all the keys it can give.

    ``criteria`` are success criteria of WCAG 2.1, ``act`` the W3C's test rules (ACT) that it decides in part or whole.
    ``headers`` are the response headers that decide, for checks of those; ``parts`` what of its evidence it cannot do
    without, by the names under which evidence tells what it missed: paths, or schemes; of measurements, the metric, or
    fields of the load. ``served`` ones judge what only the answer itself can tell, never what a browser made of it;
    ``doubt`` says of measurements why nothing found proves nothing. ``told_by`` names, by outcome, the rule that
    compares both forms of a page and speaks of the same thing where only one of them has it. ``heard`` ones judge by
    what a crawl met on its way too, where nothing more is asked for a page.
    """

    id: str
    version: int
    domain: Domain
    outcomes: tuple[str, ...]
    needs: Needs = Needs.HTML
    page: PageJudge | None = None
    speed: SpeedJudge | None = None
    doubt: Callable[[Speed], str | None] | None = None
    program: ProgramJudge | None = None
    schemes: Callable[[Schemes], Iterable[Outcome]] | None = None
    sharing: Callable[[Sharing], Iterable[Outcome]] | None = None
    tls: Callable[[Tls], Iterable[Outcome]] | None = None
    wellknown: Callable[[WellKnown], Iterable[Outcome]] | None = None
    exposed: Callable[[Exposed], Iterable[Outcome]] | None = None
    scripts: Callable[[Scripts], Iterable[Outcome]] | None = None
    libraries: Callable[[Libraries], Iterable[Outcome]] | None = None
    site: Callable[[Document, WellKnown], Iterable[Outcome]] | None = None
    links: Callable[[Document, Links], Iterable[Outcome]] | None = None
    sitemaps: Callable[[Document, Sitemaps], Iterable[Outcome]] | None = None
    mapped: Callable[[Document, Mapped], Iterable[Outcome]] | None = None
    rendered: Callable[[Document, Rendered], Iterable[Outcome]] | None = None
    shown: Callable[[Document, Document], Iterable[Outcome]] | None = None
    pages: Callable[[Pages], Iterable[Outcome]] | None = None
    criteria: tuple[str, ...] = ()
    act: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    served: bool = False
    heard: bool = False
    told_by: Mapping[str, str] = field(default_factory=dict)


@frozen
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
