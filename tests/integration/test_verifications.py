"""Who may end a verification, and what stands when a scan, a person or another worker was there meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from surveyor.remedy import priority
from surveyor.remedy.verify import Check, Look
from surveyor.scan.model import (
    Asset,
    Cvss,
    Domain,
    Evidence,
    Finding,
    Kind,
    Report,
    ScanStatus,
    Severity,
    Source,
    Target,
)
from surveyor.scan.report import json as report_json
from surveyor.scan.settings import AllowedHost
from surveyor.service.actions import findings, regressions, reopenings, scans, slots, tasks, verifications
from surveyor.service.actions.findings import Decision
from surveyor.service.actions.slots import Result
from surveyor.service.actions.verifications import Claim
from surveyor.service.store.finding_lists import Filter
from surveyor.service.store.findings import FindingRow
from surveyor.service.store.tasks import Task
from surveyor.service.store.verifications import Verification
from tests.servers.pipeline import Ground

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CSP = "security_header_csp"
PAGE = "http://127.0.0.1:9/"


@pytest.fixture
def near(ground: Ground) -> Ground:
    settings = replace(ground.platform.scan, allow_hosts=(AllowedHost(host="127.0.0.1"),))
    return replace(ground, platform=replace(ground.platform, scan=settings))


def finding(**more: Any) -> Finding:
    given = {
        "domain": Domain.SECURITY,
        "rule": CSP,
        "title": "Content-Security-Policy missing",
        "severity": Severity.MEDIUM,
        "evidence": (Evidence(kind="header", value="absent", where="Content-Security-Policy"),),
        **more,
    }
    return Finding(**given)


def report(*found: Finding, **more: Any) -> bytes:
    return report_json.encode(
        Report(
            scanner={"name": "surveyor", "version": "0", "units": {}},
            target=Target(kind=Kind.WEB, source=PAGE, type="url"),
            started_at=NOW,
            finished_at=NOW,
            scan_status=ScanStatus.COMPLETE,
            findings=found,
            **more,
        )
    )


async def begun(near: Ground, *, url: str = PAGE) -> tuple[Any, UUID]:
    """A page's scan whose security scanner has begun to look."""
    scan = await scans.start_web(near.platform, **near.place, url=url)
    await slots.begin(near.platform.sessions, scan.id)
    run = uuid4()
    await slots.claim(near.platform.sessions, scan.id, "security", run)
    return scan, run


async def saw(near: Ground, look: tuple[Any, UUID], content: bytes) -> None:
    scan, run = look
    assert await slots.finish(near.platform, scan, "security", run, Result(report=content))


async def look(near: Ground, content: bytes) -> None:
    await saw(near, await begun(near), content)


async def one(near: Ground) -> FindingRow:
    (row,) = (await findings.page(near.platform.sessions, **near.place, wanted=Filter())).items
    return row


async def prepared(near: Ground) -> tuple[Task, Verification]:
    """A finding, its task, and a verification that waits."""
    await look(near, report(finding()))
    task = await tasks.create(near.platform.sessions, **near.place, finding_id=(await one(near)).id)
    return task, await started(near, task)


async def started(near: Ground, task: Task) -> Verification:
    return await verifications.start(near.platform, **near.place, task_id=task.id, who="person")


async def claimed(near: Ground, made: Verification) -> Claim:
    found = await verifications.claim(near.platform.sessions, made.id, uuid4())
    assert found is not None
    return found


def passed(status: str = "passed") -> Sequence[Check]:
    seen = Look(key=CSP, asset=PAGE, status=status, after="default-src 'self'")
    return (Check(key=CSP, before="absent", after="default-src 'self'", status=status, assets=(seen,)),)


async def states(near: Ground, made: Verification) -> tuple[str, str, str]:
    held = await verifications.find(near.platform.sessions, **near.place, verification_id=made.id)
    task = await tasks.find(near.platform.sessions, **near.place, task_id=made.task_id)
    return held.result, task.status, (await one(near)).status


async def decide(near: Ground, **decision: Any) -> None:
    found = await one(near)
    await findings.decide(
        near.platform.sessions, **near.place, finding_id=found.id, who="person", decision=Decision(**decision)
    )


async def moves(near: Ground) -> list[tuple[str, str]]:
    past = await findings.past(near.platform.sessions, **near.place, finding_id=(await one(near)).id)
    return [(change.before, change.after) for change in reversed(past.items) if change.field == "status"]


async def test_a_run_that_lost_its_verification_writes_nothing(near: Ground) -> None:
    _, made = await prepared(near)
    sessions = near.platform.sessions
    lost, holds = await claimed(near, made), await claimed(near, made)
    assert not await verifications.touch(sessions, lost)
    assert await verifications.touch(sessions, holds)
    assert await verifications.finish(sessions, lost, passed())
    assert await states(near, made) == ("pending", "backlog", "new")
    assert await verifications.finish(sessions, holds, passed())
    assert await verifications.finish(sessions, holds, passed("failed"))
    assert await states(near, made) == ("passed", "done", "resolved")
    assert await moves(near) == [("new", "resolved")]
    assert await verifications.claim(sessions, made.id, uuid4()) is None


async def test_many_that_end_it_at_once_move_once(near: Ground) -> None:
    _, made = await prepared(near)
    claim = await claimed(near, made)
    await asyncio.gather(*(verifications.finish(near.platform.sessions, claim, passed()) for _ in range(8)))
    assert await states(near, made) == ("passed", "done", "resolved")
    assert await moves(near) == [("new", "resolved")]


async def test_what_a_scan_saw_meanwhile_has_to_be_looked_at_again(near: Ground) -> None:
    _, made = await prepared(near)
    claim = await claimed(near, made)
    await look(near, report(finding()))
    assert not await verifications.finish(near.platform.sessions, claim, passed(), last=False)
    assert await states(near, made) == ("pending", "backlog", "new")
    again = await verifications.claim(near.platform.sessions, made.id, claim.run)
    assert again is not None
    await look(near, report(finding()))
    assert await verifications.finish(near.platform.sessions, again, passed())
    assert await states(near, made) == ("failed", "backlog", "new")
    held = await verifications.find(near.platform.sessions, **near.place, verification_id=made.id)
    assert held.reason == "finding_changed"


async def test_a_failure_needs_no_second_look(near: Ground) -> None:
    _, made = await prepared(near)
    claim = await claimed(near, made)
    await look(near, report(finding()))
    assert await verifications.finish(near.platform.sessions, claim, passed("failed"), last=False)
    assert await states(near, made) == ("failed", "backlog", "new")


async def test_a_proof_moves_from_where_people_have_moved_to_and_back_to_it(near: Ground) -> None:
    task, made = await prepared(near)
    sessions = near.platform.sessions
    claim = await claimed(near, made)
    await decide(near, status="dismissed", reason="nobody can reach it")
    await tasks.change(sessions, **near.place, task_id=task.id, given={"status": "blocked"})
    assert await verifications.finish(sessions, claim, passed())
    assert await states(near, made) == ("passed", "done", "resolved")
    await reopenings.reopen(sessions, **near.place, verification_id=made.id, who="person")
    assert await states(near, made) == ("failed", "blocked", "dismissed")


async def test_a_reopening_leaves_what_somebody_has_moved_since(near: Ground) -> None:
    task, made = await prepared(near)
    sessions = near.platform.sessions
    assert await verifications.finish(sessions, await claimed(near, made), passed())
    await tasks.change(sessions, **near.place, task_id=task.id, given={"status": "in_progress"})
    await reopenings.reopen(sessions, **near.place, verification_id=made.id, who="person")
    assert await states(near, made) == ("failed", "in_progress", "new")


async def test_a_second_proof_is_taken_back_to_where_the_first_one_began(near: Ground) -> None:
    task, made = await prepared(near)
    sessions = near.platform.sessions
    assert await verifications.finish(sessions, await claimed(near, made), passed())
    second = await started(near, task)
    assert await verifications.finish(sessions, await claimed(near, second), passed())
    assert await moves(near) == [("new", "resolved")]
    await reopenings.reopen(sessions, **near.place, verification_id=second.id, who="person")
    assert await states(near, second) == ("failed", "backlog", "new")


async def test_a_finding_proved_by_two_tasks_is_taken_back_by_either(near: Ground) -> None:
    first, made = await prepared(near)
    sessions = near.platform.sessions
    other = await tasks.create(sessions, **near.place, finding_id=first.finding_id)
    assert await verifications.finish(sessions, await claimed(near, made), passed())
    second = await started(near, other)
    assert await verifications.finish(sessions, await claimed(near, second), passed())
    await reopenings.reopen(sessions, **near.place, verification_id=second.id, who="person")
    assert await states(near, second) == ("failed", "backlog", "new")
    assert (await states(near, made))[:2] == ("passed", "done")


async def test_of_many_that_reopen_one_does(near: Ground) -> None:
    _, made = await prepared(near)
    sessions = near.platform.sessions
    assert await verifications.finish(sessions, await claimed(near, made), passed())
    ends = await asyncio.gather(
        *(reopenings.reopen(sessions, **near.place, verification_id=made.id, who=f"{n}") for n in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(end, Verification) for end in ends) == 1
    assert len((await regressions.page(sessions, **near.place)).items) == 1


async def test_one_that_nobody_works_on_ends_and_one_that_waits_does_not(near: Ground) -> None:
    _, made = await prepared(near)
    sessions = near.platform.sessions
    async with sessions() as session, session.begin():
        await session.execute(text("update audit_verifications set updated_at = now() - interval '1 hour'"))
    assert await verifications.stale(sessions, seconds=60) == 0
    async with sessions() as session, session.begin():
        await session.execute(text("delete from procrastinate_jobs where task_name = 'verify'"))
    assert await verifications.stale(sessions, seconds=7200) == 0
    assert await verifications.stale(sessions, seconds=60) == 1
    assert await states(near, made) == ("failed", "backlog", "new")
    held = await verifications.find(sessions, **near.place, verification_id=made.id)
    assert (held.reason, [check["status"] for check in held.checks]) == ("stale", ["not_looked"])
    assert not await verifications.fail(sessions, made.id, reason="attempts")


async def test_a_scan_that_began_before_it_was_solved_takes_nothing_up(near: Ground) -> None:
    _, made = await prepared(near)
    early = await begun(near)
    assert await verifications.finish(near.platform.sessions, await claimed(near, made), passed())
    await saw(near, early, report(finding()))
    assert (await one(near)).status == "resolved"
    assert (await regressions.page(near.platform.sessions, **near.place)).items == ()
    await look(near, report(finding()))
    assert (await one(near)).status == "triaged"
    (opened,) = (await regressions.page(near.platform.sessions, **near.place)).items
    assert (opened.trigger, opened.scan_id, opened.closed_at) == ("reappeared", (await one(near)).last_scan_id, None)
    assert await moves(near) == [("new", "resolved"), ("resolved", "triaged")]


async def test_what_was_dismissed_stays_so_however_often_it_is_seen(near: Ground) -> None:
    await look(near, report(finding()))
    await decide(near, status="dismissed", reason="nobody can reach it")
    await look(near, report(finding()))
    found = await one(near)
    assert (found.status, found.status_reason) == ("dismissed", "nobody can reach it")
    assert (await regressions.page(near.platform.sessions, **near.place)).items == ()


async def test_proofs_and_scans_at_once_end_in_one_of_two_states(near: Ground) -> None:
    task, made = await prepared(near)
    for _ in range(10):
        claim, seen = await claimed(near, made), await begun(near)
        await asyncio.gather(
            verifications.finish(near.platform.sessions, claim, passed()), saw(near, seen, report(finding()))
        )
        result, status, state = await states(near, made)
        assert (result, status, state) in {("passed", "done", "resolved"), ("failed", "backlog", "new")}
        if result == "passed":
            await reopenings.reopen(near.platform.sessions, **near.place, verification_id=made.id, who="person")
        made = await started(near, task)


def factors(row: FindingRow) -> dict[str, dict[str, Any]]:
    assert row.priority is not None
    return {factor["name"]: factor for factor in row.priority["factors"]}


async def test_a_page_has_its_priority_from_the_first_scan_on(near: Ground) -> None:
    await look(near, report(finding()))
    row = await one(near)
    assert row.priority is not None
    assert (row.priority["source"], row.priority["formula"]) == ("formula", priority.FORMULA)
    assert row.priority["by_source"]["formula"] == {
        "impact": row.impact_score,
        "effort": row.effort_score,
        "risk": row.risk_score,
        "score": row.priority_score,
    }
    told = factors(row)
    assert sum(factor["points"] for factor in told.values()) == row.priority_score
    assert (told["severity"]["source"], told["exposure"]["value"]) == (f"rule {CSP}", "private")
    assert told["kev"]["state"] == "not_applicable"
    assert told["severity"]["date"]


async def test_a_vulnerability_is_weighed_by_what_feeds_say_and_again_by_the_next_scan(near: Ground) -> None:
    def known(**more: Any) -> Finding:
        return finding(
            domain=Domain.VULNERABILITY,
            rule="CVE-2026-1",
            title="CVE-2026-1: pypi/demo",
            ids=("CVE-2026-1",),
            severity=Severity.UNKNOWN,
            assets=(Asset(type="package", value="pkg:pypi/demo@1"),),
            **more,
        )

    await look(near, report(known()))
    unknown = await one(near)
    assert {name for name, factor in factors(unknown).items() if factor["state"] == "unknown"} == {
        "severity",
        "kev",
        "epss",
        "exposure",
        "fix",
        "effort",
    }
    assert (unknown.impact_score, unknown.risk_score, unknown.priority_score) == (None, None, 0)
    assert unknown.priority_order == -102
    sources = (
        Source(feed="osv:PyPI", date=NOW, rows=1),
        Source(feed="osv:PyPI", date=NOW - timedelta(days=3), rows=1),
        Source(feed="epss", date=NOW + timedelta(days=1), rows=1),
        Source(feed="kev", date=None, rows=1),
    )
    rated = known(
        cvss=(Cvss(version="3.1", vector="CVSS:3.1/AV:N", score=9.8, source="nvd"),),
        epss=0.6,
        kev=True,
        fix_state="fixed",
    )
    await look(near, report(rated, sources=sources))
    row = await one(near)
    told = {name: (factor["points"], factor["source"], factor["date"]) for name, factor in factors(row).items()}
    assert told["severity"] == (44, "nvd", NOW.isoformat())
    assert told["epss"] == (12, "epss", (NOW + timedelta(days=1)).isoformat())
    assert told["kev"] == (15, "kev", None)
    assert told["fix"] == (4, "osv", NOW.isoformat())
    assert row.priority_score == 44 + 12 + 15 + 4 + 5
    # somebody rates it otherwise: the published score gives way, and the other facts keep who said them
    await decide(near, severity="low")
    row = await one(near)
    assert factors(row)["severity"]["source"] == "person"
    assert factors(row)["epss"]["date"] == (NOW + timedelta(days=1)).isoformat()
    assert row.priority_score == 7 + 12 + 15 + 4 + 5
