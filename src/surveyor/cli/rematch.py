"""``surveyor rematch``: stored reports meet today's advisories, without what was scanned."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from surveyor.cli import (
    FAILED,
    GATE,
    INCOMPLETE,
    OK,
    complaint,
    db,
    decide,
    destination,
    gating,
    progress,
    rendering,
    reports,
)
from surveyor.remedy import facts
from surveyor.remedy import gate as gates
from surveyor.scan.advise import concern, snapshot
from surveyor.scan.engine import rematch as engine
from surveyor.scan.errors import BadTarget
from surveyor.scan.events import Progress
from surveyor.scan.model import Kind, Report, ScanStatus
from surveyor.scan.settings import Settings, from_environment
from surveyor.scan.vocabulary import counted

if TYPE_CHECKING:
    from surveyor.scan.advise.snapshot import Snapshot

#: Exit codes, the worst first.
_WORST = (FAILED, GATE, INCOMPLETE, OK)
_ENDINGS = {"sarif": ".sarif", "table": ".txt", "junit": ".xml", "markdown": ".md", "html": ".html"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    """What is done with each report: how it is judged, where it goes and as what."""

    decided: decide.Decisions
    rules: gating.Gating
    form: str
    output: Path | None
    many: bool

    def end(self, path: Path, report: Report) -> int:
        """Judge and write one; its exit code."""
        report = self.rules.on(self.decided.on(facts.weigh(report)))
        into = self.output
        if self.many and into is not None:
            into /= _named(path, self.form)
        elif self.many and not destination.show(os.fsencode(path) + b":\n"):
            return FAILED
        written = rendering.write(report, self.form, into)
        for words in self.rules.tell(report):
            complaint.say(f"{path}: {words}" if self.many else words)
        return gates.judge(report, report.rulings).exit_code if written else FAILED


def rematch(  # noqa: PLR0913 - one parameter an option
    report: Path,
    *more: Path,
    format: rendering.Format = "table",  # noqa: A002 - the option's name
    output: Path | None = None,
    changed_since: str | None = None,
    fail_on: str | None = None,
    only_fixable: Annotated[bool, Parameter(negative=())] = False,
    min_priority: int | None = None,
    policy: Path | None = None,
    decisions: Path | None = None,
    vex: Annotated[list[Path] | None, Parameter(negative=())] = None,
    advisories: str | None = None,
    quiet: bool = False,
) -> int:
    """Match the packages of stored JSON reports with today's advisories; what was scanned is not needed.

    What no advisory had a part in stays as it was found. Coverage says when the artifact was looked at.

    Exit codes, of several reports the worst: 0 clean or below the gate, 1 the gate failed, 2 bad usage, 3 incomplete.

    Parameters
    ----------
    report
        A report of an artifact, as surveyor scan --format json writes it.
    more
        More of them.
    format
        How reports are written.
    output
        Write the report to this file instead of standard output; of several reports the folder for one file each.
    changed_since
        Only reports with a package of which something else is said than at this state of the database, as `surveyor db
        status` showed it then; the others are not matched, and not written.
    fail_on
        SEVERITY[,unknown]: exit 1 when a finding is that bad or worse.
    only_fixable
        Exit 1 only for findings that something mends.
    min_priority
        Exit 1 only for findings of this priority (0 to 100) and above.
    policy
        A file of rules that fail or warn, beside those in the file of decisions.
    decisions
        A file of decisions about findings, instead of .surveyor.yaml in the working directory.
    vex
        A VEX document (OpenVEX, CycloneDX or CSAF) whose statements are applied. Repeatable.
    advisories
        An advisory database, or an OSV bucket as a directory or URL, instead of the local database.
    quiet
        Show no progress.
    """
    paths = (report, *more)
    gate = gates.parse(fail_on, new=False, fixable=only_fixable, priority=min_priority)
    decided = decide.read(None, file=decisions, vex=vex or (), products=())
    rules = gating.read(gate, only_new=None, file=policy, decided=decided, kind=Kind.ARTIFACT)
    _check(paths, format, output)
    how = _How(decided=decided, rules=rules, form=format, output=output, many=len(paths) > 1)
    with progress.sinks(journal=None, quiet=quiet) as listeners:
        emit = Progress(*listeners)
        settings = _settings(advisories, emit)
        with _opened(settings) as opened:
            found = list(_again(paths, opened, settings, emit, changed_since))
    if len(found) < len(paths):
        left = counted(len(paths) - len(found), "report")
        complaint.say(f"--changed-since: {left} not matched: nothing that they hold has changed")
    codes = {how.end(path, matched) for path, matched in found}
    return next((code for code in _WORST if code in codes), OK)


def _again(
    paths: Sequence[Path], opened: Snapshot, settings: Settings, emit: Progress, since: str | None
) -> Iterator[tuple[Path, Report]]:
    changes = None if since is None else opened.changes(since)
    numbers = concern.numbers_of(changes) if changes else frozenset()
    for path in paths:
        held = _read(path)
        if changes is None or changes.everything or _concerned(held, numbers, frozenset(changes.flaws)):
            yield path, engine.again(held, opened, settings, emit)


def _concerned(report: Report, numbers: frozenset[int], flaws: frozenset[str]) -> bool:
    return any(concern.number_of(package) in numbers for package in report.packages) or any(
        not flaws.isdisjoint(finding.ids) for finding in report.findings
    )


def _read(path: Path) -> Report:
    report = reports.read(path)
    if report.target.kind is not Kind.ARTIFACT:
        raise BadTarget(f"{path}: a report of a page, which has no packages to match")
    if report.scan_status in {ScanStatus.FAILED, ScanStatus.UNSUPPORTED}:
        raise BadTarget(f"{path}: that scan failed, so nothing is known of what is in its target")
    return report


def _named(path: Path, form: str) -> str:
    """What one of several reports is called in their folder."""
    return f"{path.name.removesuffix('.json')}{_ENDINGS.get(form, '.json')}"


def _check(paths: Sequence[Path], form: str, output: Path | None) -> None:
    """Raise ``BadTarget`` where several reports would become one."""
    if len(paths) == 1:
        if output is not None:
            destination.check(output)
        return
    if output is None and form not in {"table", "markdown"}:
        raise BadTarget(f"--format {form}: several reports need a folder to be written to: --output FOLDER")
    if output is None:
        return
    if not output.is_dir():
        raise BadTarget(f"--output {output}: no such folder; several reports are written to one file each")
    name, count = Counter(_named(path, form) for path in paths).most_common(1)[0]
    if count > 1:
        raise BadTarget(f"--output {output}: several reports would be called {name}")


def _settings(advisories: str | None, emit: Progress) -> Settings:
    settings = from_environment(os.environ)
    return settings if advisories is None else replace(settings, advisories=db.resolve(advisories, settings, emit))


@contextmanager
def _opened(settings: Settings) -> Iterator[Snapshot]:
    assert settings.advisories is not None
    with snapshot.open_snapshot(settings.advisories) as opened:
        yield opened
