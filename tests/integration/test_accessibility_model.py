"""A model beside the accessibility scanner: what fails of it is coverage, and what it said before stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from surveyor.scan.model import CoverageState, ScanStatus
from surveyor.scan.outline import Outline
from surveyor.scan.report import json as report_json
from surveyor.scan.settings import AllowedHost
from surveyor.service.actions import scans
from surveyor.service.actions.slots import Beside
from surveyor.service.jobs.accessibility_model import look, unasked
from surveyor.service.jobs.interface import work_of
from surveyor.service.store.scans import Scan
from tests.integration.test_llm_analysis import configure, greedy, report
from tests.servers.jobs import context_of
from tests.servers.llm import Models
from tests.servers.pipeline import Ground

PAGE = Outline(text='e1 <html lang="en">\n e2 <a href="/0"> "click here"', selectors={"e2": "body > a"})


@pytest.fixture
def near(ground: Ground) -> Ground:
    """This machine may be scanned, and a model has a few seconds for an answer."""
    settings = replace(ground.platform.scan, allow_hosts=(AllowedHost(host="127.0.0.1"),))
    bounds = replace(ground.platform.llm, seconds=5.0, analysis_seconds=120.0)
    return replace(ground, platform=replace(ground.platform, scan=settings, llm=bounds))


@pytest.fixture
def models() -> Iterator[Models]:
    with Models(make=greedy) as served:
        yield served


def found(scan: Scan, *urls: str) -> bytes:
    """A report of one finding with an element on each of these pages."""
    made = orjson.loads(report(scan, "accessibility"))
    made["findings"][0]["evidence"] = [{"kind": "element", "value": "<img>", "where": "img:nth-of-type(1)"}]
    made["findings"][0]["assets"] = [{"type": "url", "value": url} for url in urls]
    return orjson.dumps(made)


async def looked(near: Ground, outline: Path, *urls: str) -> Beside:
    scan = await scans.start_web(near.platform, **near.place, url="http://127.0.0.1:9/")
    return await look(work_of(context_of(near)), scan, outline, found(scan, *(urls or ("http://127.0.0.1:9/",))))


async def test_what_fails_of_the_second_question_leaves_what_the_first_one_found(
    near: Ground, models: Models, tmp_path: Path
) -> None:
    outline = tmp_path / "outline"
    outline.write_bytes(PAGE.encode())
    await configure(near, models)
    models.slow_seconds = 100.0  # longer than anybody waits
    for step, reason in ((500, "unanswered"), ("schema", "unanswered"), ("slow", "unanswered"), ("ok", None)):
        models.script = ["ok", step]
        made = await looked(near, outline)
        assert made.report is not None
        assert [one.rule for one in made.report.findings] == ["accessibility_model_link_purpose"]
        assert made.report.scan_status is ScanStatus.COMPLETE
        state = CoverageState.PARTIAL if reason else CoverageState.LOOKED
        assert (made.coverage.state, made.coverage.reason) == (state, reason)
        assert [call.outcome == "ok" for call in made.calls] == [True, reason is None]
        assert len(made.judged) == (0 if reason else 1)


async def test_a_long_page_and_several_pages_are_told(near: Ground, models: Models, tmp_path: Path) -> None:
    outline = tmp_path / "outline"
    outline.write_bytes(replace(PAGE, left_out="2 of the page's 90 elements are shown").encode())
    await configure(near, models)
    made = await looked(near, outline, "http://127.0.0.1:9/", "http://127.0.0.1:9/b")
    assert made.report is not None
    assert made.report.scan_status is ScanStatus.PARTIAL
    assert (made.coverage.state, made.coverage.reason) == (CoverageState.PARTIAL, "limit_exceeded")
    assert "2 of the page's 90 elements are shown; of 2 pages with findings only the first" in made.coverage.detail
    assert report_json.encode(made.report)


@pytest.mark.parametrize("content", [None, b"", b"{}", b"x" * (3 << 20), orjson.dumps({"text": 1})])
async def test_without_an_outline_nobody_is_asked(near: Ground, models: Models, tmp_path: Path, content: Any) -> None:
    outline = tmp_path / "outline"
    if content is not None:
        outline.write_bytes(content)
    await configure(near, models)
    made = await looked(near, outline)
    assert (made.coverage.state, made.coverage.reason) == (CoverageState.FAILED, "no_outline")
    assert (made.report, models.asked) == (None, [])


async def test_who_is_not_asked_is_told_of_and_why(near: Ground) -> None:
    scan = await scans.start_web(near.platform, **near.place, url="http://127.0.0.1:9/")
    told = {unit: unasked(scan, unit).coverage for unit in (None, "refused")}
    assert (told[None].state, told[None].reason) == (CoverageState.NOT_CONFIGURED, "not_configured")
    assert (told["refused"].state, told["refused"].reason) == (CoverageState.SKIPPED, "quota_exceeded")
