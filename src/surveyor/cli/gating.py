"""What a scan's findings are held against: the options of the command line, and policies of the team."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from surveyor.cli import decide, reports
from surveyor.remedy import gate
from surveyor.scan.errors import BadTarget
from surveyor.scan.judgement import Ruling
from surveyor.scan.model import INCOMPLETE, Kind, Report, ScanStatus, Target
from surveyor.scan.vocabulary import counted

if TYPE_CHECKING:
    from surveyor.remedy.rule import Rule

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Gating:
    """Rules in the order in which they are told, the first of the options; and the report that is not news."""

    rules: tuple[Rule, ...] = ()
    baseline: Report | None = None

    def on(self, report: Report) -> Report:
        """The report with what the rules say of it."""
        if not self.rules:
            return report
        from surveyor.remedy.rule import rule_on

        today = datetime.now(UTC).date()
        return replace(report, rulings=rule_on(report, self.rules, today=today, baseline=self.baseline))

    def tell(self, report: Report) -> Iterator[str]:
        """A sentence for each rule that is broken, or that could not be held against everything."""
        if self.baseline is not None and _called(self.baseline.target) != _called(report.target):
            yield f"--only-new: the baseline is of {_called(self.baseline.target)}, not of {_called(report.target)}"
        if self.baseline is not None and any(entry.state in INCOMPLETE for entry in self.baseline.coverage):
            yield "--only-new: the baseline is incomplete; what it did not look at counts as new"
        for ruling in report.rulings:
            if ruling.broken:
                yield _broken(ruling)
            # that nobody has rated it is counted in every report
            if ruling.undecided and ruling.missing != ("severity",):
                yield _undecided(ruling)


def read(
    gate_: gate.Gate, *, kind: Kind, only_new: Path | None, file: Path | None, decided: decide.Decisions
) -> Gating:
    """Everything that a scan of a kind is held against; raises ``BadTarget`` naming the file that cannot be used."""
    if gate_ == gate.Gate() and file is None and decided.file is None:
        return Gating()
    from surveyor.remedy import policy
    from surveyor.remedy.document import read_yaml

    rules = list(gate_.rules())
    if decided.file is not None and not (file is not None and _is_same(file, decided.file)):
        rules += decide.named(decided.file, "", lambda: policy.read(decided.own))
    if file is not None:
        rules += decide.load(file, "--policy", lambda data: policy.read(read_yaml(data)))
    decide.named(file or decided.file or Path(), "", lambda: policy.unique(rules))
    return Gating(rules=tuple(rules), baseline=None if only_new is None else _baseline(only_new, kind))


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _baseline(path: Path, kind: Kind) -> Report:
    report = reports.read(path, "--only-new")
    if report.scan_status in {ScanStatus.FAILED, ScanStatus.UNSUPPORTED}:
        raise BadTarget(f"--only-new {path}: that scan failed, and says nothing about what is new")
    if report.target.kind is not kind:
        raise BadTarget(f"--only-new {path}: a report of another kind ({report.target.kind.value})")
    return report


def _called(target: Target) -> str:
    """A target by the name that its builds share: an image without its tag, a file or a folder without where it lay."""
    from surveyor.remedy.decisions.target import image_of

    name = target.name or target.source
    if target.kind is Kind.WEB:
        return target.source
    image = image_of(name) if target.type == "container" else None
    if image is not None:
        return f"{image.host}/{image.repository}"
    return name.rstrip("/").rpartition("/")[2] or name


def _broken(ruling: Ruling) -> str:
    what = counted(ruling.count, "package" if ruling.packages else "finding")
    names = [*ruling.findings, *ruling.packages]
    more = f" and {ruling.count - _NAMED:,} more" if ruling.count > _NAMED else ""
    verb = "failed" if ruling.action == "fail" else "warns"
    return f"{ruling.rule}: {verb}: {what}: {', '.join(names[:_NAMED])}{more}"


def _undecided(ruling: Ruling) -> str:
    what = counted(ruling.undecided, "package" if ruling.missing == ("licence",) else "finding")
    return f"{ruling.rule}: not held against {what}: unknown {', '.join(ruling.missing)}"
