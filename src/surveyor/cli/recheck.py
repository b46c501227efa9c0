"""``surveyor recheck``: what a scan kept of pages is judged by today's rules, and nothing is asked of any network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from surveyor.cli import FAILED, complaint, decide, destination, gating, progress, rendering
from surveyor.remedy import facts
from surveyor.remedy import gate as gates
from surveyor.scan import engine
from surveyor.scan.errors import BadTarget
from surveyor.scan.events import Progress
from surveyor.scan.model import Kind
from surveyor.scan.settings import from_environment

#: What a file of evidence may weigh.
_BYTES = 200 << 20


def recheck(
    evidence: Path,
    *,
    rule: Annotated[list[str] | None, Parameter(negative=())] = None,
    format: rendering.Format = "table",  # noqa: A002 - the option's name
    output: Path | None = None,
    fail_on: str | None = None,
    quiet: bool = False,
) -> int:
    """Judge what a scan kept of pages by the rules of this version, without asking anybody.

    Rules whose evidence was not kept are told as coverage, by name; they make the result incomplete.

    Exit codes: 0 clean or below the gate, 1 the gate failed, 2 bad usage, 3 incomplete.

    Parameters
    ----------
    evidence
        A file that surveyor scan --evidence wrote, or a scan's evidence from the service.
    rule
        The id of a rule to run, as reports name it, instead of all. Repeatable.
    format
        How the report is written.
    output
        Write the report to this file instead of standard output.
    fail_on
        SEVERITY[,unknown]: exit 1 when a finding is that bad or worse.
    quiet
        Show no progress.
    """
    decided = decide.read(None, file=None, vex=(), products=())
    gating_ = gating.read(gates.parse(fail_on), kind=Kind.WEB, only_new=None, file=None, decided=decided)
    if output is not None:
        destination.check(output)
    data = _read(evidence)
    rules = tuple(rule) if rule else None
    with progress.sinks(journal=None, quiet=quiet) as listeners:
        found = engine.recheck(data, from_environment(os.environ), Progress(*listeners), rules=rules)
    report = gating_.on(decided.on(facts.weigh(found)))
    written = rendering.write(report, format, output)
    for words in gating_.tell(report):
        complaint.say(words)
    return gates.judge(report, report.rulings).exit_code if written else FAILED


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_BYTES + 1)
    except OSError as error:
        raise BadTarget(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > _BYTES:
        raise BadTarget(f"{path}: more than {_BYTES >> 20} MiB, which no evidence of a scan has")
    return data
