"""What a project's reports say of what was not looked at, and of the health that nobody can know."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from surveyor.remedy import health
from surveyor.service.actions import exports, standing
from tests.integration.test_reports import NOW, put
from tests.servers.pipeline import Ground


async def test_what_is_not_set_up_is_no_gap_and_named_apart(ground: Ground) -> None:
    entry = {"what": "slot.performance", "state": "not_configured", "reason": "not_configured", "slot": "performance"}
    slots = {"performance": {"state": "failed", "reason": "not_configured"}, "seo": {"state": "done"}}
    await run(ground, url="https://a.example/", slots=slots, coverage=[entry])
    held = await exports.gather(ground.platform.sessions, **ground.place, report_id=uuid4())
    assert (held.gaps, held.not_set_up) == (0, ("slot.performance",))
    assert (held.targets[0].complete, held.targets[0].not_set_up) == (True, ("slot.performance",))
    assert (held.metrics.computed_health, held.metrics.unrated) == (100, 0)


async def test_there_is_no_health_where_nobody_could_look_or_rate(ground: Ground) -> None:
    missing = {"what": "advisories", "state": "missing", "reason": "missing"}
    await run(ground, url="https://a.example/", slots={"artifact": {"state": "done"}}, coverage=[missing])
    gathered = [await exports.gather(ground.platform.sessions, **ground.place, report_id=uuid4())]
    await run(ground, url="https://b.example/", slots={"artifact": {"state": "done"}}, coverage=[])
    for number in range(2):
        await put(ground.platform.sessions, ground.place, f"CVE-{number}", domain="vulnerability", severity="unknown")
    gathered.append(await exports.gather(ground.platform.sessions, **ground.place, report_id=uuid4()))
    await put(ground.platform.sessions, ground.place, "CVE-9", domain="vulnerability", severity="critical")
    gathered.append(await exports.gather(ground.platform.sessions, **ground.place, report_id=uuid4()))
    assert [(held.metrics.computed_health, held.metrics.unrated) for held in gathered] == [
        (None, 0),
        (None, 2),
        (67, 2),
    ]


def told(*entries: tuple[str, str]) -> list[dict[str, str]]:
    return [{"what": what, "state": state} for what, state in entries]


@pytest.mark.parametrize(
    ("coverage", "judged"),
    [
        (told(), True),
        (told(("advisories", "missing")), False),
        (told(("advisories", "failed")), False),
        (told(("advisories.deb", "missing"), ("catalog.dpkg", "looked")), False),
        (told(("advisories.deb", "missing"), ("advisories.npm", "looked")), True),
        (told(("advisories.npm", "looked"), ("advisories.npm", "partial")), True),
    ],
)
async def test_packages_that_no_advisory_was_asked_about_give_no_health(
    ground: Ground, coverage: list[dict[str, str]], judged: bool
) -> None:
    await run(ground, url="https://a.example/", slots={"artifact": {"state": "done"}}, coverage=coverage)
    held = await exports.gather(ground.platform.sessions, **ground.place, report_id=uuid4())
    # decided twice, of one run and of a project in the database: alike
    assert held.metrics.computed_health == (100 if judged else None)
    assert health.unjudged(coverage) is not judged


async def run(ground: Ground, *, url: str, slots: dict[str, dict[str, str]], coverage: list[dict[str, str]]) -> None:
    """An ended scan of a page, with what it looked at."""
    statement = text("""
        insert into audit_scan_runs (team_id, project_id, kind, url, name, status, scanner_status, coverage,
                                     finished_at)
        values (:team_id, :project_id, 'web', :url, :url, 'done', cast(:slots as jsonb), cast(:coverage as jsonb),
                now())""")
    values = {"url": url, "slots": json.dumps(slots), "coverage": json.dumps(coverage)}
    async with ground.platform.sessions() as session, session.begin():
        await session.execute(statement, ground.place | values)


async def test_what_could_not_be_looked_at_is_told_by_the_newest_scan_of_each_target(ground: Ground) -> None:
    run = text("""
        insert into audit_scan_runs (team_id, project_id, kind, url, name, status, scanner_status, coverage,
                                     finished_at, inserted_at)
        values (:team_id, :project_id, 'web', :url, :url, :status, cast(:slots as jsonb), cast(:coverage as jsonb), :at,
                :at)""")
    gap = [
        {"what": "check.csp", "state": "failed", "reason": "timeout", "asset": "https://b.example/", "slot": "security"}
    ]
    fine = [{"what": "gather.http", "state": "looked"}]
    rows: list[tuple[str, str, dict[str, object], list[dict[str, str]], int]] = [
        ("https://a.example/", "done", {"security": {"state": "done"}}, gap, 2),
        ("https://a.example/", "done", {"security": {"state": "done"}}, fine, 1),
        ("https://b.example/", "done", {"seo": {"state": "failed", "reason": "crashed"}}, gap, 1),
        ("https://c.example/", "running", {}, [], 1),
    ]
    async with ground.platform.sessions() as session, session.begin():
        for url, status, slots, coverage, days in rows:
            at = NOW - timedelta(days=days)
            values = {"url": url, "status": status, "slots": json.dumps(slots), "coverage": json.dumps(coverage)}
            await session.execute(run, ground.place | values | {"at": at})
    held = await exports.gather(ground.platform.sessions, **ground.place, report_id=uuid4())
    assert [(target.name, target.complete) for target in held.targets] == [
        ("https://b.example/", False),
        ("https://a.example/", True),
    ]
    assert {(entry.what, entry.why) for entry in held.targets[0].entries} == {
        ("check.csp", "timeout"),
        ("slot.seo", "crashed"),
    }
    assert {(entry.what, entry.reason) for entry in held.targets[0].entries} == {
        ("check.csp", "timeout"),
        ("slot.seo", "crashed"),
    }
    assert held.targets[1].entries == ()
    assert held.metrics.computed_health == 100
    assert len(held.metrics.risk_burn_down) == standing.DAYS
