"""The gate: what stops a pipeline, and which exit code a run ends with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from surveyor.remedy.gate import Gate, judge, parse
from surveyor.scan.errors import BadTarget
from surveyor.scan.model import (
    Coverage,
    CoverageState,
    Domain,
    Finding,
    Kind,
    Report,
    ScanStatus,
    Severity,
    Target,
)

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
