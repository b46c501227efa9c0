"""The analysis of a run: once, bounded, and never in the way; with real workers and models on this machine."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text

from surveyor.llm.accessibility import MOST_CONFIDENT
from surveyor.llm.explain import LEAST_CONFIDENT
from surveyor.remedy.priority import MODEL_BOUND, decide
from surveyor.scan.plan import WEB_SLOTS
from surveyor.scan.settings import AllowedHost
from surveyor.service.actions import llm, scans, slots
from surveyor.service.actions.llm import Change
from surveyor.service.actions.slots import Result
from surveyor.service.store import finding_lists
from surveyor.service.store.finding_lists import Filter
from surveyor.service.store.findings import FindingRow
from surveyor.service.store.scans import Scan
from tests import browser as browsers
from tests.servers.llm import Asked, Models, obliging
from tests.servers.pipeline import Ground, worker
from tests.servers.web import Site
from tests.unit.llm.injections import INJECTIONS

ROUNDS = 50
#: What a rule decides, and what none can.
PICTURES = (
    "<ul><li><img src=a.png></li><li><img src=b.png></li></ul>"
    "<h1 style='color:#777;background-image:linear-gradient(red,blue)'>Shop</h1>"
    "<style>.gone{display:none}</style><p class=gone>unseen words</p><label for=f>Your name</label><input id=f>"
)


@pytest.fixture
def near(ground: Ground) -> Ground:
    """This machine may be scanned, and there are units enough for every round."""
    settings = replace(ground.platform.scan, allow_hosts=(AllowedHost(host="127.0.0.1"),))
    bounds = replace(ground.platform.llm, monthly_units=100_000)
    return replace(ground, platform=replace(ground.platform, scan=settings, llm=bounds))


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        links = "".join(f'<a href="/{n}">click here</a>' for n in range(5))
        served.page(
            "/", f"<!doctype html><html lang=en><title>Shop</title><p>{INJECTIONS[0]}</p>{links}{PICTURES}</html>"
        )
        yield served


@pytest.fixture
def models() -> Iterator[Models]:
    with Models() as served:
        yield served


async def configure(ground: Ground, models: Models) -> None:
    """The operator's provider, at a private address."""
    change = Change(kind="anthropic", given={"key": "sk-ant-0123456789abcdefghijkl", "base_url": models.base})
    await llm.set_providers(ground.platform, team_id=None, changes=[change])


def report(scan: Scan, slot: str, *, found: bool = True) -> bytes:
    """What a child would leave: one finding."""
    finding = {
        "domain": slot,
        "rule": f"{slot}_rule",
        "title": f"A problem of {slot}",
        "severity": "high",
        "assets": [{"type": "url", "value": scan.url}],
    }
    made = {
        "scanner": {"name": "surveyor"},
        "target": {"kind": "web", "source": scan.url, "type": "url"},
        "started_at": "2026-01-01T00:00:00Z",
        "finished_at": "2026-01-01T00:00:01Z",
        "scan_status": "complete",
        "findings": [finding] if found else [],
    }
    return orjson.dumps(made)


async def begun(near: Ground, **wanted: Any) -> tuple[Scan, dict[str, UUID]]:
    scan = await scans.start_web(near.platform, **near.place, url="http://127.0.0.1:9/", **wanted)
    await slots.begin(near.platform.sessions, scan.id)
    runs = {name: uuid4() for name in WEB_SLOTS}
    await asyncio.gather(*(slots.claim(near.platform.sessions, scan.id, name, run) for name, run in runs.items()))
    return scan, runs


async def jobs_of(near: Ground, scan: Scan) -> int:
    statement = "select count(*) from procrastinate_jobs where task_name = 'analyse' and args ->> 'scan_id' = :scan"
    async with near.platform.sessions() as session:
        found: int = (await session.execute(text(statement), {"scan": str(scan.id)})).scalar_one()
    return found


async def rows(near: Ground, scan: Scan) -> list[FindingRow]:
    async with near.platform.sessions() as session:
        wanted = finding_lists.of_project(near.team_id, near.project_id, Filter(scan_id=scan.id))
        return list((await finding_lists.page(session, wanted, limit=1_000, after=None)).items)


@pytest.mark.timeout(600)
async def test_however_many_finish_at_once_the_analyser_is_enqueued_once(near: Ground, models: Models) -> None:
    await configure(near, models)
    for number in range(ROUNDS):
        scan, runs = await begun(near)
        found = number % 2 == 0  # every other round fails three of four, in the same instant

        async def one(name: str, run: UUID, scan: Scan = scan, found: bool = found) -> None:
            if found or name == "seo":
                result = Result(report=report(scan, name))
            else:
                result = Result(reason="unreachable", detail="gone")
            assert await slots.finish(near.platform, scan, name, run, result)

        await asyncio.gather(*(one(name, run) for name, run in runs.items()))
        assert await jobs_of(near, scan) == 1
        held = await near.scan(scan.id)
        assert (held.status, held.analysis_enqueued_at is not None) == ("running", True)
        assert held.finished_at is None


async def test_without_findings_or_without_a_key_nothing_is_enqueued(near: Ground, models: Models) -> None:
    for configured, found in ((False, True), (True, False)):
        if configured:
            await configure(near, models)
        scan, runs = await begun(near)
        for name, run in runs.items():
            content = report(scan, name, found=found)
            assert await slots.finish(near.platform, scan, name, run, Result(report=content))
        ended = await near.scan(scan.id)
        assert (ended.status, await jobs_of(near, scan)) == ("done", 0)
        assert "health_score" not in ended.summary
    assert (await llm.used(near.platform, team_id=near.team_id)).units.reserved == 0


async def test_a_run_that_goes_ahead_without_a_unit_says_so(near: Ground, models: Models) -> None:
    await configure(near, models)
    none = replace(near, platform=replace(near.platform, llm=replace(near.platform.llm, monthly_units=0)))
    scan, runs = await begun(none, analysis="if_quota")
    for name, run in runs.items():
        assert await slots.finish(none.platform, scan, name, run, Result(report=report(scan, name)))
    ended = await near.scan(scan.id)
    assert ended.status == "done"
    assert {"what": "analysis", "state": "skipped", "reason": "quota_exceeded", "slot": "analysis"} in ended.coverage


async def test_an_analyser_that_never_ends_leaves_the_run_done(near: Ground, models: Models) -> None:
    await configure(near, models)
    scan, runs = await begun(near)
    for name, run in runs.items():
        assert await slots.finish(near.platform, scan, name, run, Result(report=report(scan, name)))
    assert await slots.fail(near.platform.sessions, scan.id, reason="stale", detail="stale job timeout")
    ended = await near.scan(scan.id)
    assert ended.status == "done"
    assert ended.summary["computed_health"] is not None
    assert "health_score" not in ended.summary
    assert [entry["reason"] for entry in ended.coverage if entry["what"] == "analysis"] == ["stale"]
    assert (await llm.used(near.platform, team_id=near.team_id)).units.reserved == 0


def settings(site: Site) -> dict[str, str]:
    return {"SURVEYOR_ALLOW_HOSTS": f"127.0.0.1:{site.port}", "SURVEYOR_LLM_SECONDS": "60"}


def greedy(body: dict[str, Any]) -> Any:
    """A model that the page has won over: everything to nothing, and a claim about the page's links."""
    asked = Asked("", {}, body)
    if "outline" in asked.data:
        line = next(line for line in asked.data["outline"] if "click here" in line)
        element = line.split()[0]
        return {
            "issues": [
                {"barrier": "link_purpose", "elements": [element], "explanation": INJECTIONS[3], "confidence": 1},
                {"barrier": "heading_text", "elements": ["e99999"], "explanation": "invented", "confidence": 1},
            ]
        }
    answer = obliging(body)
    if "groups" in asked.data:
        names = [element["id"] for group in asked.data["groups"] for element in group["elements"]]
        pardon = {"verdict": "no_barrier", "reason": INJECTIONS[1], "confidence": 1}
        return {**answer, "verdicts": [{"element": name, **pardon} for name in names]}
    zero = dict.fromkeys(("impact", "effort", "risk", "score"), 0)
    return {**answer, "health_score": 100, "findings": [{**one, **zero} for one in answer["findings"]]}


@pytest.mark.browser
async def test_the_whole_story(near: Ground, site: Site, models: Models) -> None:
    models.make = greedy
    await configure(near, models)
    executable = browsers.find() or pytest.skip("no Chromium is installed")
    scan = await scans.start_web(near.platform, **near.place, url=site.url())
    with worker(near.config, **settings(site), SURVEYOR_CHROMIUM=executable):
        ended = await near.ended(scan.id)
    assert ended.status == "done"
    assert ended.summary["summary"] == "All in all it could be better."
    assert abs(ended.summary["health_score"] - ended.summary["computed_health"]) <= MODEL_BOUND
    assert ended.summary["model"].startswith("claude-sonnet-4-5")
    found = await rows(near, scan)
    assert found
    for row in found:
        assert row.priority is not None
        formula = row.priority["by_source"]["formula"]
        assert row.priority["source"] == "model"
        assert row.priority["by_source"]["model"]["score"] == row.priority_score
        assert formula["score"] - row.priority_score == min(MODEL_BOUND, formula["score"])
        assert row.recommended_fix is not None
        assert row.recommended_fix["source"] == "model"
        # what the rule says stays beside it: a page can talk a model into "nothing to do"
        assert row.recommended_fix["rule"]["summary"] != row.recommended_fix["summary"]
        assert row.status == "new"
        assert row.severity_by == "rule"
    judged = [row for row in found if row.rule.startswith("accessibility_model")]
    assert [row.title for row in judged] == ["Links that do not say where they lead (judged by a model)"]
    assert judged[0].confidence <= 0.8
    assert any(item["kind"] == "model" and "haiku" in item["where"] for item in judged[0].evidence)
    lines = [item for item in judged[0].evidence if item["kind"] == "element"]
    assert any("click here" in item["value"] for item in lines)
    assert all(re.search(r"(^| > )a(#|:nth-of-type)", item["where"]) for item in lines), lines
    [pictures] = [row for row in found if row.rule == "accessibility_image_alt"]
    assert [item["kind"] for item in pictures.evidence] == ["group", "model", "element", "element"]
    assert pictures.evidence[0]["value"] == "body > ul > li > img"
    assert "body > ul > li > img" in pictures.evidence[1]["value"]
    assert (pictures.severity, pictures.confidence > MOST_CONFIDENT) == ("high", True)
    [contrast] = [row for row in found if row.rule == "accessibility_color_contrast"]
    assert contrast.title == "Text with too little contrast: to be reviewed"
    assert [item["kind"] for item in contrast.evidence] == ["group", "model", "element", "model_no_barrier"]
    assert (contrast.severity, contrast.confidence) == ("low", LEAST_CONFIDENT)
    (shown,) = (asked.user for asked in models.asked if "outline" in asked.data)
    assert "unseen words" not in shown
    assert 'accessible-name=\\"Your name\\"' in shown
    entries = {entry["what"]: entry for entry in ended.coverage}
    assert (entries["analysis"]["state"], entries["slot.accessibility_model"]["state"]) == ("looked", "looked")
    assert "named 1 of 15 classes" in entries["slot.accessibility_model"]["detail"]
    told = entries["slot.accessibility_model"]["detail"]
    assert re.search(r"explained [2-9] groups of elements; judged 1 of 1 undecided element: 0 barrier, 1 no", told)
    assert re.search(r"[2-9] claims dropped", told)
    used = await llm.used(near.platform, team_id=near.team_id)
    assert (used.units.used, used.units.reserved) == (1, 0)
    assert sorted(call.purpose for call in used.calls.items) == ["accessibility", "accessibility", "analysis"]
    assert all(call.subject_id == scan.id and call.cost_usd and call.tokens_in for call in used.calls.items)
    stages = [event.stage for event in await near.events(scan.id)]
    assert stages.index("analysis.queued") < stages.index("analysis.start") < stages.index("analysis.done")
    assert stages[-1] == "scan.done"


@pytest.mark.parametrize("step", [500, 429, "truncated", "schema"])
async def test_models_that_fail_leave_everything_else_as_it_was(
    near: Ground, site: Site, models: Models, step: int | str
) -> None:
    models.script = [step]
    await configure(near, models)
    scan = await scans.start_web(near.platform, **near.place, url=site.url())
    with worker(near.config, **settings(site)):
        ended = await near.ended(scan.id)
    assert ended.status == "done"
    assert ended.scanner_status["accessibility"].state == "done"
    assert {"health_score", "summary"}.isdisjoint(ended.summary)
    assert ended.summary["computed_health"] is not None
    found = await rows(near, scan)
    assert found
    assert all(row.priority is not None and row.priority["source"] == "formula" for row in found)
    reasons = {entry["what"]: (entry["state"], entry.get("reason")) for entry in ended.coverage}
    assert reasons["analysis"] == reasons["slot.accessibility_model"] == ("failed", "unanswered")
    used = await llm.used(near.platform, team_id=near.team_id)
    assert (used.units.used, used.units.reserved) == (0, 0)
    assert len(used.calls.items) == (4 if step == 429 else 2)


async def test_what_a_person_set_stays(near: Ground, site: Site, models: Models) -> None:
    first = await scans.start_web(near.platform, **near.place, url=site.url())
    with worker(near.config, **settings(site)):
        await near.ended(first.id)
        row = (await rows(near, first))[0]
        assert row.priority is not None
        record, by_person = decide(row.priority, 99)
        async with near.platform.sessions() as session, session.begin():
            await session.execute(
                text("update findings set priority_score = 99, priority = cast(:record as jsonb) where id = :id"),
                {"record": orjson.dumps(record).decode(), "id": row.id},
            )
        await configure(near, models)
        second = await scans.start_web(near.platform, **near.place, url=site.url())
        await near.ended(second.id)
    kept = next(found for found in await rows(near, second) if found.id == row.id)
    assert kept.priority is not None
    assert (kept.priority["source"], kept.priority["by_source"]["person"]) == ("person", by_person)
    assert kept.priority_score == 99
    assert "model" in kept.priority["by_source"]


async def test_a_worker_that_dies_during_the_analysis_is_followed_by_another(
    near: Ground, site: Site, models: Models
) -> None:
    models.script, models.slow_seconds = ["ok", "ok", "slow", "ok"], 100.0
    await configure(near, models)
    scan = await scans.start_web(near.platform, **near.place, url=site.url())
    with worker(near.config, **settings(site)) as first:
        await near.until(scan.id, lambda run: run.analysis_enqueued_at is not None, 60)
        async with asyncio.timeout(60):
            while len(models.asked) < 3:
                await asyncio.sleep(0.02)
        first.process.kill()
    assert len(models.asked) == 3
    with worker(near.config, **settings(site)):
        ended = await near.ended(scan.id)
    assert ended.status == "done"
    assert ended.summary["summary"] == "All in all it could be better."
    assert (await llm.used(near.platform, team_id=near.team_id)).units.used == 1
