"""Whether a report passes a gate, and what the process that scanned should exit with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from surveyor.scan.errors import BadTarget
from surveyor.scan.judgement import Ruling
from surveyor.scan.model import INCOMPLETE, Report, ScanStatus, Severity

if TYPE_CHECKING:
    from surveyor.remedy.rule import Condition, Rule

MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What the command line asks for; all that is given must hold for a finding to fail.

    ``threshold`` and worse fail, unknown severities only when they were named too; with neither, every severity.
    """

    threshold: Severity | None = None
    unknown: bool = False
    new: bool = False
    fixable: bool = False
    priority: int | None = None

    def rules(self) -> tuple[Rule, ...]:
        """The one rule that this is, named as it was asked for; none when nothing was."""
        if self == Gate():
            return ()
        from surveyor.remedy import rule

        parts: list[tuple[str, Condition]] = []
        if self.threshold or self.unknown:
            words = [f">= {self.threshold}"] if self.threshold else []
            words += [Severity.UNKNOWN] if self.unknown else []
            told = ",".join(filter(None, (self.threshold, Severity.UNKNOWN if self.unknown else None)))
            parts.append((f"--fail-on {told}", rule.severity(words, "--fail-on")))
        if self.new:
            parts.append(("--only-new", rule.new()))
        if self.fixable:
            parts.append(("--only-fixable", rule.fixable()))
        if self.priority is not None:
            condition = rule.priority(f">= {self.priority}", "--min-priority")
            parts.append((f"--min-priority {self.priority}", condition))
        return (rule.Rule(name=" ".join(name for name, _ in parts), conditions=tuple(one for _, one in parts)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a run amounts to: 0 clean or below the gate, 1 gate failed, 2 could not scan, 3 incomplete."""

    exit_code: int
    stopped: int = 0
    unlooked: int = 0


def parse(text: str | None, *, new: bool = False, fixable: bool = False, priority: int | None = None) -> Gate:
    """Read ``SEVERITY[,unknown]``, for example ``high`` or ``medium,unknown``, and the options beside it."""
    if priority is not None and not 0 <= priority <= MOST:
        raise BadTarget(f"--min-priority {priority}: expected a number from 0 to {MOST}")
    if text is None:
        return Gate(new=new, fixable=fixable, priority=priority)
    words = [word.strip().lower() for word in text.split(",")]
    rated = [word for word in words if word != Severity.UNKNOWN]
    known = [severity.value for severity in Severity if severity is not Severity.UNKNOWN]
    if len(rated) > 1 or len(words) - len(rated) > 1 or any(word not in known for word in rated):
        raise BadTarget(
            f"--fail-on {text!r}: expected one of {', '.join(known)}, or one of them with ',unknown', or unknown"
        )
    return Gate(
        threshold=Severity(rated[0]) if rated else None,
        unknown=Severity.UNKNOWN in words,
        new=new,
        fixable=fixable,
        priority=priority,
    )


def judge(report: Report, rulings: Sequence[Ruling]) -> Verdict:
    """Weigh a report: a scan that could not look at all outranks the gate, and the gate outranks an incomplete scan."""
    unlooked = sum(entry.state in INCOMPLETE for entry in report.coverage)
    stopped = sum(ruling.count for ruling in rulings if ruling.broken and ruling.action == "fail")
    if report.scan_status in (ScanStatus.FAILED, ScanStatus.UNSUPPORTED):
        code = 2
    elif stopped:
        code = 1
    else:
        code = 3 if unlooked else 0
    return Verdict(exit_code=code, stopped=stopped, unlooked=unlooked)
