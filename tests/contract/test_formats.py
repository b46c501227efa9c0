"""What holds for every report format: registered, valid, documented, stable, and unmoved by what a target says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest

from surveyor.cli.rendering import Format
from surveyor.scan import report
from surveyor.scan.model import Kind, Report, ScanStatus, Summary
from surveyor.scan.report import FORMATS
from tests import readers, schemas
from tests.samples import HOSTILE, full_report, hostile_report

GOLDEN = Path(__file__).parents[1] / "golden" / "formats"


def _text(text: bytes) -> str:
    return text.decode("utf-8")


def _published(text: bytes) -> Any:
    """The report itself, by the published schema."""
    schema = json.loads((Path(__file__).parents[2] / "docs/reference/report.schema.json").read_text("utf-8"))
    return schemas.check(schemas.jsonschema_rs.validator_for(schema), text)


#: What reads each format strictly, and raises for what is not valid.
READERS: dict[str, Callable[[bytes], Any]] = {
    "table": _text,
    "json": _published,
    "sarif": lambda text: schemas.check(schemas.sarif(), text),
    "cyclonedx": lambda text: schemas.check(schemas.cyclonedx(), text),
    "spdx": lambda text: schemas.check(schemas.spdx(), text),
    "spdx3": lambda text: schemas.check(schemas.spdx3(), text),
    "junit": readers.junit,
    "gitlab": readers.gitlab,
    "markdown": readers.markdown,
    "html": readers.html,
}


def _encode(name: str, told: Report) -> bytes:
    text: bytes = import_module(FORMATS[name]).encode(told)
    return text


def _empty(kind: Kind) -> Report:
    whole = full_report()
    return replace(
        whole,
        target=replace(whole.target, kind=kind, source="https://shop.test/", digest=None, size=None, name=None),
        scan_status=ScanStatus.FAILED,
        coverage=(),
        sources=(),
        packages=(),
        findings=(),
        summary=Summary(),
        error=None,
    )


def test_every_file_is_registered() -> None:
    files = {path.stem for path in Path(report.__file__).parent.glob("*.py")} - {"__init__", "interface", "bill"}
    assert set(FORMATS) == files
    assert set(FORMATS) == set(READERS) == set(get_args(Format))


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_says_what_it_is_and_what_it_reads_by(name: str) -> None:
    assert len((import_module(FORMATS[name]).__doc__ or "").strip()) > 40


# the report itself is kept by the golden scans
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "json"])
def test_a_format_is_what_it_was(name: str) -> None:
    """``SURVEYOR_GOLDEN=write`` writes them anew; read the difference before you commit it."""
    text = _encode(name, full_report())
    READERS[name](text)
    assert text == _encode(name, full_report())
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("SURVEYOR_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
    assert text == path.read_bytes()


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("name", FORMATS)
def test_a_report_of_nothing_is_valid(name: str, kind: Kind) -> None:
    READERS[name](_encode(name, _empty(kind)))


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("name", FORMATS)
def test_what_a_target_says_stays_text(name: str, kind: Kind) -> None:
    text = _encode(name, hostile_report(40, kind=kind))
    READERS[name](text)
    assert b"\x1b" not in text
    assert b"\x07" not in text
    assert b"\x00" not in text


@pytest.mark.parametrize("name", FORMATS)
def test_thousands_of_hostile_findings_are_written(name: str) -> None:
    text = _encode(name, hostile_report(2_000))
    READERS[name](text)
    assert len(text) > len(HOSTILE)
