"""``surveyor diff``: what differs between two reports, and why."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Literal

from surveyor.cli import FAILED, GATE, INCOMPLETE, OK, destination, reports
from surveyor.remedy.diff.compare import compare
from surveyor.remedy.diff.model import Diff, Kind
from surveyor.remedy.diff.render import as_json, as_markdown, as_table


def diff(
    before: Path,
    after: Path,
    *,
    format: Literal["table", "json", "markdown"] = "table",  # noqa: A002 - the option's name
    output: Path | None = None,
) -> int:
    """Compare two JSON reports of one target: what is new, fixed, changed or weighed otherwise, and why.

    Exit codes: 0 nothing new, 1 something new that nobody has settled, 2 bad usage, 3 nothing new, but the later scan
    did not look at everything that it was asked to, or where the earlier one had found something.

    Parameters
    ----------
    before
        The earlier report, as surveyor scan --format json writes it.
    after
        The later one.
    format
        How the comparison is written.
    output
        Write it to this file instead of standard output.
    """
    if output is not None:
        destination.check(output)
    found = compare(reports.read(before), reports.read(after))
    written = _write(found, format, output)
    return _code(found) if written else FAILED


def _code(found: Diff) -> int:
    if any(change.change is Kind.NEW and not change.suppressed for change in found.changes):
        return GATE
    return INCOMPLETE if found.unlooked or found.summary[Kind.NOT_LOOKED] else OK


def _write(found: Diff, form: str, output: Path | None) -> bool:
    terminal = output is None and sys.stdout.isatty()
    if form == "json":
        text = as_json(found)
    elif form == "markdown":
        text = as_markdown(found)
    else:
        width = shutil.get_terminal_size((140, 24)).columns if terminal else 140
        text = as_table(found, width=width, colour=terminal and "NO_COLOR" not in os.environ)
    if output is None:
        return destination.show(text)
    destination.write(output, text)
    return True
