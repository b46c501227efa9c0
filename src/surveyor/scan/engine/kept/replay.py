"""Judges again what a scan saw: today's rules on kept evidence, with no network and no browser at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from surveyor.scan.check.interface import Check, Needs
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine.gathering import GATHERERS, HOME, MEASURED, Shared
from surveyor.scan.engine.kept.bundle import Bundle, Seen, raised
from surveyor.scan.engine.site.member import Member, Site
from surveyor.scan.errors import Absent, NotConfigured, ScanError
from surveyor.scan.evidence import Page, Reference
from surveyor.scan.gather import Errand, Gathered, http
from surveyor.scan.model import Coverage, CoverageState, Domain
from surveyor.scan.settings import Settings
from surveyor.scan.speed import Speed

#: The reason of what is not in a file of evidence.
MISSING = "not_in_evidence"
_WITHIN = frozenset({Needs.PAGE, Needs.HTML})


class Replayed(Shared):
    """A page as it was seen; what is not among that is nowhere to be had."""

    def __init__(self, errand: Errand, seen: Seen, home: Shared | None) -> None:
        super().__init__(errand, page=seen.page, home=home)
        self._seen = seen

    def fetch(self) -> Page:
        """The page, or why there was none."""
        if self.page is None:
            raise self._trouble(http.GATHERER.id)
        return self.page

    def begin(
        self,
        needs: Iterable[Needs],
        *,
        links: Callable[[], tuple[str, ...]],
        references: Callable[[], tuple[Reference, ...]] = tuple,
    ) -> None:
        """Nothing is sent for."""
        _ = needs, links, references

    def get(self, need: Needs) -> Gathered:
        """What was brought then."""
        if self.home is not None and need in HOME:
            return self.home.get(need)
        return self._found(GATHERERS[need].id)

    def measured(self, measure: Callable[[Errand], Speed]) -> Speed:
        """How the page loaded then."""
        _ = measure
        found = self._found(MEASURED)
        assert isinstance(found, Speed)
        return found

    def has(self, need: Needs) -> bool:
        """Whether what a rule needs was gathered, or tried to be."""
        if need in _WITHIN:
            return True
        if need is Needs.LIBRARIES:
            need = Needs.SCRIPTS
        name = MEASURED if need is Needs.SPEED else GATHERERS[need].id if need in GATHERERS else ""
        here = getattr(self._seen.gathered, name, None) is not None or name in self._seen.troubles
        return here or (isinstance(self.home, Replayed) and self.home.has(need))

    def lacks(self, rule: Check, domain: Domain) -> bool:
        """Whether a rule would be run on the page if what it needs had been gathered."""
        page = self.page
        if page is None or rule.needs is Needs.PAGES or (rule.needs is Needs.TLS and not page.secure):
            return False
        fit = domain is Domain.SECURITY or (page.status == 200 and page.is_html)
        return fit and not self.has(rule.needs)

    def _found(self, name: str) -> Gathered:
        found: Gathered | None = getattr(self._seen.gathered, name, None)
        if found is None:
            raise self._trouble(name)
        return found

    def _trouble(self, name: str) -> ScanError:
        kept = self._seen.troubles.get(name)
        return raised(kept) if kept is not None else Absent("it is not in the evidence that was kept")


def site_of(bundle: Bundle, errand: Errand) -> Site:
    """The pages of a file of evidence."""
    errand = replace(errand, settings=_as_then(bundle, errand.settings))
    shared: list[Replayed] = []
    for seen in bundle.pages:
        home = shared[seen.home] if seen.home is not None and seen.home < len(shared) else None
        limits = replace(errand.settings.limits, page_bytes=seen.limit or errand.settings.limits.page_bytes)
        own = replace(errand, url=seen.url, settings=replace(errand.settings, limits=limits))
        shared.append(Replayed(own, seen, home))
    pairs = zip(shared, bundle.pages, strict=True)
    members = [Member(shared=one, frame=seen.frame, depth=seen.depth) for one, seen in pairs]
    site = Site(members=members, met=bundle.met)
    if bundle.several:
        site.settle()
        site.until = errand.deadline
    return site


def _as_then(bundle: Bundle, settings: Settings) -> Settings:
    """Settings that say of a browser and of probes what those of the scan said."""
    off = {name for seen in bundle.pages for name, one in seen.troubles.items() if one.kind == NotConfigured.__name__}
    loaded = any(seen.gathered.browser is not None or "browser" in seen.troubles for seen in bundle.pages)
    browser = "kept" if loaded and "browser" not in off else None
    return replace(settings, browser=browser, probes="scripts" not in off and "exposed" not in off)


def missing(bundle: Bundle, site: Site, rules: tuple[str, ...] | None) -> list[Coverage]:
    """The rules of which nothing can be said, since what they need was gathered for no page."""
    pages = [one.shared for one in site.members if isinstance(one.shared, Replayed)]
    found = []
    for domain in map(Domain, bundle.slots):
        for rule in CHECKS[domain]:
            wanted = rules is None or rule.id in rules
            if wanted and any(page.lacks(rule, domain) for page in pages) and not any(p.has(rule.needs) for p in pages):
                found.append(_gone(rule.id, rule.needs, bundle))
    return found


def _gone(rule: str, needs: Needs, bundle: Bundle) -> Coverage:
    return Coverage(
        what=f"check.{rule}",
        state=CoverageState.MISSING,
        reason=MISSING,
        detail=f"it needs evidence ({needs.value}) that was not kept",
        asset=bundle.pages[0].url,
    )
