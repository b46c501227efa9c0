"""The report for programs: every field of every finding, in the order of the other formats."""

from __future__ import annotations

from dataclasses import replace

import orjson

from surveyor.service.documents.model import SCHEMA_VERSION, Finding, ProjectReport


def write(report: ProjectReport) -> bytes:
    """UTF-8 JSON with a newline at its end; ``cut`` says how many findings are in the project and not in the file."""
    head = {
        "schema_version": SCHEMA_VERSION,
        "report_id": report.id,
        "team": report.team,
        "project": report.project,
        "generated_at": report.generated_at,
        "metrics": report.metrics,
        "cut": {"total": report.findings_total, "held": len(report.findings), "left_out": report.left_out},
        "coverage": {
            "targets": report.targets,
            "targets_total": report.targets_total,
            "with_gaps": report.gaps,
            "not_set_up": report.not_set_up,
        },
        "findings": [_without_pictures(one) for one in report.findings],
    }
    return orjson.dumps(head, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _without_pictures(one: Finding) -> Finding:
    """A finding for programs: pictures are for people, and would be most of the file."""
    if not any("picture" in item for item in one.evidence):
        return one
    bare = tuple({key: value for key, value in item.items() if key != "picture"} for item in one.evidence)
    return replace(one, evidence=bare)
