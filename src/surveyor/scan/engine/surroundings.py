"""What is around a page, for one slot: sent for at once, waited for rule by rule, and each loss told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property, partial
from urllib.parse import urljoin

from surveyor.scan.accessible import Tree
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Needs
from surveyor.scan.check.linking import moved
from surveyor.scan.check.references import references
from surveyor.scan.engine import libraries
from surveyor.scan.engine.gathering import GATHERERS, Shared
from surveyor.scan.engine.rules import Rules
from surveyor.scan.errors import ScanError, Unreachable
from surveyor.scan.evidence import SCRIPT, SITEMAP, Libraries, Links, Reference, Rendered, Scripts, Sitemaps
from surveyor.scan.gather import Gathered
from surveyor.scan.model import Coverage, CoverageState

#: How much of why addresses were not asked for is told.
_WHY = 1_000


class Surroundings:
    """What is around the page that was served as ``document``."""

    def __init__(self, shared: Shared, rules: Rules, document: Document) -> None:
        self._shared = shared
        self._ledger, self._units = rules.ledger, rules.result.units
        self._stage = rules.domain.value
        self._document = document
        self._have: dict[Needs, Gathered | Libraries | None] = {}

    def send_for(self, needs: Iterable[Needs]) -> None:
        """Have everything gathered that somebody will ask for."""
        wanted = set(needs)
        if Needs.LIBRARIES in wanted and self._shared.errand.settings.probes:
            wanted.add(Needs.SCRIPTS)
        if wanted:
            self._shared.begin(sorted(wanted), links=self._scripts, references=self._references)

    def get(self, need: Needs) -> Gathered | Libraries | None:
        """What was sent for; nothing where it could not be had, which is in the ledger once."""
        # what brings the same is asked once
        need = Needs.RENDERED if need is Needs.SHOWN else need
        if need not in self._have:
            self._have[need] = self._libraries() if need is Needs.LIBRARIES else self._gathered(need)
        return self._have[need]

    @cached_property
    def shown(self) -> Document | None:
        """The page as a browser shows it; nothing where none does, which is in the ledger once."""
        self.send_for((Needs.RENDERED,))
        found = self.get(Needs.RENDERED)
        if not isinstance(found, Rendered):
            return None
        self._ledger.progress(
            f"{self._stage}.browser",
            f"{found.browser}{'' if found.sandboxed else ' without a sandbox'} requests={len(found.requests)}"
            f" errors={len(found.notes)} refused={len(found.refused)}{'' if found.settled else ', not settled'}",
            requests=len(found.requests),
            errors=len(found.notes),
            refused=dict(found.refused),
            settled=found.settled,
        )
        shown = Document(self._document.page, found)
        readable = self._ledger.attempt("gather.browser", lambda: bool(shown.elements), stage=self._stage)
        return shown if readable else None

    @property
    def moved(self) -> bool:
        """Whether the page's scripts led the browser to another one."""
        found = self._have.get(Needs.RENDERED)
        return isinstance(found, Rendered) and moved(self._document.page, found)

    @property
    def unshown(self) -> ScanError | None:
        """Why it is not known how a browser shows the page, where there is one that should have."""
        if self._shared.errand.settings.browser is None or self.shown is not None:
            return None
        return Unreachable("the page as a browser shows it could not be had")

    @property
    def tree(self) -> Tree | None:
        """What the browser tells assistive technology of the page; nothing where ``shown`` was not asked for."""
        return self.rendered.tree if self.rendered is not None else None

    @property
    def rendered(self) -> Rendered | None:
        """What the browser made of the page; nothing where ``shown`` was not asked for."""
        found = self._have.get(Needs.RENDERED)
        return found if isinstance(found, Rendered) else None

    def tell_untried(self) -> None:
        """How many of the page's addresses and scripts, and of the site's sitemaps, were not asked for, and why."""
        links, maps = self._have.get(Needs.LINKS), self._have.get(Needs.SITEMAPS)
        if isinstance(links, Links) and links.untried:
            asked, reasons = len(links.answers) + len(links.silent), Counter(links.untried.values())
            told = "; ".join(f"{count}: {why}" for why, count in reasons.most_common(5))
            self._tell("links", asked, f"{asked} of {asked + len(links.untried)} addresses were asked for; {told}")
        if isinstance(maps, Sitemaps) and SITEMAP in maps.missed:
            self._tell("sitemaps", len(maps.files), maps.missed[SITEMAP])
        scripts = self._have.get(Needs.SCRIPTS)
        if isinstance(scripts, Scripts) and SCRIPT in scripts.missed:
            self._tell("scripts", len(scripts.scripts), scripts.missed[SCRIPT])

    def _references(self) -> tuple[Reference, ...]:
        """What the page names; where it has no link as it was served, with what it names as a browser shows it."""
        if self._shared.hears:
            return references(self._document, among=self._shared.was_met)
        found = references(self._document)
        if any(one.kind == "anchor" for one in found) or not self._document.page.is_html:
            return found
        shown = self.shown
        late = () if shown is None else references(shown)
        return tuple({one.url: one for one in (*late, *found)}.values())

    def _tell(self, what: str, count: int, detail: str) -> None:
        asset = self._shared.asset.value
        entry = Coverage(what=what, state=CoverageState.LOOKED, detail=detail[:_WHY], asset=asset, count=count)
        self._ledger.add(entry)

    def _gathered(self, need: Needs) -> Gathered | None:
        gatherer = GATHERERS[need]
        self._units[gatherer.id] = gatherer.version
        return self._ledger.attempt(
            f"gather.{gatherer.id}",
            partial(self._shared.get, need),
            stage=self._stage,
            asset=self._shared.asset.value,
        )

    def _libraries(self) -> Libraries | None:
        return self._ledger.attempt("gather.libraries", self._look, stage=self._stage)

    def _look(self) -> Libraries:
        errand = self._shared.errand
        # without leave to ask for more, what the page itself says has to do
        found = self.get(Needs.SCRIPTS) if errand.settings.probes else None
        scripts = found if isinstance(found, Scripts) else None
        if scripts is None and errand.settings.probes:
            raise Unreachable("the page's scripts could not be had")
        return libraries.look(self._document, scripts, errand.settings, self._ledger.progress)

    def _scripts(self) -> tuple[str, ...]:
        """The addresses of the page's scripts; a page that cannot be read has none, and that is told."""
        if not self._document.page.is_html:
            return ()
        found = self._ledger.attempt("gather.scripts", partial(_sources, self._document), stage=self._stage)
        if found is None:
            self._have[Needs.SCRIPTS] = None
        return found or ()


def _sources(document: Document) -> tuple[str, ...]:
    """Addresses of scripts that the page loads, without what is no address."""
    found = []
    for node in document.named("script"):
        source = (node.attributes.get("src") or "").strip()
        try:
            url = urljoin(document.page.url, source) if source else ""
        except ValueError:
            continue
        if url.lower().startswith(("http:", "https:")):
            found.append(url)
    return tuple(dict.fromkeys(found))
