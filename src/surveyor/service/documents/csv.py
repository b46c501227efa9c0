"""The report for spreadsheets: one row a finding, as RFC 4180 has it, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from surveyor.service.documents.model import Asset, Finding, ProjectReport

COLUMNS = (
    "severity",
    "priority_score",
    "impact_score",
    "effort_score",
    "risk_score",
    "status",
    "domain",
    "title",
    "description",
    "rule",
    "ids",
    "package",
    "fixed_in",
    "fix_state",
    "epss",
    "kev",
    "confidence",
    "tier",
    "affected",
    "affected_total",
    "evidence",
    "fix",
    "references",
    "first_seen",
    "last_seen",
    "not_seen_since",
    "id",
)
_BOM = b"\xef\xbb\xbf"
#: What spreadsheets take for the start of a formula, behind spaces too; the wide forms are typed in East Asia.
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n＝＋－＠]")
#: A spreadsheet's own bound of a cell.
CELL = 32_000


def write(report: ProjectReport, *, bom: bool = True) -> bytes:
    """UTF-8 with CRLF, a byte-order mark unless told otherwise: without one Excel reads another alphabet.

    A last row says what was left out, when anything was.
    """
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    rows.writerows(_row(finding) for finding in report.findings)
    if report.left_out:
        words = f"{report.left_out:,} of {report.findings_total:,} findings are not in this file: it holds the first"
        note = dict.fromkeys(COLUMNS, "") | {"title": f"CUT: {words} {len(report.findings):,} by priority"}
        rows.writerow(note.values())
    return (_BOM if bom else b"") + out.getvalue().encode("utf-8", "replace")


def cell(value: object) -> str:
    """A value as a cell that stays text: what could be a formula gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    text = str(value).replace("\0", "")[:CELL]
    # most texts begin with a letter or a digit and need no closer look
    return text if text[:1].isalnum() or not _FORMULA.match(text) else f"'{text}"


def _row(finding: Finding) -> list[str]:
    return [cell(value) for value in _values(finding)]


def _values(one: Finding) -> Iterator[object]:
    yield from (one.severity, one.priority_score, one.impact_score, one.effort_score, one.risk_score, one.status)
    yield from (one.domain, one.title, one.description, one.rule, " ".join(one.ids), one.package)
    yield from (" ".join(one.fixed_in), one.fix_state, one.epss, one.kev, one.confidence, one.tier)
    yield "\n".join(_affected(asset) for asset in one.assets)
    yield one.assets_total
    yield "\n".join(f"{item.get('where') or ''} {item.get('value') or ''}".strip() for item in one.evidence)
    yield _fix(one)
    yield "\n".join(one.references)
    yield from (one.first_seen.isoformat(), one.last_seen.isoformat())
    yield one.not_seen_since.isoformat() if one.not_seen_since else None
    yield one.id


def _affected(asset: Asset) -> str:
    """What is affected and, of an artifact, its name and where inside."""
    inside = ", ".join(part for part in (asset.artifact_name, asset.path, asset.layer) if part)
    return f"{asset.value} ({inside})" if inside else asset.value


def _fix(one: Finding) -> str:
    if one.recommended_fix is None:
        return ""
    steps = one.recommended_fix.get("steps") or ()
    return "\n".join([str(one.recommended_fix.get("summary") or ""), *(f"- {step}" for step in steps)])
