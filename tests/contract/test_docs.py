"""The reference is written from the code, and every page that is linked is there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import orjson
import pytest

from surveyor.scan.advise.ledger import _UNASKED
from surveyor.scan.report import json as report_json
from tests.samples import full_report

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def test_the_reference_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: p.name
)
def test_links_lead_somewhere(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]
    assert missing == []


def test_every_reason_why_no_advisory_was_asked_is_explained() -> None:
    page = (ROOT / "docs/explanation/honest-results.md").read_text("utf-8")
    assert [reason for reason in _UNASKED if f"`{reason}`" not in page] == []


def test_a_report_obeys_the_published_schema() -> None:
    schema = json.loads((ROOT / "docs/reference/report.schema.json").read_text("utf-8"))
    report = orjson.loads(report_json.encode(full_report()))
    jsonschema.validate(report, schema)
    del report["target"]["source"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, schema)


def test_golden_reports_obey_the_published_schema() -> None:
    schema = json.loads((ROOT / "docs/reference/report.schema.json").read_text("utf-8"))
    for path in (ROOT / "tests/golden").glob("*.report.json"):
        report = json.loads(path.read_text("utf-8"))
        report |= {"started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:00Z"}
        jsonschema.validate(report, schema)
