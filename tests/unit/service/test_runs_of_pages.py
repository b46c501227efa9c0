"""What is kept of a page's scan: one report of all its scanners, and which engine a proof has to measure by."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from surveyor.remedy.verify import Look
from surveyor.scan.figures import Device, Engine, Measurement
from surveyor.scan.model import Kind, Report, ScanStatus, Target
from surveyor.service.actions import reports, slots
from surveyor.service.actions.verifications import Claim
from surveyor.service.jobs import verify
from tests.unit.service.ui.test_loading import NOW, PAGE, scan

OTHER = f"{PAGE}other"


def told(asset: str, engine: str) -> Measurement:
    return Measurement(asset=asset, engine=engine, product="x", device=Device.MOBILE, series=engine)


def test_one_report_of_all_scanners_has_what_any_of_them_measured() -> None:
    target = Target(kind=Kind.WEB, source=PAGE, type="url")
    first = Report(scanner={}, target=target, started_at=NOW, finished_at=NOW, scan_status=ScanStatus.COMPLETE)
    measured = replace(first, measurements=(told(PAGE, "lab"),))
    merged = reports.merge(scan(), {"accessibility": first, "performance": measured})
    assert merged.measurements == measured.measurements


@pytest.mark.parametrize(
    ("keys", "url", "expected"),
    [
        (("performance_lcp",), PAGE, Engine.LIGHTHOUSE),
        (("performance_lcp", "seo_title"), OTHER, Engine.PSI),
        (("performance_lcp",), f"{PAGE}third", Engine.PSI),
        (("seo_title",), PAGE, None),
    ],
)
def test_a_proof_measures_by_the_engine_of_the_finding(keys: tuple[str, ...], url: str, expected: Engine) -> None:
    run = scan(told(OTHER, "psi"), told(PAGE, "lighthouse"))
    assert verify._engine(cast("Claim", SimpleNamespace(keys=keys, scan=run)), url) == expected
    # of a scan that measured nothing nobody knows
    bare: Any = SimpleNamespace(keys=keys, scan=replace(run, summary={slots.MEASUREMENTS: [{"engine": "abacus"}]}))
    assert verify._engine(bare, url) is None


def test_a_proof_without_that_engine_says_which_is_lacking() -> None:
    look = Look(key="performance_lcp", asset=PAGE, status="not_looked", after="set a key", reason="not_configured")
    assert verify._of_engine(look, Engine.PSI).after == (
        "PageSpeed Insights measured what was found, and only it can prove that gone: set a key"
    )
    assert verify._of_engine(replace(look, reason="unreachable"), Engine.PSI).after == "set a key"
