"""One page judged by the rules of one slot: what was answered, what is in it, and what is around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from surveyor.scan.check.document import Document
from surveyor.scan.check.facts import facts
from surveyor.scan.check.interface import AROUND, BESIDE, EVERY_PART, Check, Needs
from surveyor.scan.check.outline import outlined
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine import grading, pictures
from surveyor.scan.engine.gathering import Shared
from surveyor.scan.engine.rules import Rules
from surveyor.scan.engine.surroundings import Surroundings
from surveyor.scan.errors import LimitExceeded, ScanError, Unreachable, Unsupported
from surveyor.scan.evidence import SAMPLED, Page
from surveyor.scan.gather import http
from surveyor.scan.model import Coverage, Domain
from surveyor.scan.score import extended

#: Statuses of success that bring no content.
_EMPTY = frozenset({204, 205})
_CUT = LimitExceeded("only the beginning of the page was judged")
_ELSEWHERE = Unsupported("the page's scripts lead to another page")
_PLAIN = Unsupported("the page is served over plain http")


def judge(rules: Rules, shared: Shared, *, outline: bool) -> Coverage:
    """Fetch, gather and judge; the entry says how many rules could be run. ``outline`` asks for the page's too."""
    page = shared.fetch()
    rules.ledger.progress(
        f"{rules.domain.value}.fetch",
        f"{page.status} {page.media_type} {len(page.body)} bytes from {page.url}",
        status=page.status,
        bytes=len(page.body),
        redirects=len(page.hops),
    )
    rules.result.units[http.GATHERER.id] = http.GATHERER.version
    document, missed = Document(page), _missed(page)
    unfit = missed or _no_document(page)
    if rules.domain is not Domain.SECURITY:
        if unfit is None:
            _ = document.elements  # markup that cannot be read fails the slot here, not each rule
        elif rules.domain is Domain.ACCESSIBILITY:
            raise unfit
    around = Surroundings(shared, rules, document)
    if rules.compared and unfit is None:
        rules.result.facts = facts(document, url=rules.asset.value)
    if rules.domain is Domain.ACCESSIBILITY and Needs.RENDERED in rules.reach:
        document = around.shown or document
        rules.pictures = pictures.taken(around.rendered)
        rules.known = pictures.known(shared.errand, around.rendered)
    shown = outlined(document, around.tree) if outline else None
    ran = _Judge(rules, document, around, missed=missed, unfit=unfit).run()
    if shown is not None:
        rules.result.outline = replace(shown, undecided=tuple(rules.result.undecided))
    gap = missed if rules.domain is Domain.SECURITY else unfit
    if gap is not None:
        return rules.partial(ran, gap.code, str(gap))
    if document.page.cut and rules.domain is not Domain.SECURITY:
        limit = shared.errand.settings.limits.page_bytes
        return rules.partial(ran, LimitExceeded.code, f"only the page's first {limit:,} bytes were judged")
    return rules.looked(ran)


class _Judge:
    """One pass of a slot's rules over one page; ``missed`` and ``unfit`` say why it is not the one, or none at all."""

    def __init__(
        self,
        rules: Rules,
        document: Document,
        around: Surroundings,
        *,
        missed: ScanError | None,
        unfit: ScanError | None,
    ) -> None:
        self._rules, self._document, self._around = rules, document, around
        self._missed, self._unfit = missed, unfit

    def run(self) -> int:
        """How many rules came to an end."""
        rules = self._rules
        within = [rule for rule in rules.checks if rule.page is not None]
        # what is not the page has no surroundings of its own
        alone = self._unfit is not None and rules.domain is not Domain.SECURITY
        around = [] if alone else [rule for rule in rules.checks if rule.needs in AROUND]
        wanted = {rule.needs for rule in around}
        # a grade is of the page that the scan is of, and rests on all that is around it
        grades = rules.domain.value in grading.GRADED and not rules.narrowed and rules.reach == AROUND
        if grades:
            wanted |= grading.GRADED[rules.domain.value]
        if not self._document.page.secure:
            wanted.discard(Needs.TLS)
        self._around.send_for(wanted | ({Needs.SHOWN} if self._twice else set()))
        ran = sum(self._judge_within(rule) for rule in within) + sum(self._judge_around(rule) for rule in around)
        self._around.tell_untried()
        if grades:
            self._grade(wanted)
        return ran

    @property
    def _twice(self) -> bool:
        """Whether the document is also judged as a browser shows it."""
        rules = self._rules
        shows = rules.domain is Domain.SEO and Needs.SHOWN in rules.reach
        return shows and self._unfit is None and any(map(_is_of_markup, rules.checks))

    @property
    def _shown(self) -> Document | None:
        """The page as a browser shows it; another one, to which its scripts lead, says nothing of this."""
        return self._around.shown if self._twice and not self._around.moved else None

    def _judge_within(self, rule: Check) -> bool:
        """Run one rule on the answer itself."""
        page, judged = self._document.page, rule.page
        if judged is None or (self._unfit is not None and rule.needs is not Needs.PAGE):
            return False
        cut = _CUT if page.cut and rule.needs is not Needs.PAGE else None
        saw = _sent(page, rule.headers)
        shown = self._shown if _is_of_markup(rule) else None
        return self._rules.apply(
            rule,
            partial(judged, self._document),
            saw=saw,
            gap=self._missed or cut or (self._around.unshown if self._twice and not rule.served else None),
            shown=partial(judged, shown) if shown is not None else None,
            elsewhere=partial(self._told_by, rule) if rule.told_by and self._shown is not None else None,
        )

    def _told_by(self, rule: Check) -> frozenset[str]:
        """Outcomes of a rule that one which compares both forms of the page tells of, and more exactly."""
        shown = self._shown
        assert shown is not None
        if rule.served:
            return frozenset(rule.told_by)  # a guess from what is served, where both forms are there to be compared
        comparing = {one.id: one.shown for one in CHECKS[rule.domain] if one.shown is not None}
        told = ((key, comparing[other]) for key, other in rule.told_by.items())
        return frozenset(key for key, judge in told if next(iter(judge(self._document, shown)), None) is not None)

    def _judge_around(self, rule: Check) -> bool:
        """Run one rule on what was gathered around the page; what was not, is told once for all its rules."""
        if rule.needs is Needs.TLS and not self._document.page.secure:
            self._rules.skip(rule, extended.NOT_APPLICABLE, _PLAIN)
            return True
        gathered = self._around.get(rule.needs)
        if gathered is not None and rule.needs is Needs.SHOWN and self._around.moved:
            self._rules.skip(rule, extended.NOT_APPLICABLE, _ELSEWHERE)
            return True
        beside = self._around.shown if gathered is not None and rule.needs is Needs.SHOWN else gathered
        if gathered is None or beside is None:
            return False
        told: Mapping[str, str] = getattr(gathered, "missed", {})
        sampled = frozenset() if self._rules.narrowed else SAMPLED
        parts = [part for part in (told if rule.parts == EVERY_PART else rule.parts) if part not in sampled]
        lost = next((f"{part}: {told[part]}" for part in parts if part in told), None)
        evidence = (self._document, beside) if rule.needs in BESIDE else (gathered,)
        judged = partial(getattr(rule, rule.needs), *evidence)
        return self._rules.apply(rule, judged, gap=Unreachable(lost) if lost else None)

    def _grade(self, around: set[Needs]) -> None:
        rules = self._rules
        have = {need: self._around.get(need) for need in around}
        grade = grading.seo if rules.domain is Domain.SEO else grading.scores
        document = self._shown or self._document
        rules.result.scores = grade(rules.asset.value, document, have, rules.came_to)
        for score in rules.result.scores:
            told = f"{score.grade or ''} {'' if score.score is None else f'{score.score} points'}".strip()
            rules.ledger.progress(
                f"{rules.domain.value}.grade",
                f"{score.profile}: {told or score.detail or 'none'}",
                score=score.score,
                grade=score.grade,
            )


def _is_of_markup(rule: Check) -> bool:
    """Whether a rule judges what a browser may change."""
    return rule.page is not None and not rule.served


def _sent(page: Page, names: tuple[str, ...]) -> str | None:
    """The headers that a check judges, as they were sent."""
    sent = [f"{name}: {value}" for name in names for value in page.headers_of(name)]
    return "; ".join(sent) or "absent" if names else None


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
