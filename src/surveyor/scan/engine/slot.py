"""One scanner of a page at work in its own thread: it waits for its evidence and runs its checks within a deadline."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urljoin

from surveyor.scan.check import registry
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import AROUND, BESIDE, EVERY_PART, Check, Judge, Needs
from surveyor.scan.check.outline import outlined
from surveyor.scan.check.references import references
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine import grading, libraries
from surveyor.scan.engine.gathering import GATHERERS, Shared
from surveyor.scan.engine.parts import Parts
from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import LimitExceeded, ScanError, Unreachable, Unsupported
from surveyor.scan.events import Event, Progress
from surveyor.scan.evidence import SAMPLED, Libraries, Links, Page, Rendered, Scripts, Speed
from surveyor.scan.gather import Gathered, http, psi
from surveyor.scan.model import Coverage, CoverageState, Domain, Finding, Score
from surveyor.scan.net import judge_url
from surveyor.scan.outline import Outline
from surveyor.scan.plan import Request
from surveyor.scan.score import extended

#: How much of what a narrowed rule judged is quoted.
_SAW = 1_000
#: Statuses of success that bring no content.
_EMPTY = frozenset({204, 205})
_CUT = LimitExceeded("only the beginning of the page was judged")
_PLAIN = Unsupported("the page is served over plain http")


def outlines(slot: str, request: Request) -> bool:
    """Whether a slot is to bring the page's outline too."""
    return request.outline and slot == Domain.ACCESSIBILITY


class Relay:
    """Brings events of several threads to one progress, one at a time; those of a closed slot are dropped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def of(self, slot: Slot) -> Progress:
        """A progress for one slot's thread."""

        def sink(event: Event) -> None:
            with self._lock:
                if not slot.closed:
                    self._progress(event.stage, event.detail, pct=event.pct, level=event.level, **event.data)

        return Progress(sink)


@dataclass(slots=True)
class _Result:
    """What a slot came to; complete only when its thread says so."""

    findings: list[Finding] = field(default_factory=list)
    units: dict[str, int] = field(default_factory=dict)
    outline: Outline | None = None
    scores: tuple[Score, ...] = ()
    done: bool = False


class Slot:
    """One scanner at work in its own thread."""

    def __init__(self, name: str, shared: Shared, relay: Relay, request: Request) -> None:
        self.name = name
        self._rules = rules = request.rules
        self._outline = outlines(name, request)
        self._checks = tuple(rule for rule in CHECKS[Domain(name)] if rules is None or rule.id in rules)
        self.closed = False
        self._shared = shared
        self._result = _Result()
        self._ledger = Ledger(relay.of(self))
        self._document: Document | None = None
        self._have: dict[Needs, Gathered | Libraries | None] = {}
        #: What each rule that came to an end found, by its id.
        self._came_to: dict[str, tuple[str, ...]] = {}
        # a daemon: a thread that hangs in a parser must not keep the process
        self._thread = threading.Thread(target=self._work, name=f"slot-{name}", daemon=True)
        self._started = 0.0
        self._late: Coverage | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._started = time.monotonic()
        self._thread.start()

    def finish(self, seconds: float) -> None:
        """Wait until ``seconds`` after the start; a slot that is not done by then has failed."""
        self._thread.join(max(0.0, self._started + seconds - time.monotonic()))
        if not self._thread.is_alive():
            return
        detail = f"not done within {seconds:g} s"
        self._ledger.progress(f"{self.name}.err", detail, reason="limit_exceeded")
        self.closed = True
        self._late = Coverage(
            what=f"slot.{self.name}",
            state=CoverageState.FAILED,
            reason="limit_exceeded",
            detail=detail,
            asset=self._shared.asset.value,
        )

    def hand_over(self, parts: Parts, ledger: Ledger) -> None:
        """Add what this slot found, and what became of it, to the scan's."""
        # a late thread may still be adding to its own ledger; nothing of it is taken
        entries = [self._late] if self._late else list(self._ledger.entries)
        for entry in entries:
            ledger.add(entry)
        if self._late or not self._result.done:
            own = [entry for entry in entries if entry.what == f"slot.{self.name}"]
            parts.failed_slots[self.name] = (own[-1].detail if own else None) or "failed"
            return
        parts.findings += tuple(self._result.findings)
        parts.units |= self._result.units
        parts.outline = self._result.outline or parts.outline
        parts.scores += self._result.scores

    def _work(self) -> None:
        progress, result = self._ledger.progress, self._result
        asset = self._shared.asset.value
        with progress.timing(self.name):
            progress(f"{self.name}.start", asset)
            entry = self._ledger.attempt(f"slot.{self.name}", self._scan, stage=self.name, asset=asset)
        if entry is None:
            return
        self._ledger.add(entry)
        result.done = True
        counts = dict.fromkeys(("critical", "high", "medium", "low"), 0)
        for finding in result.findings:
            counts[finding.severity.value] += 1
        told = " ".join(f"{severity}={count}" for severity, count in counts.items())
        progress(f"{self.name}.done", f"findings={len(result.findings)} {told}", findings=counts)

    def _scan(self) -> Coverage:
        """Gather, then judge; the entry says how many rules could be run."""
        domain = Domain(self.name)
        if domain is Domain.PERFORMANCE:
            return self._judge_speed(self._measure())
        page = self._shared.fetch()
        self._ledger.progress(
            f"{self.name}.fetch",
            f"{page.status} {page.media_type} {len(page.body)} bytes from {page.url}",
            status=page.status,
            bytes=len(page.body),
            redirects=len(page.hops),
        )
        return self._judge_page(domain, page)

    def _measure(self) -> Speed:
        errand = self._shared.errand
        judge_url(errand.url, errand.settings)  # what we may not ask is nothing to tell others about
        speed = psi.gather(errand)
        self._result.units[psi.GATHERER.id] = psi.GATHERER.version
        score = "" if speed.score is None else f" score={speed.score:.2f}"
        values = {f"{metric.id}_{metric.source}": metric.value for metric in speed.metrics}
        self._ledger.progress("performance.fetch", f"{speed.engine}{score}", metrics=values, score=speed.score)
        return speed

    def _judge_speed(self, speed: Speed) -> Coverage:
        ran = 0
        for rule in self._checks:
            # a metric that was not measured (INP without visitors, for one) is unknown, not good
            metric = speed.metric(rule.id.removeprefix("performance_"))
            if rule.speed is not None and metric is not None:
                ran += self._apply(rule, partial(rule.speed, speed), saw=f"{metric.value:g} ({metric.source})")
        return self._looked(ran, len(self._checks))

    def _judge_page(self, domain: Domain, page: Page) -> Coverage:
        document = self._document = Document(page)
        self._result.units[http.GATHERER.id] = http.GATHERER.version
        missed = _missed(page)
        unfit = missed or _no_document(page)
        if unfit is not None and domain is Domain.ACCESSIBILITY:
            raise unfit
        if unfit is None and domain is not Domain.SECURITY:
            _ = document.elements  # markup that cannot be read fails the slot here, not each rule
        if domain is Domain.ACCESSIBILITY:
            document = self._rendered(document)
            page = document.page
        if self._outline:
            self._result.outline = outlined(document)
        if unfit is not None and domain is not Domain.SECURITY:
            # what is not the page has no surroundings of its own
            self._checks = tuple(rule for rule in self._checks if rule.needs not in AROUND)
        around = self._send_for(document)
        ran = 0
        for rule in self._checks:
            if rule.page is not None and (unfit is None or rule.needs is Needs.PAGE):
                saw = _sent(page, rule.headers)
                cut = _CUT if page.cut and rule.needs is not Needs.PAGE else None
                ran += self._apply(rule, partial(rule.page, document), saw=saw, gap=missed or cut)
        ran += sum(self._judge_around(rule, page) for rule in self._checks if rule.needs in AROUND)
        self._tell_untried()
        if self._grades:
            self._grade(document, around)
        gap = missed if domain is Domain.SECURITY else unfit
        if gap is not None:
            return self._partial(ran, gap.code, str(gap))
        if domain is Domain.SECURITY:
            return self._looked(ran, len(self._checks))
        if page.cut:
            limit = self._shared.errand.settings.limits.page_bytes
            return self._partial(ran, LimitExceeded.code, f"only the page's first {limit:,} bytes were judged")
        return self._looked(ran, len(self._checks))

    def _rendered(self, document: Document) -> Document:
        """The page as a browser shows it; as it was served where none does."""
        self._shared.begin((Needs.RENDERED,), links=tuple, references=tuple)
        found = self._gathered(Needs.RENDERED)
        if not isinstance(found, Rendered):
            return document
        self._ledger.progress(
            f"{self.name}.browser",
            f"{found.browser}{'' if found.sandboxed else ' without a sandbox'} requests={len(found.requests)}"
            f" errors={len(found.notes)} refused={len(found.refused)}{'' if found.settled else ', not settled'}",
            requests=len(found.requests),
            errors=len(found.notes),
            refused=dict(found.refused),
            settled=found.settled,
        )
        shown = Document(found.of(document.page))
        readable = self._ledger.attempt("gather.browser", lambda: bool(shown.elements), stage=self.name)
        return shown if readable else document

    @property
    def _grades(self) -> bool:
        return self.name in grading.GRADED and self._rules is None

    def _send_for(self, document: Document) -> set[Needs]:
        """Have everything gathered that the rules, and the grade, will ask for."""
        wanted = {rule.needs for rule in self._checks if rule.needs in AROUND}
        if self._grades:
            wanted |= grading.GRADED[self.name]
        if Needs.LIBRARIES in wanted and self._shared.errand.settings.probes:
            wanted.add(Needs.SCRIPTS)
        if not document.page.secure:
            wanted.discard(Needs.TLS)
        if wanted:
            self._shared.begin(
                sorted(wanted), links=partial(self._links, document), references=partial(references, document)
            )
        return wanted

    def _links(self, document: Document) -> tuple[str, ...]:
        """The addresses of the page's scripts; a page that cannot be read has none, and that is told."""
        if not document.page.is_html:
            return ()
        found = self._ledger.attempt("gather.scripts", partial(_scripts, document), stage=self.name)
        if found is None:
            self._have[Needs.SCRIPTS] = None
        return found or ()

    def _judge_around(self, rule: Check, page: Page) -> bool:
        """Run one rule on what was gathered around the page; what was not, is told once for all its rules."""
        judge = getattr(rule, rule.needs)
        if rule.needs is Needs.TLS and not page.secure:
            if self._rules is not None:
                self._ledger.add(self._ran(rule, 0, None, _PLAIN))
            self._came_to[rule.id] = (extended.NOT_APPLICABLE,)
            return True
        gathered = self._gathered(rule.needs)
        if gathered is None:
            return False
        told: Mapping[str, str] = getattr(gathered, "missed", {})
        sampled = SAMPLED if self._rules is None else frozenset()
        parts = [part for part in (told if rule.parts == EVERY_PART else rule.parts) if part not in sampled]
        lost = next((f"{part}: {told[part]}" for part in parts if part in told), None)
        evidence = (self._document, gathered) if rule.needs in BESIDE else (gathered,)
        return self._apply(rule, partial(judge, *evidence), gap=Unreachable(lost) if lost else None)

    def _gathered(self, need: Needs) -> Gathered | Libraries | None:
        if need is Needs.LIBRARIES and need not in self._have:
            self._have[need] = self._ledger.attempt("gather.libraries", self._libraries, stage=self.name)
        if need not in self._have:
            gatherer = GATHERERS[need]
            self._have[need] = self._ledger.attempt(
                f"gather.{gatherer.id}",
                partial(self._shared.get, need),
                stage=self.name,
                asset=self._shared.asset.value,
            )
            self._result.units[gatherer.id] = gatherer.version
        return self._have[need]

    def _tell_untried(self) -> None:
        """How many of the page's addresses were not asked for, and why."""
        links = self._have.get(Needs.LINKS)
        if isinstance(links, Links) and links.untried:
            asked, reasons = len(links.answers) + len(links.silent), Counter(links.untried.values())
            told = "; ".join(f"{count}: {why}" for why, count in reasons.most_common(5))
            self._ledger.add(
                Coverage(
                    what="links",
                    state=CoverageState.LOOKED,
                    detail=f"{asked} of {asked + len(links.untried)} addresses were asked for; {told}"[:_SAW],
                    asset=self._shared.asset.value,
                    count=asked,
                )
            )

    def _libraries(self) -> Libraries:
        errand = self._shared.errand
        # without leave to ask for more, what the page itself says has to do
        scripts = self._gathered(Needs.SCRIPTS) if errand.settings.probes else None
        assert self._document is not None
        found = scripts if isinstance(scripts, Scripts) else None
        if found is None and errand.settings.probes:
            raise Unreachable("the page's scripts could not be had")
        return libraries.look(self._document, found, errand.settings, self._ledger.progress)

    def _grade(self, document: Document, around: set[Needs]) -> None:
        have = {need: self._gathered(need) for need in around}
        grade = grading.seo if self.name == Domain.SEO else grading.scores
        self._result.scores = grade(self._shared.asset.value, document, have, self._came_to)
        for score in self._result.scores:
            told = f"{score.grade or ''} {'' if score.score is None else f'{score.score} points'}".strip()
            self._ledger.progress(
                f"{self.name}.grade",
                f"{score.profile}: {told or score.detail or 'none'}",
                score=score.score,
                grade=score.grade,
            )

    def _apply(self, rule: Check, judge: Judge, *, saw: str | None = None, gap: ScanError | None = None) -> bool:
        """Run one rule; whether it came to an end. ``saw`` is what it judged, ``gap`` why that was not what it should.

        What is found is found either way; only that nothing was proves nothing then.
        """
        found = self._ledger.attempt(f"check.{rule.id}", lambda: list(judge()), stage=self.name)
        if found is None:
            return False
        self._result.units[rule.id] = rule.version
        if self._rules is not None:
            self._ledger.add(self._ran(rule, len(found), saw, gap))
        self._result.findings += [registry.finding(rule, outcome, self._shared.asset) for outcome in found]
        if gap is not None and not found and rule.needs in AROUND:
            entry = self._ran(rule, 0, None, gap)
            if self._rules is None and rule.needs is Needs.LINKS:
                # hosts that others run, and of which nothing was found: told, and no fault of this scan
                self._ledger.add(replace(entry, state=CoverageState.SKIPPED))
            elif self._rules is None:
                self._ledger.fail(entry, stage=self.name)
            return False
        self._came_to[rule.id] = tuple(outcome.key for outcome in found)
        return True

    def _ran(self, rule: Check, outcomes: int, saw: str | None, gap: ScanError | None) -> Coverage:
        return Coverage(
            what=f"check.{rule.id}",
            state=CoverageState.PARTIAL if gap else CoverageState.LOOKED,
            reason=gap.code if gap else None,
            detail=str(gap) if gap else (saw or "")[:_SAW] or None,
            asset=self._shared.asset.value,
            count=outcomes,
        )

    def _looked(self, ran: int, known: int) -> Coverage:
        detail = f"{ran} of {known} rules"
        asset = self._shared.asset.value
        return Coverage(what=f"slot.{self.name}", state=CoverageState.LOOKED, detail=detail, asset=asset, count=ran)

    def _partial(self, ran: int, reason: str, detail: str) -> Coverage:
        return Coverage(
            what=f"slot.{self.name}",
            state=CoverageState.PARTIAL,
            reason=reason,
            detail=detail,
            asset=self._shared.asset.value,
            count=ran,
        )


def _sent(page: Page, names: tuple[str, ...]) -> str | None:
    """The headers that a check judges, as they were sent."""
    sent = [f"{name}: {value}" for name in names for value in page.headers_of(name)]
    return "; ".join(sent) or "absent" if names else None


def _scripts(document: Document) -> tuple[str, ...]:
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


def _missed(page: Page) -> ScanError | None:
    """Why an answer is not the page that was asked for, if it is not: neither its content nor its headers are."""
    if page.status >= 400:
        return Unreachable(f"the server answered {page.status}, and an error page is not the page")
    if page.status >= 300 or page.status in _EMPTY:
        return Unreachable(f"the server answered {page.status} without a page")
    return None


def _no_document(page: Page) -> ScanError | None:
    """Why the content of a page cannot be judged as a document; its headers can."""
    if not page.is_html:
        return Unsupported(f"{page.media_type or 'the answer'} is not an HTML page")
    return None
