"""One page of a scan, and what is asked around it: of the first page all, of one of each kind what differs by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from surveyor.scan.check.interface import AROUND, Needs
from surveyor.scan.engine.gathering import HOME, Shared
from surveyor.scan.engine.site.litter import Litter
from surveyor.scan.engine.site.template import Template, pattern
from surveyor.scan.evidence import Page
from surveyor.scan.net.extra import origin_of

#: How many pages of a scan are loaded, measured, and have asked what they name; and how many origins are looked at.
SAMPLE, _ORIGINS = 5, 5
#: What is the same for every page of a site, or read once for all of them.
_SITE_WIDE = frozenset(
    {Needs.SCHEMES, Needs.SHARING, Needs.TLS, Needs.WELLKNOWN, Needs.EXPOSED, Needs.SITEMAPS, Needs.MAPPED}
)


@dataclass(slots=True, kw_only=True)
class Member:
    """A page: what the slots share of it, its frame (empty where unread), how many links it is away from the first.

    ``reach`` is what evidence is gathered around it; ``sampled``: it is loaded and measured.
    """

    shared: Shared
    frame: str = ""
    depth: int = 0
    reach: frozenset[Needs] = AROUND
    sampled: bool = True

    @property
    def url(self) -> str:
        """The page as findings name it."""
        return self.shared.asset.value


@dataclass(slots=True, kw_only=True)
class Site:
    """The pages of one scan; ``several`` when it was to look at more than one, whether or not there are any."""

    members: list[Member]
    several: bool = False
    #: When looking at them ends, on the clock of their errands.
    until: float = 0.0
    #: Why not all pages that were named could be looked at.
    lost: str | None = None
    #: What finding the pages met on the way that was none, by the keys of addresses.
    met: Mapping[str, Page] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    litter: Litter = field(default_factory=Litter)

    def settle(self) -> None:
        """Say what is asked around which page, and what frames there are."""
        by_frame: dict[str, list[str]] = {}
        for member in self.members:
            by_frame.setdefault(member.frame, []).append(member.url)
        self.templates = {
            frame: Template(id=frame, pattern=pattern(urls), pages=len(urls)) for frame, urls in by_frame.items()
        }
        sample = {id(member) for member in _sample(self.members)}
        first = {id(member) for member in _first_of(self.members, _origin, _ORIGINS)}
        for member in self.members:
            member.sampled = id(member) in sample
            around = AROUND if member.sampled else HOME
            member.reach = around if id(member) in first else around - _SITE_WIDE
            member.shared.met, member.shared.hears = self.met, not member.sampled
            if self.met:
                # where the links of a page lead is known of those that the crawl has followed
                member.reach |= {Needs.LINKS}
        self.several = True

    @property
    def sampled(self) -> list[Member]:
        """The pages that are loaded and measured."""
        return [member for member in self.members if member.sampled]


def _sample(members: Iterable[Member]) -> Iterator[Member]:
    """One page of each frame; the first page is one."""
    return _first_of(members, lambda member: member.frame, SAMPLE)


def _first_of(members: Iterable[Member], name: Callable[[Member], object], most: int) -> Iterator[Member]:
    seen: set[object] = set()
    for member in members:
        mark = name(member)
        if mark not in seen and len(seen) < most:
            seen.add(mark)
            yield member


def _origin(member: Member) -> tuple[str, str, int]:
    page = member.shared.page
    return origin_of(page.url if page is not None else member.url)
