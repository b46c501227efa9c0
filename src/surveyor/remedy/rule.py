"""A rule over findings: conditions that hold, do not hold, or cannot be told, since unknown is no value of anything."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from surveyor.remedy.decisions.statement import Scope
from surveyor.remedy.decisions.target import Place, Target, subject_of
from surveyor.remedy.diff import pair
from surveyor.remedy.licence import Licences
from surveyor.scan.errors import Malformed
from surveyor.scan.formats import purl
from surveyor.scan.formats.purl import Purl
from surveyor.scan.judgement import Ruling
from surveyor.scan.model import Domain, Finding, Package, Report, Severity

FAIL, WARN = "fail", "warn"
_LISTED = 1_000
_COMPARED = re.compile(r"(>=|<=|>|<)\s*([0-9]+(?:\.[0-9]+)?|[a-z]+)\s*(%|d|days?)?")
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_RATED = [severity for severity in Severity if severity is not Severity.UNKNOWN]


@dataclass(frozen=True, slots=True)
class Context:
    """What rules look at beside a finding: its report, what is new in it, and the day."""

    target: Target
    today: date
    new: frozenset[pair.Key] | None = None
    _places: dict[int, tuple[list[Place], Purl | None]] = field(default_factory=dict)

    def touches(self, scope: Scope, finding: Finding) -> bool:
        """Whether a finding affects something that a scope names."""
        if id(finding) not in self._places:
            self._places[id(finding)] = self.target.places(finding), subject_of(finding)
        places, subject = self._places[id(finding)]
        return any(self.target.missing(scope, place, subject) is None for place in places)


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact and what it must be; ``holds`` gives nothing when nobody knows."""

    fact: str
    holds: Callable[[Finding, Context], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What must not be: a finding for which all conditions hold, or a package whose licence is not permitted.

    ``spared`` are packages whose licence is not looked at; ``types`` the PURL types that are, all when it is empty.
    """

    name: str
    action: str = FAIL
    conditions: tuple[Condition, ...] = ()
    licences: Licences | None = None
    spared: Scope | None = None
    types: frozenset[str] = field(default_factory=frozenset)


def rule_on(
    report: Report, rules: Sequence[Rule], *, today: date, baseline: Report | None = None
) -> tuple[Ruling, ...]:
    """What each rule says of a report; what somebody has settled breaks none."""
    new = None if baseline is None else new_since(baseline, report)
    context = Context(target=Target(report), today=today, new=new)
    return tuple(
        _on_packages(rule, rule.licences, report, context) if rule.licences else _on_findings(rule, report, context)
        for rule in rules
    )


def new_since(baseline: Report, report: Report) -> frozenset[pair.Key]:
    """Findings that a baseline does not have, or not there, or that were settled in it and no longer are."""
    pairs = pair.findings(baseline, report)
    fresh = {(finding.domain, finding.title) for finding in pairs.after}
    for old, now in pairs.both:
        if pair.assets(old, now).after or (_is_settled(old) and not _is_settled(now)):
            fresh.add((now.domain, now.title))
    return frozenset(fresh)


def _is_settled(finding: Finding) -> bool:
    return finding.aside or (finding.decision is not None and finding.decision.suppressed)


def _on_findings(rule: Rule, report: Report, context: Context) -> Ruling:
    broken: list[str] = []
    missing: dict[str, None] = {}
    undecided = 0
    for finding in report.findings:
        if _is_settled(finding):
            continue
        answers = [(condition.fact, condition.holds(finding, context)) for condition in rule.conditions]
        if any(answer is False for _, answer in answers):
            continue
        if unknown := [fact for fact, answer in answers if answer is None]:
            undecided += 1
            missing.update(dict.fromkeys(unknown))
        else:
            broken.append(finding.title)
    return Ruling(
        rule=rule.name,
        action=rule.action,
        broken=bool(broken),
        count=len(broken),
        findings=tuple(broken[:_LISTED]),
        undecided=undecided,
        missing=tuple(missing),
    )


def _on_packages(rule: Rule, licences: Licences, report: Report, context: Context) -> Ruling:
    broken: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for package in report.packages:
        if (rule.types and package.type not in rule.types) or _is_spared(rule, package, context):
            continue
        permitted = licences.permits(package)
        if permitted is None:
            unknown[package.purl] = None
        elif not permitted:
            broken[package.purl] = None
    return Ruling(
        rule=rule.name,
        action=rule.action,
        broken=bool(broken),
        count=len(broken),
        packages=tuple(broken)[:_LISTED],
        undecided=len(unknown),
        missing=("licence",) if unknown else (),
    )


def _is_spared(rule: Rule, package: Package, context: Context) -> bool:
    return rule.spared is not None and context.target.holds(rule.spared, package)


def either(answers: Iterable[bool | None]) -> bool | None:
    """Whether one of several holds: nothing when none does and of some nobody knows."""
    told = list(answers)
    return True if True in told else None if None in told else False


def severity(words: Sequence[str], place: str) -> Condition:
    """One of some severities, or one that is at least (``>= high``) so bad; unrated ones only by their name."""
    tests = [_severity(word, place) for word in words]
    return Condition("severity", lambda finding, _: either(test(finding.severity) for test in tests))


def _severity(word: str, place: str) -> Callable[[Severity], bool | None]:
    match = _COMPARED.fullmatch(word)
    name = match[2] if match else word
    if name not in list(Severity) or (match and name == Severity.UNKNOWN):
        known = ", ".join(_RATED)
        raise Malformed(f"{place}: {word[:80]!r} is no severity: {known}, unknown, or as '>= high'")
    wanted = Severity(name)
    if match is None:
        return lambda held: held is wanted if held is not Severity.UNKNOWN or wanted is held else None
    compare = _OPERATORS[match[1]]
    # the worst has the lowest rank
    return lambda held: None if held is Severity.UNKNOWN else compare(-held.rank, -wanted.rank)


def number(fact: str, text: str, place: str, value: Callable[[Finding, Context], float | bool | None]) -> Condition:
    """A comparison, as ``>= 0.1`` or ``> 90 days``; ``value`` gives ``False`` where a finding can have no such fact."""
    match = _COMPARED.fullmatch(text.strip().casefold())
    if match is None or not match[2][0].isdigit():
        raise Malformed(f"{place}: {text[:80]!r} is no comparison, as '>= 10'")
    compare, bound = _OPERATORS[match[1]], float(match[2]) / (100 if match[3] == "%" else 1)

    def holds(finding: Finding, context: Context) -> bool | None:
        held = value(finding, context)
        return held if held is None or held is False else compare(held, bound)

    return Condition(fact, holds)


def fixable(wanted: bool = True) -> Condition:
    """Whether something mends it: a version that is fixed, or advice of the rule's."""

    def holds(finding: Finding, _: Context) -> bool | None:
        if finding.domain is not Domain.VULNERABILITY:
            return (finding.recommended_fix is not None) is wanted
        if finding.fixed_in or finding.fix_state == "fixed":
            return wanted
        return None if finding.fix_state in {None, "unknown"} else not wanted

    return Condition("fix", holds)


def new(wanted: bool = True) -> Condition:
    """Whether a baseline does not have it; without a baseline nobody knows."""
    return Condition(
        "baseline",
        lambda finding, context: (
            None if context.new is None else ((finding.domain, finding.title) in context.new) is wanted
        ),
    )


def priority(text: str, place: str) -> Condition:
    """The formula's score; that of an unrated finding is only a lower bound."""
    condition = number("priority", text, place, _score)
    least = text.strip().startswith(">")

    def holds(finding: Finding, context: Context) -> bool | None:
        answer = condition.holds(finding, context)
        rated = finding.priority is not None and finding.priority.impact is not None
        return answer if rated or answer is least else None

    return Condition("priority", holds)


def _score(finding: Finding, _: Context) -> float | None:
    return None if finding.priority is None else finding.priority.score


def epss(text: str, place: str) -> Condition:
    """The probability of exploitation within 30 days, 0..1 or in per cent."""
    return number("epss", text, place, lambda finding, _: finding.epss if _is_flaw(finding) else False)


def age(text: str, place: str) -> Condition:
    """Days since the flaw was published."""
    return number(
        "age", text, place, lambda finding, context: _age(finding.published, context) if _is_flaw(finding) else False
    )


def _age(published: datetime | None, context: Context) -> float | None:
    return None if published is None else (context.today - published.date()).days


def known_exploited(wanted: bool) -> Condition:
    """Whether it is listed as exploited."""

    def holds(finding: Finding, _: Context) -> bool | None:
        if not _is_flaw(finding):
            return not wanted
        return None if finding.kev is None else finding.kev is wanted

    return Condition("kev", holds)


def one_of(fact: str, wanted: Sequence[str], values: Callable[[Finding], Iterable[str]]) -> Condition:
    """Whether a finding has one of some words."""
    words = frozenset(word.casefold() for word in wanted)
    return Condition(fact, lambda finding, _: not words.isdisjoint(value.casefold() for value in values(finding)))


def type_of(finding: Finding) -> str:
    """The PURL type of the package that it is about."""
    found = purl.parse(finding.package or "")
    return found.type if found else ""


def within(scope: Scope) -> Condition:
    """Whether it affects something that a scope names."""
    return Condition("scope", lambda finding, context: context.touches(scope, finding))


def _is_flaw(finding: Finding) -> bool:
    return finding.domain is Domain.VULNERABILITY
