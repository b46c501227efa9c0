"""Whether a report passes a gate, and what the process that scanned should exit with."""

from __future__ import annotations

from dataclasses import dataclass

from surveyor.scan.errors import BadTarget
from surveyor.scan.model import INCOMPLETE, Finding, Report, ScanStatus, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """``threshold`` and worse fail; unknown severities only when they were named too."""

    threshold: Severity | None = None
    unknown: bool = False

    def stops(self, finding: Finding) -> bool:
        """Whether this one finding fails the gate; one that somebody has settled does not."""
        if finding.decision is not None and finding.decision.suppressed:
            return False
        if finding.severity is Severity.UNKNOWN:
            return self.unknown
        return self.threshold is not None and finding.severity.rank <= self.threshold.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a run amounts to: 0 clean or below the gate, 1 gate failed, 2 could not scan, 3 incomplete."""

    exit_code: int
    stopped: int = 0
    unlooked: int = 0


def parse(text: str) -> Gate:
    """Read ``SEVERITY[,unknown]``, for example ``high`` or ``medium,unknown``."""
    words = [word.strip().lower() for word in text.split(",")]
    rated = [word for word in words if word != Severity.UNKNOWN]
    known = [severity.value for severity in Severity if severity is not Severity.UNKNOWN]
    if len(rated) > 1 or len(words) - len(rated) > 1 or any(word not in known for word in rated):
        raise BadTarget(
            f"--fail-on {text!r}: expected one of {', '.join(known)}, or one of them with ',unknown', or unknown"
        )
    return Gate(threshold=Severity(rated[0]) if rated else None, unknown=Severity.UNKNOWN in words)


def judge(report: Report, gate: Gate) -> Verdict:
    """Weigh a report: a scan that could not look at all outranks the gate, and the gate outranks an incomplete scan."""
    unlooked = sum(entry.state in INCOMPLETE for entry in report.coverage)
    stopped = sum(gate.stops(finding) for finding in report.findings)
    if report.scan_status in (ScanStatus.FAILED, ScanStatus.UNSUPPORTED):
        code = 2
    elif stopped:
        code = 1
    else:
        code = 3 if unlooked else 0
    return Verdict(exit_code=code, stopped=stopped, unlooked=unlooked)
