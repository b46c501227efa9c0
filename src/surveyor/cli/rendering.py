"""Where a report ends up: in the asked form, in a file or on standard output."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Literal

from surveyor.cli import complaint, destination
from surveyor.scan.errors import BadTarget
from surveyor.scan.model import Finding, Report
from surveyor.scan.report import FORMATS

#: The keys of ``FORMATS``, as the help shows them; and of those the bills of materials.
Format = Literal["table", "json", "sarif", "cyclonedx", "spdx", "spdx3", "junit", "gitlab", "markdown", "html"]
Bill = Literal["cyclonedx", "spdx", "spdx3"]


def write(report: Report, form: str, output: Path | None) -> bool:
    """Write the report where it was asked for; whether it got there. Elsewhere is better than nowhere."""
    if output is None:
        return destination.show(_encode(report, form, terminal=sys.stdout.isatty()))
    text = _encode(report, form, terminal=False)
    try:
        destination.write(output, text)
    except BadTarget as error:
        complaint.say(f"{error}; the report is on standard output")
        destination.show(text)
        return False
    return True


def _encode(report: Report, form: str, *, terminal: bool) -> bytes:
    layout: dict[str, object] = {}
    if form == "table":
        width = shutil.get_terminal_size((140, 24)).columns if terminal else 140
        layout = {"width": width, "colour": terminal and "NO_COLOR" not in os.environ}
    if form == "json" and os.environ.get("SURVEYOR_PICTURES", "").lower() != "json":
        report = replace(report, findings=tuple(map(_bare, report.findings)))
    text: bytes = import_module(FORMATS[form]).encode(report, **layout)
    return text


def _bare(finding: Finding) -> Finding:
    """A finding without pictures, which would be most of a report's bytes."""
    if not any(one.picture for one in finding.evidence):
        return finding
    return replace(finding, evidence=tuple(replace(one, picture=None) for one in finding.evidence))
