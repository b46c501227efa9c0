"""What holds for every report format: registered, documented, and unmoved by what a target says."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from surveyor.scan import report
from surveyor.scan.model import Evidence
from surveyor.scan.report import FORMATS
from tests.samples import full_report, vulnerability

HOSTILE = "\x1b]0;owned\x07\x00\u202e\r\n\ud7ff=cmd|' /C calc'!A0 <script>alert(1)</script> [red]x[/red]" * 50


def test_every_file_is_registered() -> None:
    files = {path.stem for path in Path(report.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(FORMATS) == files


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_writes_any_report(name: str) -> None:
    module = import_module(FORMATS[name])
    assert (module.__doc__ or "").strip()
    evil = replace(
        vulnerability(), title=HOSTILE, description=HOSTILE, evidence=(Evidence(kind=HOSTILE, value=HOSTILE),), ids=()
    )
    for told in (full_report(), replace(full_report(), findings=(evil,), packages=(), sources=(), coverage=())):
        written = module.encode(told)
        assert written
        assert b"\x1b" not in written
        assert b"\x07" not in written
