"""A report with two flaws that documents decide about, and documents as they are read."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from surveyor.remedy.decisions import vex
from surveyor.remedy.decisions.statement import Book
from surveyor.remedy.document import read_json
from surveyor.scan.model import Severity
from tests.reports import flaw, package, report

TODAY = date(2026, 6, 1)
A = package("pkg:npm/a@1.0.0", "app/a/package.json", "tests/a/package.json")
B = package("pkg:pypi/b@2.0", "b/METADATA")
ONE, TWO = flaw("CVE-2021-1001 GHSA-1", A), flaw("GHSA-2", B, severity=Severity.UNKNOWN)
WHOLE = report(ONE, TWO, packages=(A, B))


def read(document: dict[str, Any]) -> Book:
    return vex.read(read_json(json.dumps(document).encode()), "v.json")
