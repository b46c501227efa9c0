"""The rules of one slot: each is run once, what it finds is kept, and what became of it is told."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from surveyor.scan.check import registry
from surveyor.scan.check.interface import AROUND, REVIEW, Check, Judge, Needs, Outcome
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine import views
from surveyor.scan.engine.pictures import attached
from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import ScanError
from surveyor.scan.facts import Facts
from surveyor.scan.figures import Measurement, Score
from surveyor.scan.model import Asset, Coverage, CoverageState, Domain, Finding
from surveyor.scan.outline import Outline

#: What is not the page alone.
_BEYOND = AROUND | {Needs.PAGES}
#: How much of what a narrowed rule judged is quoted.
_SAW = 1_000


@dataclass(slots=True)
class Result:
    """What a slot came to; complete only when its thread says so."""

    findings: list[Finding] = field(default_factory=list)
    units: dict[str, int] = field(default_factory=dict)
    #: Titles of what rules left to be reviewed.
    undecided: list[str] = field(default_factory=list)
    outline: Outline | None = None
    scores: tuple[Score, ...] = ()
    facts: Facts | None = None
    measurements: tuple[Measurement, ...] = ()
    done: bool = False


class Rules:
    """The rules of one domain that are to be run on ``asset``; where only some were asked for, each is told of.

    ``reach`` is what may be gathered around the page: rules that need more are not run on it, nor those that it is
    judged ``without``.
    """

    def __init__(
        self,
        domain: Domain,
        only: Collection[str] | None,
        asset: Asset,
        ledger: Ledger,
        reach: frozenset[Needs] = AROUND,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self.domain = domain
        self.asset = asset
        self.ledger = ledger
        self.only, self.reach = only, reach
        #: Whether what this page is compared with others by is to be read.
        self.compared = False
        self.narrowed = only is not None
        #: Those that were asked for, and of them those that can be run on the page.
        self.all = tuple(rule for rule in CHECKS[domain] if only is None or rule.id in only)
        fit = (rule for rule in self.all if rule.needs in reach or rule.needs not in _BEYOND)
        self.checks = tuple(rule for rule in fit if rule.id not in without)
        self.result = Result()
        #: Pictures of the page's elements by their selectors.
        self.pictures: dict[str, str] = {}
        #: What rules found already, by their ids.
        self.known: dict[str, tuple[Outcome, ...]] = {}
        #: What each rule that came to an end found, by its id.
        self.came_to: dict[str, tuple[str, ...]] = {}

    def apply(
        self,
        rule: Check,
        judge: Judge,
        *,
        saw: str | None = None,
        gap: ScanError | None = None,
        shown: Judge | None = None,
        elsewhere: Callable[[], Collection[str]] | None = None,
    ) -> bool:
        """Run one rule; whether it came to an end. ``saw`` is what it judged, ``gap`` why that was not what it should.

        What is found is found either way; only that nothing was proves nothing then. ``shown`` is the rule on the page
        as a browser shows it, whose word counts for the score; ``elsewhere`` are outcomes that another rule tells of.
        """
        if rule.id in self.known:
            found: list[Outcome] | None = list(self.known[rule.id])
        else:
            found = self.ledger.attempt(f"check.{rule.id}", lambda: list(judge()), stage=self.domain.value)
        if found is None:
            return False
        counts = found
        if shown is not None:
            late = self.ledger.attempt(f"check.{rule.id}", lambda: list(shown()), stage=self.domain.value)
            if late is None:
                return False
            found, counts = views.joined(found, late), late
        if found and elsewhere is not None:
            told = self.ledger.attempt(f"check.{rule.id}", elsewhere, stage=self.domain.value)
            found = views.untold(found, told or ())
        self.result.units[rule.id] = rule.version
        if self.narrowed:
            self.ledger.add(self._ran(rule, len(found), saw, gap))
        for outcome in found:
            finding = attached(registry.finding(rule, outcome, self.asset), self.pictures)
            self.result.findings.append(finding)
            if outcome.key == REVIEW:
                self.result.undecided.append(finding.title)
        if gap is not None and not found and rule.needs in AROUND:
            if not self.narrowed:
                self._lose(rule, gap)
            return False
        self.came_to[rule.id] = tuple(outcome.key for outcome in counts)
        return True

    def skip(self, rule: Check, outcome: str, why: ScanError) -> None:
        """Of a rule that has nothing to judge here: what stands for its outcome, and why."""
        if self.narrowed:
            self.ledger.add(self._ran(rule, 0, None, why))
        self.came_to[rule.id] = (outcome,)

    def looked(self, ran: int) -> Coverage:
        """The slot's entry where it saw all that it should."""
        return self._entry(CoverageState.LOOKED, ran, f"{ran} of {len(self.checks)} rules")

    def partial(self, ran: int, reason: str, detail: str) -> Coverage:
        """The slot's entry where it did not."""
        return self._entry(CoverageState.PARTIAL, ran, detail, reason)

    def _entry(self, state: CoverageState, ran: int, detail: str, reason: str | None = None) -> Coverage:
        return Coverage(
            what=f"slot.{self.domain.value}",
            state=state,
            reason=reason,
            detail=detail,
            asset=self.asset.value,
            count=ran,
        )

    def _lose(self, rule: Check, gap: ScanError) -> None:
        entry = self._ran(rule, 0, None, gap)
        if rule.needs is Needs.LINKS:
            # hosts that others run, and of which nothing was found: told, and no fault of this scan
            self.ledger.add(replace(entry, state=CoverageState.SKIPPED))
        else:
            self.ledger.fail(entry, stage=self.domain.value)

    def _ran(self, rule: Check, outcomes: int, saw: str | None, gap: ScanError | None) -> Coverage:
        return Coverage(
            what=f"check.{rule.id}",
            state=CoverageState.PARTIAL if gap else CoverageState.LOOKED,
            reason=gap.code if gap else None,
            detail=str(gap) if gap else (saw or "")[:_SAW] or None,
            asset=self.asset.value,
            count=outcomes,
        )
