"""The gate: what stops a pipeline, and which exit code a run ends with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from surveyor.remedy.gate import Gate, Verdict, parse
from surveyor.remedy.gate import judge as weigh
from surveyor.remedy.rule import rule_on
from surveyor.scan.errors import BadTarget
from surveyor.scan.judgement import Decision, DecisionStatus, Priority
from surveyor.scan.model import Coverage, CoverageState, Domain, Finding, Kind, Report, ScanStatus, Severity, Target
from tests import reports
from tests.reports import flaw, package

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def report(
    *severities: Severity, status: ScanStatus = ScanStatus.COMPLETE, states: tuple[CoverageState, ...] = ()
) -> Report:
    findings = tuple(
        Finding(domain=Domain.SECURITY, rule=f"r{i}", title=f"t{i}", severity=s) for i, s in enumerate(severities)
    )
    return Report(
        scanner={},
        target=Target(kind=Kind.WEB, source="https://example.test/", type="url"),
        started_at=NOW,
        finished_at=NOW,
        scan_status=status,
        findings=findings,
        coverage=tuple(Coverage(what="x", state=state) for state in states),
    )


def judge(given: Report, gate: Gate, baseline: Report | None = None) -> Verdict:
    return weigh(given, rule_on(given, gate.rules(), today=NOW.date(), baseline=baseline))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("high", Gate(threshold=Severity.HIGH)),
        ("LOW, unknown", Gate(threshold=Severity.LOW, unknown=True)),
        ("unknown", Gate(unknown=True)),
    ],
)
def test_reads_a_gate(text: str, expected: Gate) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["", "severe", "high,low", "high,", "unknown,unknown"])
def test_refuses_what_is_no_gate(text: str) -> None:
    with pytest.raises(BadTarget, match="--fail-on"):
        parse(text)


@pytest.mark.parametrize(
    ("gate", "severities", "code"),
    [
        ("high", [Severity.MEDIUM], 0),
        ("high", [Severity.HIGH], 1),
        ("high", [Severity.CRITICAL], 1),
        ("high", [Severity.UNKNOWN], 0),
        ("high,unknown", [Severity.UNKNOWN], 1),
        ("unknown", [Severity.CRITICAL], 0),
    ],
)
def test_unknown_is_never_counted_as_anything_else(gate: str, severities: list[Severity], code: int) -> None:
    assert judge(report(*severities), parse(gate)).exit_code == code


def test_no_gate_never_fails() -> None:
    assert judge(report(Severity.CRITICAL), Gate()).exit_code == 0


@pytest.mark.parametrize("state", [CoverageState.PARTIAL, CoverageState.FAILED, CoverageState.MISSING])
def test_incomplete_is_three_unless_the_gate_failed(state: CoverageState) -> None:
    assert judge(report(states=(state,)), Gate()).exit_code == 3
    assert judge(report(Severity.HIGH, states=(state,)), parse("high")).exit_code == 1


@pytest.mark.parametrize("state", [CoverageState.NOT_CONFIGURED, CoverageState.SKIPPED, CoverageState.LOOKED])
def test_what_was_not_asked_for_changes_no_exit_code(state: CoverageState) -> None:
    assert judge(report(states=(state,)), Gate()).exit_code == 0


@pytest.mark.parametrize("status", [ScanStatus.FAILED, ScanStatus.UNSUPPORTED])
def test_a_target_that_could_not_be_scanned_is_two(status: ScanStatus) -> None:
    assert judge(report(Severity.CRITICAL, status=status), parse("low")).exit_code == 2


@pytest.mark.parametrize("priority", [-1, 101])
def test_refuses_a_priority_that_there_is_not(priority: int) -> None:
    with pytest.raises(BadTarget, match="0 to 100"):
        parse(None, priority=priority)


def test_a_gate_is_one_rule_called_as_it_was_asked_for() -> None:
    (rule,) = parse("high,unknown", new=True, fixable=True, priority=60).rules()
    assert rule.name == "--fail-on high,unknown --only-new --only-fixable --min-priority 60"
    assert Gate().rules() == ()


def test_without_a_severity_the_other_options_ask_for_all_of_them() -> None:
    found = report(Severity.LOW, Severity.UNKNOWN)
    empty = replace(found, findings=())
    assert judge(found, parse(None, new=True), empty).stopped == 2
    assert judge(found, parse("high", new=True), empty).stopped == 0


def test_what_was_there_before_is_not_new() -> None:
    found = report(Severity.HIGH)
    assert judge(found, parse("high", new=True), found).exit_code == 0
    assert judge(found, parse("high", new=True), report()).exit_code == 1


def test_what_is_settled_no_longer_is_news() -> None:
    now = report(Severity.HIGH)
    decision = Decision(status=DecisionStatus.ACCEPTED, source="s", statement="1", reason="r", suppressed=True)
    before = replace(now, findings=tuple(replace(one, decision=decision) for one in now.findings))
    assert judge(now, parse("high", new=True), before).exit_code == 1
    assert judge(before, parse("high", new=True), now).exit_code == 0


def test_a_new_place_is_news() -> None:
    one, two = package("pkg:npm/a@1", "x"), package("pkg:npm/a@1", "x", "y")
    before, now = (reports.report(flaw("CVE-1", held), packages=(held,)) for held in (one, two))
    assert judge(now, parse("high", new=True), before).exit_code == 1
    assert judge(before, parse("high", new=True), now).exit_code == 0


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"fixed_in": ("2",), "fix_state": "fixed"}, 1),
        ({"fix_state": "fixed"}, 1),
        ({"fix_state": "not_fixed"}, 0),
        ({"fix_state": "will_not_fix"}, 0),
        ({"fix_state": "unknown"}, 0),
        ({}, 0),
    ],
)
def test_only_what_something_mends(facts: dict[str, Any], code: int) -> None:
    found = reports.report(flaw("CVE-1", package("pkg:npm/a@1", "x"), **facts))
    rulings = rule_on(found, parse("high", fixable=True).rules(), today=NOW.date())
    assert judge(found, parse("high", fixable=True)).exit_code == code
    # nobody knows, and that is told
    assert rulings[0].undecided == (1 if facts.get("fix_state") in {None, "unknown"} else 0)


@pytest.mark.parametrize(
    ("impact", "score", "broken", "undecided"),
    [(50, 60, 1, 0), (50, 59, 0, 0), (None, 60, 1, 0), (None, 10, 0, 1)],
)
def test_the_score_of_what_nobody_rated_is_a_lower_bound(
    impact: int | None, score: int, broken: int, undecided: int
) -> None:
    weighed = Priority(impact=impact, effort=None, risk=None, score=score, factors=())
    found = reports.report(flaw("CVE-1", package("pkg:npm/a@1", "x"), priority=weighed))
    (ruling,) = rule_on(found, parse(None, priority=60).rules(), today=NOW.date())
    assert (ruling.count, ruling.undecided) == (broken, undecided)
