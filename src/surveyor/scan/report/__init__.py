"""Report formats: one file each, from a report to text."""

from __future__ import annotations

#: Format → the module whose ``encode(report) -> bytes`` writes it; named, since no scan needs more than one of them.
FORMATS = {
    "table": "surveyor.scan.report.table",
    "json": "surveyor.scan.report.json",
    "sarif": "surveyor.scan.report.sarif",
    "cyclonedx": "surveyor.scan.report.cyclonedx",
    "spdx": "surveyor.scan.report.spdx",
    "spdx3": "surveyor.scan.report.spdx3",
    "junit": "surveyor.scan.report.junit",
    "gitlab": "surveyor.scan.report.gitlab",
    "markdown": "surveyor.scan.report.markdown",
    "html": "surveyor.scan.report.html",
}
