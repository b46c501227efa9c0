"""Policies: every fact that a rule may ask for, unknown facts that decide nothing, and what is wrong with a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from surveyor.remedy import policy
from surveyor.remedy.document import read_yaml
from surveyor.remedy.rule import rule_on
from surveyor.scan.errors import Malformed
from surveyor.scan.judgement import Decision, DecisionStatus, Priority, Ruling
from surveyor.scan.model import Finding, Fix, Report, Severity, Tier
from tests.reports import NOW, flaw, package, remark, report

A = package("pkg:npm/a@1", "app/a", licenses=("MIT",))
B = package("pkg:pypi/b@1", "tests/b", licenses=("GPL-3.0-only",))
C = package("pkg:npm/c@1", "app/c")
PRIORITY = Priority(impact=50, effort=20, risk=None, score=60, factors=())
FLAW = flaw("CVE-1 GHSA-1", A, tier=Tier.CONFIRMED, priority=PRIORITY)


def rule(words: str, *findings: Finding, **more: Any) -> Ruling:
    text = f"policy: [{{name: r, when: {{{words}}}}}]"
    return on(text, report(*findings, packages=(A, B, C)), **more)[0]


def on(text: str, given: Report, **more: Any) -> tuple[Ruling, ...]:
    return rule_on(given, policy.read(read_yaml(text.encode())), today=NOW.date(), **more)


@pytest.mark.parametrize(
    ("words", "facts", "expected"),
    [
        ("severity: high", {}, True),
        ("severity: [critical, high]", {}, True),
        ("severity: critical", {}, False),
        ("severity: '>= medium'", {}, True),
        ("severity: '> high'", {}, False),
        ("severity: '<= high'", {}, True),
        ("severity: '>= low'", {"severity": Severity.UNKNOWN}, None),
        ("severity: ['>= high', unknown]", {"severity": Severity.UNKNOWN}, True),
        ("severity: high", {"severity": Severity.UNKNOWN}, None),
        ("epss: '> 0.1'", {"epss": 0.2}, True),
        ("epss: '> 0.1'", {"epss": 0.1}, False),
        ("epss: '>= 10%'", {"epss": 0.1}, True),
        ("epss: '> 0.1'", {}, None),
        ("epss: '< 0.1'", {}, None),
        ("kev: true", {"kev": True}, True),
        ("kev: true", {"kev": False}, False),
        ("kev: true", {}, None),
        ("kev: false", {}, None),
        ("kev: false", {"kev": False}, True),
        ("fixable: true", {"fixed_in": ("2",)}, True),
        ("fixable: true", {"fix_state": "not_fixed"}, False),
        ("fixable: false", {"fix_state": "not_fixed"}, True),
        ("fixable: true", {}, None),
        ("priority: '>= 60'", {}, True),
        ("priority: '> 60'", {}, False),
        ("priority: '>= 60'", {"priority": None}, None),
        ("priority: '< 70'", {"priority": replace(PRIORITY, impact=None)}, None),
        ("age: '> 30 days'", {"published": datetime(2026, 1, 1, tzinfo=UTC)}, True),
        ("age: '> 200d'", {"published": datetime(2026, 1, 1, tzinfo=UTC)}, False),
        ("age: '> 30'", {}, None),
        ("new: true", {}, None),
        ("domain: vulnerability", {}, True),
        ("domain: [seo, security]", {}, False),
        ("tier: confirmed_installed", {}, True),
        ("tier: heuristic_unverified", {}, False),
        ("id: ghsa-1", {}, True),
        ("id: CVE-2", {}, False),
        ("type: npm", {}, True),
        ("type: [pypi, gem]", {}, False),
        ("package: a", {}, True),
        ("package: pkg:npm/a@2", {}, False),
        ("path: app/**", {}, True),
        ("path: tests/**", {}, False),
        ("{severity: high, epss: '> 0.1'}", {}, None),
        ("{severity: low, epss: '> 0.1'}", {}, False),
        ("{severity: high, kev: true, fixable: true}", {"kev": True, "fixed_in": ("2",)}, True),
    ],
)
def test_what_a_rule_asks_for(words: str, facts: dict[str, Any], expected: bool | None) -> None:
    found = rule(words.strip("{}"), replace(FLAW, **facts))
    assert (found.broken, found.undecided) == (expected is True, 1 if expected is None else 0)
    assert bool(found.missing) is (expected is None)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("epss: '< 0.1'", False),
        ("kev: true", False),
        ("kev: false", True),
        ("age: '> 1'", False),
        ("type: npm", False),
        ("fixable: true", True),
        ("url: 'https://shop.example/**'", True),
    ],
)
def test_what_a_page_cannot_have_is_not_unknown(words: str, expected: bool) -> None:
    found = rule(words, remark("security_x", "X", "https://shop.example/a", recommended_fix=Fix(summary="do")))
    assert (found.broken, found.undecided) == (expected, 0)


def test_new_is_told_by_a_baseline() -> None:
    assert rule("new: true", FLAW, baseline=report()).broken
    assert not rule("new: true", FLAW, baseline=report(FLAW)).broken
    assert rule("new: false", FLAW, baseline=report(FLAW)).broken


def test_what_is_settled_breaks_no_rule() -> None:
    decision = Decision(status=DecisionStatus.FIXED, source="s", statement="1", reason="r", suppressed=True)
    assert not rule("severity: high", replace(FLAW, decision=decision)).broken
    assert rule("severity: high", replace(FLAW, decision=replace(decision, suppressed=False))).broken


def test_the_verdict_names_the_rule_and_what_broke_it() -> None:
    text = """
policy:
  - {name: highs, when: {severity: high}}
  - {name: no gpl, then: warn, licences: {deny: [GPL-*]}}
"""
    first, second = on(text, report(FLAW, packages=(A, B, C)))
    assert (first.rule, first.action, first.findings) == ("highs", "fail", ("CVE-1: npm/a",))
    assert (second.rule, second.action, second.packages) == ("no gpl", "warn", ("pkg:pypi/b@1",))
    assert (second.undecided, second.missing) == (1, ("licence",))


@pytest.mark.parametrize(
    ("words", "packages"),
    [
        ("allow: [MIT]", [B]),
        ("{allow: [MIT], except: [b]}", []),
        ("{allow: [MIT], except: ['pkg:pypi/b@2']}", [B]),
        ("{deny: [GPL-*, unknown]}", [B, C]),
        ("{deny: [GPL-*], type: npm}", []),
        ("{deny: [unknown], type: [npm]}", [C]),
    ],
)
def test_licences(words: str, packages: list[Any]) -> None:
    text = f"policy: [{{name: l, licences: {{{words.strip('{}')}}}}}]"
    assert list(on(text, report(packages=(A, B, C)))[0].packages) == [one.purl for one in packages]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("policy: {}", "expected a list"),
        ("policies: []", "nothing is called policies"),
        ("policy: [{when: {kev: true}}]", "needs a name"),
        ("policy: [{name: a}]", "about findings"),
        ("policy: [{name: a, when: {kev: true}, licences: {deny: [x]}}]", "about findings"),
        ("policy: [{name: a, when: {}}]", "names no condition"),
        ("policy: [{name: a, when: {kev: yes}}]", "true or false"),
        ("policy: [{name: a, when: {epss: 0.1}}]", "no comparison"),
        ("policy: [{name: a, when: {epss: '> high'}}]", "no comparison"),
        ("policy: [{name: a, when: {severity: bad}}]", "no severity"),
        ("policy: [{name: a, when: {severity: '>= unknown'}}]", "no severity"),
        ("policy: [{name: a, when: {domain: web}}]", "none of security"),
        ("policy: [{name: a, when: {cvss: '> 9'}}]", "nothing is called cvss"),
        ("policy: [{name: a, then: stop, when: {kev: true}}]", "none of fail, warn"),
        ("policy: [{name: a, licences: {}}]", "neither allows nor denies"),
        ("policy: [{name: a, when: {kev: true}}, {name: a, when: {kev: false}}]", "two rules are called"),
    ],
)
def test_says_what_is_wrong_and_where(text: str, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        policy.read(read_yaml(text.encode()))


def test_a_file_of_decisions_may_hold_a_policy() -> None:
    text = b"{ignore: [{id: x, reason: y}], products: [z], policy: [{name: a, when: {kev: true}}]}"
    assert [one.name for one in policy.read(read_yaml(text))] == ["a"]
