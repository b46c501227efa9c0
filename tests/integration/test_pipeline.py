"""The run's states under real concurrency: one fan-out, one last finisher, numbers without gaps, fast kick-offs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from surveyor.scan.plan import WEB_SLOTS
from surveyor.scan.settings import AllowedHost
from surveyor.service.actions import handover, scans, slots, sweep
from surveyor.service.actions.slots import Leftover, Result
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.store import events as event_store
from surveyor.service.store import scans as scan_store
from surveyor.service.store.events import NewEvent
from surveyor.service.store.scans import Scan
from tests.servers.pipeline import Ground, wheel

ROUNDS = 100


def said(stage: str, count: int = 1) -> list[NewEvent]:
    return [NewEvent(ts=datetime.now(UTC), stage=stage, detail=f"{number}") for number in range(count)]


@pytest.fixture
def near(ground: Ground) -> Ground:
    """The same, with a host of this machine allowed, so that no name has to be looked up."""
    settings = replace(ground.platform.scan, allow_hosts=(AllowedHost(host="127.0.0.1"),))
    return replace(ground, platform=replace(ground.platform, scan=settings))


async def web(near: Ground) -> Scan:
    return await scans.start_web(near.platform, **near.place, url="http://127.0.0.1:9/")


async def count(ground: Ground, statement: str, **values: object) -> int:
    async with ground.platform.sessions() as session:
        found: int = (await session.execute(text(statement), values)).scalar_one()
    return found


async def test_a_scan_and_its_job_come_together_or_not_at_all(near: Ground) -> None:
    scan = await web(near)
    assert scan.status == "queued"
    jobs = await count(near, "select count(*) from procrastinate_jobs where task_name = 'scan_run' and status = 'todo'")
    assert jobs == 1
    with pytest.raises(InvalidParams) as refused:
        await scans.start_web(near.platform, **near.place, url="http://10.0.0.1/")
    assert refused.value.details == {"url": ["address_private"]}
    assert await count(near, "select count(*) from audit_scan_runs") == 1
    assert await count(near, "select count(*) from procrastinate_jobs") == 1


@pytest.mark.parametrize(
    ("url", "rule"),
    [("ftp://example.com/", "scheme"), ("http://localhost/", "host_local"), ("http://a:b@example.com/", "userinfo")],
)
async def test_a_refused_url_names_the_rule(ground: Ground, url: str, rule: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        await scans.start_web(ground.platform, **ground.place, url=url)
    assert refused.value.details == {"url": [rule]}
    assert ("SURVEYOR_ALLOW_HOSTS" in refused.value.message) == (rule == "host_local")


async def test_two_run_jobs_fan_out_once(near: Ground) -> None:
    scan = await web(near)
    began = await asyncio.gather(*(slots.begin(near.platform.sessions, scan.id) for _ in range(8)))
    assert sorted(began) == [False] * 7 + [True]
    assert await count(near, "select count(*) from procrastinate_jobs where task_name = 'scan_slot'") == 4
    running = await near.scan(scan.id)
    assert running.status == "running"
    assert {name: slot.state for name, slot in running.scanner_status.items()} == dict.fromkeys(WEB_SLOTS, "pending")


async def test_the_last_of_four_finishers_ends_the_run_exactly_once(near: Ground) -> None:
    platform = near.platform
    for _ in range(ROUNDS):
        scan = await web(near)
        await slots.begin(platform.sessions, scan.id)
        runs = {name: uuid4() for name in WEB_SLOTS}
        await asyncio.gather(*(slots.claim(platform.sessions, scan.id, name, run) for name, run in runs.items()))

        async def one(name: str, run: UUID, scan: Scan = scan) -> None:
            await slots.deliver(platform.sessions, scan, name, run, said(f"{name}.step", 3), start=0, offset=30)
            assert await slots.finish(platform, scan, name, run, Result(reason="unreachable", detail="gone"))

        await asyncio.gather(*(one(name, run) for name, run in runs.items()))
        ended = await near.scan(scan.id)
        assert ended.status == "failed"
        events = await near.events(scan.id)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert ended.last_seq == len(events) == 1 + 4 * (3 + 1) + 1
        assert [event.stage for event in events].count("scan.error") == 1
        assert events[-1].stage == "scan.error"


async def test_one_failed_scanner_does_not_fail_the_run(near: Ground) -> None:
    scan = await web(near)
    await slots.begin(near.platform.sessions, scan.id)
    for name in WEB_SLOTS[1:]:
        run = uuid4()
        assert await slots.claim(near.platform.sessions, scan.id, name, run)
        assert await slots.finish(near.platform, scan, name, run, Result(reason="unreachable", detail="gone"))
        assert (await near.scan(scan.id)).status == "running"
    run = uuid4()
    await slots.claim(near.platform.sessions, scan.id, WEB_SLOTS[0], run)
    report = (
        b'{"scanner": {"name": "surveyor"}, "target": {"kind": "web", "source": "http://127.0.0.1:9/", "type": "url"},'
        b'"started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:01Z", "scan_status": "complete"}'
    )
    assert await slots.finish(near.platform, scan, WEB_SLOTS[0], run, Result(report=report))
    ended = await near.scan(scan.id)
    assert ended.status == "done"
    assert ended.summary["computed_health"] == 100
    assert {entry["what"] for entry in ended.coverage} == {f"slot.{name}" for name in WEB_SLOTS[1:]}
    assert (await near.events(scan.id))[-1].stage == "scan.done"


async def test_who_does_not_hold_a_slot_cannot_write_to_it(near: Ground) -> None:
    sessions = near.platform.sessions
    scan = await web(near)
    await slots.begin(sessions, scan.id)
    first, second = uuid4(), uuid4()
    await slots.claim(sessions, scan.id, "seo", first)
    assert await slots.deliver(sessions, scan, "seo", first, said("seo.a"), start=0, offset=10)
    await slots.claim(sessions, scan.id, "seo", second)
    assert not await slots.deliver(sessions, scan, "seo", first, said("seo.late"), start=10, offset=20)
    assert not await slots.finish(near.platform, scan, "seo", first, Result(reason="crashed", detail="late"))
    assert await slots.deliver(sessions, scan, "seo", second, said("seo.b"), start=0, offset=10)
    assert (await near.scan(scan.id)).scanner_status["seo"].run == str(second)
    stages = [event.stage for event in await near.events(scan.id)]
    assert stages == ["scan.start", "seo.a", "seo.retry.warn", "seo.b"]


async def test_a_repeated_delivery_is_stored_once(near: Ground) -> None:
    sessions = near.platform.sessions
    scan = await web(near)
    await slots.begin(sessions, scan.id)
    run = uuid4()
    await slots.claim(sessions, scan.id, "seo", run)
    for _ in range(3):  # as after a commit whose answer was lost
        assert await slots.deliver(sessions, scan, "seo", run, said("seo.a", 5), start=0, offset=50)
    assert not await slots.deliver(sessions, scan, "seo", run, said("seo.b"), start=20, offset=60)
    assert (await near.scan(scan.id)).last_seq == 1 + 5


async def test_what_a_lost_run_had_said_is_stored_by_the_next_unless_it_was_meanwhile(near: Ground) -> None:
    sessions = near.platform.sessions
    scan = await web(near)
    await slots.begin(sessions, scan.id)
    lost = uuid4()
    await slots.claim(sessions, scan.id, "seo", lost)
    await slots.deliver(sessions, scan, "seo", lost, said("seo.a", 2), start=0, offset=20)
    before = await handover.held_before(sessions, scan.id, "seo")
    assert before == Leftover(run=lost, offset=20, said=())
    left = replace(before, said=tuple(said("seo.left", 2)))
    assert await slots.claim(sessions, scan.id, "seo", uuid4(), leftover=left)
    # stale by now: the same again changes nothing
    assert await slots.claim(sessions, scan.id, "seo", uuid4(), leftover=left)
    stages = [event.stage for event in await near.events(scan.id)]
    assert stages == [
        "scan.start",
        *["seo.a"] * 2,
        *["seo.left"] * 2,
        "seo.retry.warn",
        "seo.retry.warn",
    ]


async def test_numbers_have_no_gap_under_many_writers(near: Ground) -> None:
    sessions = near.platform.sessions
    scan = await web(near)
    await slots.begin(sessions, scan.id)
    runs = {name: uuid4() for name in WEB_SLOTS}
    for name, run in runs.items():
        await slots.claim(sessions, scan.id, name, run)

    async def write(name: str, run: UUID) -> None:
        for step in range(25):
            batch = said(f"{name}.step", 1 + step % 4)
            assert await slots.deliver(sessions, scan, name, run, batch, start=step, offset=step + 1)

    await asyncio.gather(*(write(name, run) for name, run in runs.items()))
    events = await near.events(scan.id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    per_slot = [event.slot for event in events if event.stage.endswith(".step")]
    assert {name: per_slot.count(name) for name in WEB_SLOTS} == dict.fromkeys(
        WEB_SLOTS, sum(1 + s % 4 for s in range(25))
    )


async def test_a_cancelled_scan_names_what_it_did_not_look_at_any_more(near: Ground) -> None:
    scan = await web(near)
    assert await slots.begin(near.platform.sessions, scan.id)
    cancelled = await scans.cancel(near.platform, **near.place, scan_id=scan.id)
    left = {(entry["what"], entry["state"], entry["reason"]) for entry in cancelled.coverage}
    assert left == {(f"slot.{name}", "skipped", "cancelled") for name in WEB_SLOTS}


async def test_cancelling_a_waiting_scan_takes_its_job_away(near: Ground) -> None:
    scan = await web(near)
    cancelled = await scans.cancel(near.platform, **near.place, scan_id=scan.id)
    assert cancelled.status == "cancelled"
    assert await count(near, "select count(*) from procrastinate_jobs where status = 'todo'") == 0
    assert not await slots.begin(near.platform.sessions, scan.id)
    with pytest.raises(Conflict):
        await scans.cancel(near.platform, **near.place, scan_id=scan.id)
    again = await scans.retry(near.platform, **near.place, scan_id=scan.id)
    assert (again.status, again.url) == ("queued", scan.url)
    assert (await near.scan(scan.id)).status == "cancelled"


async def test_another_teams_scan_is_not_there(near: Ground) -> None:
    scan = await web(near)
    stranger = {"team_id": uuid4(), "project_id": near.project_id}
    for verb in (
        scans.find(near.platform.sessions, **stranger, scan_id=scan.id),
        scans.cancel(near.platform, **stranger, scan_id=scan.id),
        scans.events_after(near.platform.sessions, **stranger, scan_id=scan.id),
    ):
        with pytest.raises(NotFound):
            await verb
    assert (await near.scan(scan.id)).status == "queued"


async def test_a_silent_run_is_stale_and_a_waiting_one_is_not(near: Ground) -> None:
    sessions = near.platform.sessions
    silent, waiting, fresh = await web(near), await web(near), await web(near)
    for scan in (silent, waiting, fresh):
        await slots.begin(sessions, scan.id)
    for scan in (silent, fresh):
        await slots.claim(sessions, scan.id, "seo", uuid4())
    async with sessions() as session, session.begin():
        await session.execute(
            text("update audit_scan_runs set updated_at = now() - interval '31 minutes' where id = any(:ids)"),
            {"ids": [silent.id, waiting.id]},
        )
    assert await sweep.stale(sessions, seconds=1800) == 1
    ended = await near.scan(silent.id)
    assert (ended.status, ended.error) == ("failed", "stale job timeout")
    last = (await near.events(silent.id))[-1]
    assert (last.stage, last.detail) == ("scan.error", "stale job timeout")
    assert {slot.reason for slot in ended.scanner_status.values()} == {"stale"}
    assert [(await near.scan(scan.id)).status for scan in (waiting, fresh)] == ["running", "running"]


async def test_pages_of_runs_have_every_run_once(near: Ground) -> None:
    made = [(await web(near)).id for _ in range(7)]
    seen: list[UUID] = []
    after = None
    while True:
        page = await scans.page(near.platform.sessions, **near.place, limit=3, after=after)
        assert (page.total, page.total_is_estimate) == (7, False)
        seen += [scan.id for scan in page.items]
        if (after := page.next_cursor) is None:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize("cursor", ["x", "W10", "WzFd", "bnVsbA", "", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiYSJd", "é"])
async def test_a_cursor_from_elsewhere_is_refused(near: Ground, cursor: str) -> None:
    if not cursor:
        assert (await scans.page(near.platform.sessions, **near.place, after=cursor)).items == ()
        return
    with pytest.raises(InvalidParams):
        await scans.page(near.platform.sessions, **near.place, after=cursor)


async def test_an_upload_is_kept_once_per_team_whatever_it_is_called(ground: Ground) -> None:
    first = await ground.start(wheel(), "a.whl")
    second = await ground.start(wheel(), "b.whl")
    assert first.artifact_id == second.artifact_id
    assert [scan.name for scan in (first, second)] == ["a.whl", "b.whl"]
    stored = [meta.key async for meta in ground.platform.storage.list("uploads")]
    assert len(stored) == 1


async def test_events_with_bytes_that_postgresql_cannot_hold_are_stored_all_the_same(near: Ground) -> None:
    from surveyor.service.child import parse

    sessions = near.platform.sessions
    scan = await web(near)
    await slots.begin(sessions, scan.id)
    run = uuid4()
    await slots.claim(sessions, scan.id, "seo", run)
    lines = [
        (
            b'{"ts": "0001-01-01T00:00:00+14:00", "stage": "seo.\\u0000x", "detail": "\\u0000",'
            b'"data": {"\\u0000": ["\\u0000"]}}'
        ),
        b'{"ts": "9999-12-31T23:59:59-14:00", "stage": "seo.x", "detail": "y", "data": {"n": 18446744073709551615}}',
        b"not json",
        b'{"ts": 1, "stage": [], "detail": {}}',
    ]
    assert await slots.deliver(sessions, scan, "seo", run, [parse(line) for line in lines], start=0, offset=9)
    kept = (await near.events(scan.id))[1:]
    assert [event.stage for event in kept] == ["seo.x", "seo.x", "seo.events.warn", "seo.events.warn"]
    assert all(abs((event.ts - datetime.now(UTC)).total_seconds()) < 60 for event in kept)


async def test_the_fence_is_in_the_statement_itself(near: Ground) -> None:
    sessions = near.platform.sessions
    scan = await web(near)
    await slots.begin(sessions, scan.id)
    run = uuid4()
    await slots.claim(sessions, scan.id, "seo", run)
    async with sessions() as session, session.begin():
        for holder, slot in ((uuid4(), "seo"), (run, "security"), (run, "nothing")):
            assert await scan_store.advance(session, scan.id, slot, holder, events=1, start=0, offset=1) is None
        assert not await event_store.append_from_slot(session, uuid4(), "seo", run, said("a"), start=0, offset=1)
