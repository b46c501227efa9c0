"""What an artifact scan brings along: every process of it pays for that, before it reads a byte."""

from __future__ import annotations

import subprocess
import sys

_UNNEEDED = (
    "surveyor.scan.check.accessibility",
    "surveyor.scan.check.document",
    "surveyor.scan.check.registry",
    "surveyor.scan.gather",
    "surveyor.scan.net",
    "surveyor.scan.acquire.pull",
    "surveyor.scan.advise.match",
    "selectolax",
    "sqlite3",
)


def test_an_artifact_scan_brings_no_rules_of_pages_and_no_network() -> None:
    program = "import sys, surveyor.scan.engine.artifact; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert not set(_UNNEEDED) & set(told.stdout.split())
