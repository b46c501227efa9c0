"""Stored inventories meet newer advisories: only those concerned, without the artifact, by the rules of a scan."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from procrastinate.jobs import Job
from sqlalchemy import text

from surveyor.scan.advise import choice, update
from surveyor.scan.events import Progress
from surveyor.scan.model import Report
from surveyor.scan.net import Client
from surveyor.scan.report import json as report_json
from surveyor.scan.settings import Feeds
from surveyor.service import jobs
from surveyor.service.actions import advisories, clock, findings, regressions, reports, scans, slots, teams
from surveyor.service.actions.findings import Decision
from surveyor.service.actions.rematches import Due
from surveyor.service.actions.slots import Result
from surveyor.service.api.v1 import answers
from surveyor.service.child import Child, Ended
from surveyor.service.jobs import notice_advisories, rematch
from surveyor.service.store.finding_lists import Filter
from surveyor.service.store.findings import FindingRow
from surveyor.service.store.scans import Scan
from surveyor.service.ui import rows
from tests.servers.jobs import run_waiting, scanned
from tests.servers.osv_bucket import Record, record, write
from tests.servers.pipeline import Ground, wheel, worker

DEMO = "CVE-2026-1: pypi/demo"
OTHER = record("CVE-2026-9", "PyPI", "unrelated", modified="2026-01-01T00:00:00Z", fixed="2.0")


def flaw(day: int, **more: Any) -> Record:
    return record("CVE-2026-1", "PyPI", "demo", modified=f"2026-02-{day:02}T00:00:00Z", **{"fixed": None, **more})


@pytest.fixture
def near(ground: Ground) -> Ground:
    """A place whose advisories are a folder's."""
    folder = ground.config.home / "bucket"
    write(folder, {"PyPI": [OTHER]})
    settings = replace(ground.platform.scan, feeds=Feeds(enabled=("osv",), addresses={"osv": (str(folder),)}))
    return replace(ground, platform=replace(ground.platform, scan=settings))


async def publish(near: Ground, *records: Record, match: bool = True) -> int:
    """Let the feed say this from now on, and have the database updated; how many jobs matched again."""
    write(near.config.home / "bucket", {"PyPI": [OTHER, *records]})
    update = await advisories.request_update(near.platform.sessions)
    await run_waiting(near, advisories.UPDATE_TASK)
    last, _ = await advisories.latest(near.platform.sessions)
    assert last is not None
    assert (last.id, last.status, last.error) == (update.id, "done", None)
    return await run_waiting(near, advisories.REMATCH_TASK) if match else 0


async def listed(near: Ground, **wanted: Any) -> list[FindingRow]:
    asked = Filter(**{"domain": "vulnerability", **wanted})
    page = await findings.page(near.platform.sessions, **near.place, wanted=asked, limit=100)
    return list(page.items)


async def one(near: Ground) -> FindingRow:
    (found,) = await listed(near)
    assert found.title == DEMO
    return await findings.find(near.platform.sessions, **near.place, finding_id=found.id)


async def told(near: Ground, scan_id: UUID) -> list[str]:
    return [event.detail for event in await near.events(scan_id) if event.stage.startswith("rematch")]


async def decide(near: Ground, found: FindingRow, **values: Any) -> None:
    await findings.decide(
        near.platform.sessions, **near.place, finding_id=found.id, decision=Decision(**values), who="person"
    )


async def solve(near: Ground, found: FindingRow) -> None:
    """As a verification that passed does."""
    solved = text("update findings set status = 'resolved', resolved_at = now() where id = :id")
    async with near.platform.sessions() as session, session.begin():
        await session.execute(solved, {"id": found.id})


async def test_an_advisory_that_appears_is_found_in_what_was_scanned_before(near: Ground) -> None:
    await publish(near)
    concerned = await scanned(near, wheel("demo", "1.0"), "app.whl")
    others = await scanned(near, wheel("elsewhere", "1.0"), "other.whl")
    assert await listed(near) == []
    # the artifact is gone: nothing of it is asked for
    async with near.platform.sessions() as session, session.begin():
        await session.execute(text("update artifacts set removed_at = now(), storage_key = ''"))
    assert await publish(near, flaw(1)) == 1
    found = await one(near)
    assert (found.status, found.first_scan_id) == ("new", concerned)
    assert [(asset.value, asset.artifact_name) for asset in found.assets] == [("pkg:pypi/demo@1.0", "app.whl")]
    assert found.assets[0].artifact is not None
    assert found.priority_score is not None
    run = await near.scan(concerned)
    assert run.rematch is not None
    assert (run.rematch["new"], run.rematch["gone"]) == (1, 0)
    assert run.rematch["sources"][0]["date"].startswith("2026-02-01")
    assert await told(near, concerned) == ["matched again with advisories of 2026-02-01: 1 new, 0 gone"]
    assert sum(run.summary["findings"].values()) == 1
    answer = answers.scan(run).rematch
    assert answer is not None
    assert (answer.new, answer.gone) == (1, 0)
    (fact,) = [fact["words"] for fact in rows.facts(run) if "again" in str(fact["words"])]
    assert str(fact).endswith("with advisories of 1 Feb 2026")
    assert "advisories.rematch" in [entry["what"] for entry in run.coverage]
    # the report as a file says the same; the scanner's own is as it left it
    report = await file(near, concerned)
    assert [(one.title, one.assets[0].path) for one in report.findings] == [(DEMO, found.assets[0].path)]
    assert (report.summary.findings["unknown"], len(report.packages)) == (1, 1)
    assert [source.feed for source in report.sources] == ["osv:PyPI"]
    (entry,) = (entry for entry in report.coverage if entry.what == "advisories.rematch")
    assert (entry.state, "1 new, 0 gone" in str(entry.detail)) == ("looked", True)
    assert (await file(near, concerned, slot="artifact")).findings == ()
    # what holds none of it is not read
    assert (await near.scan(others)).rematch is None
    assert await told(near, others) == []


async def file(near: Ground, scan_id: UUID, **wanted: Any) -> Report:
    sent = await reports.download(near.platform, **near.place, scan_id=scan_id, **wanted)
    return report_json.decode(b"".join([chunk async for chunk in sent.chunks]))


async def kept(near: Ground, scan_id: UUID) -> list[str]:
    return [meta.key async for meta in near.platform.storage.list(f"scans/{scan_id}")]


async def test_what_is_kept_of_a_match_is_that_of_the_last_one(near: Ground) -> None:
    await publish(near, flaw(1))
    scan = await scanned(near, wheel("demo", "1.0"), "app.whl")
    assert len(await kept(near, scan)) == 1
    for day, fixed in ((2, "2.0"), (3, "3.0")):
        await publish(near, flaw(day, fixed=fixed))
        assert len(await kept(near, scan)) == 2
        report = await file(near, scan)
        assert [one.fixed_in for one in report.findings] == [(fixed,)]
        # the page says the same of upgrades
        assert [one["version"] for one in (await near.scan(scan)).summary["upgrades"]] == [fixed]
        assert [one.version for one in report.upgrades] == [fixed]
    # lost, the report is as the scan left it, and says so
    (again,) = [key for key in await kept(near, scan) if "again" in key]
    await near.platform.storage.delete(again)
    report = await file(near, scan)
    assert [one.fixed_in for one in report.findings] == [()]
    (entry,) = (entry for entry in report.coverage if entry.what == "advisories.rematch")
    assert (entry.state, entry.reason) == ("skipped", "matched_later")


async def test_what_the_command_line_brings_is_noticed_once(near: Ground) -> None:
    await publish(near)
    await scanned(near, wheel("demo", "1.0"), "app.whl")
    database, sessions = near.platform.scan.advisories, near.platform.sessions
    assert database is not None
    # nothing is new
    found = notice_advisories._look(database)
    assert found is not None
    assert await advisories.notice(sessions, state=found[0], written=clock.now()) is None
    write(near.config.home / "bucket", {"PyPI": [OTHER, flaw(1)]})
    settings = near.platform.scan
    chosen = choice.enabled(settings.feeds)
    update.update(choice.wanted(settings, chosen, Client(settings).fetch), database, progress=Progress())
    found = notice_advisories._look(database)
    assert found is not None
    asked = await advisories.notice(sessions, state=found[0], written=found[1])
    assert asked is not None
    assert await advisories.notice(sessions, state=found[0], written=found[1]) is None
    # the feed is gone: nothing is fetched
    shutil.rmtree(near.config.home / "bucket")
    await run_waiting(near, advisories.UPDATE_TASK)
    last, _ = await advisories.latest(sessions)
    assert last is not None
    assert (last.id, last.status, last.error, last.state) == (asked.id, "done", None, found[0])
    assert await run_waiting(near, advisories.REMATCH_TASK) == 1
    assert (await one(near)).title == DEMO
    assert await advisories.notice(sessions, state=found[0], written=found[1]) is None
    # another machine's database, of before that
    assert await advisories.notice(sessions, state="other.1", written=found[1]) is None


async def test_an_absent_database_is_nothing_to_notice(tmp_path: Path) -> None:
    assert notice_advisories._look(tmp_path / "none.db") is None
    (tmp_path / "odd.db").write_bytes(b"SQLite")
    assert notice_advisories._look(tmp_path / "odd.db") is None


async def test_an_update_that_changes_nothing_matches_nothing(near: Ground) -> None:
    await publish(near, flaw(1))
    scan = await scanned(near, wheel("demo", "1.0"), "app.whl")
    assert await publish(near, flaw(1)) == 0
    # read again under another date, and changed for another package
    assert await publish(near, flaw(1), record("CVE-2026-3", "PyPI", "third", modified="2026-02-03T00:00:00Z")) == 1
    assert (await near.scan(scan)).rematch is None


async def test_a_fix_that_arrives_is_told_and_what_a_person_decided_stays(near: Ground) -> None:
    await publish(near, flaw(1))
    await scanned(near, wheel("demo", "1.0"), "app.whl")
    found = await one(near)
    assert found.fixed_in == ()
    await decide(near, found, status="in_progress", severity="low", reason="behind a wall")
    await publish(
        near,
        flaw(2, fixed="2.0", severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]),
    )
    found = await one(near)
    assert found.fixed_in == ("2.0",)
    assert (found.status, found.severity, found.severity_by) == ("in_progress", "low", "person")


async def test_one_withdrawn_is_no_longer_seen_and_a_regression_when_it_comes_back(near: Ground) -> None:
    await publish(near, flaw(1))
    scan = await scanned(near, wheel("demo", "1.0"), "app.whl")
    await publish(near, flaw(2, withdrawn="2026-02-02T00:00:00Z"))
    found = await one(near)
    assert found.assets == ()
    assert found.not_seen_since is not None
    assert found.status == "new"
    run = await near.scan(scan)
    assert run.rematch is not None
    assert (run.rematch["new"], run.rematch["gone"], sum(run.summary["findings"].values())) == (0, 1, 0)
    await solve(near, found)
    await publish(near, flaw(3))
    found = await one(near)
    assert (found.status, found.not_seen_since, len(found.assets)) == ("triaged", None, 1)
    page = await regressions.page(near.platform.sessions, **near.place)
    assert [(entry.finding_id, entry.trigger) for entry in page.items] == [(found.id, "reappeared")]


async def test_what_was_solved_is_not_opened_by_an_inventory_of_before(near: Ground) -> None:
    await publish(near, flaw(1))
    await scanned(near, wheel("demo", "1.0"), "app.whl")
    await solve(near, await one(near))
    await publish(near, flaw(2, fixed="2.0"))
    found = await one(near)
    assert (found.status, found.fixed_in) == ("resolved", ("2.0",))
    assert (await regressions.page(near.platform.sessions, **near.place)).items == ()


async def test_only_the_newest_scan_of_an_artifact_is_matched(near: Ground) -> None:
    await publish(near)
    old = await scanned(near, wheel("demo", "1.0"), "app.whl")
    new = await scanned(near, wheel("demo", "3.0"), "app.whl")
    beside = await scanned(near, wheel("demo", "1.1"), "beside.whl")
    await publish(near, flaw(1, fixed="2.0"))
    assert [(await near.scan(scan)).rematch is not None for scan in (old, new, beside)] == [False, True, True]
    assert [asset.artifact_name for asset in (await one(near)).assets] == ["beside.whl"]


async def test_two_projects_are_matched_apart(near: Ground) -> None:
    await publish(near)
    project = await teams.create_project(near.platform.sessions, team="default", slug="second")
    far = replace(near, project_id=project.id)
    here = await scanned(near, wheel("demo", "1.0"), "app.whl")
    there = await scanned(far, wheel("demo", "1.0"), "app.whl")
    await publish(near, flaw(1))
    assert ((await one(near)).first_scan_id, (await one(far)).first_scan_id) == (here, there)
    await decide(near, await one(near), status="dismissed", reason="ours is not reachable")
    await publish(near, flaw(2, fixed="2.0"))
    assert [(await one(place)).status for place in (near, far)] == ["dismissed", "new"]


async def test_a_scan_that_ran_during_an_update_is_matched_when_it_ends(near: Ground) -> None:
    await publish(near)
    first = await scanned(near, wheel("demo", "1.0"), "app.whl")
    # what the scan would have said by the advisories of before, with nothing found
    (key,) = (await near.scan(first)).report_keys.values()
    async with near.platform.storage.local_copy(key) as path:
        before = Path(path).read_bytes()
    assert report_json.decode(before).findings == ()
    running = await near.start(wheel("demo", "1.0"), "running.whl")
    sessions, run = near.platform.sessions, uuid4()
    await slots.begin(sessions, running.id)
    assert await slots.claim(sessions, running.id, "artifact", run)
    await publish(near, flaw(1))
    assert [asset.artifact_name for asset in (await one(near)).assets] == ["app.whl"]
    assert await slots.finish(near.platform, running, "artifact", run, Result(report=before))
    assert (await near.scan(running.id)).status == "done"
    assert await run_waiting(near, advisories.REMATCH_TASK) == 1
    assert sorted(str(asset.artifact_name) for asset in (await one(near)).assets) == ["app.whl", "running.whl"]
    # and one that begins after it is not
    await scanned(near, wheel("demo", "1.2"), "later.whl")
    assert await run_waiting(near, advisories.REMATCH_TASK) == 0


async def test_an_older_scan_says_nothing_once_a_newer_has_written(near: Ground) -> None:
    await publish(near)
    old = await scanned(near, wheel("demo", "1.0"), "app.whl")
    await publish(near, flaw(1, fixed="2.0"), match=False)
    await scanned(near, wheel("demo", "3.0"), "app.whl")
    await run_waiting(near, advisories.REMATCH_TASK)
    assert (await near.scan(old)).rematch is None
    assert await listed(near) == []


async def test_the_first_database_matches_everything_even_what_has_no_number_yet(near: Ground) -> None:
    scan = await scanned(near, wheel("demo", "1.0"), "app.whl")
    assert any(entry["state"] == "missing" for entry in (await near.scan(scan)).coverage)
    await numberless(near)
    await publish(near, flaw(1))
    assert (await one(near)).first_scan_id == scan
    assert not any(entry["state"] == "missing" for entry in (await near.scan(scan)).coverage)
    # of before numbers were kept, and found by one all the same
    await numberless(near)
    await publish(near, flaw(2, fixed="2.0"))
    assert (await one(near)).fixed_in == ("2.0",)


async def numberless(near: Ground) -> None:
    async with near.platform.sessions() as session, session.begin():
        await session.execute(text("update scan_packages set concern = null"))


async def test_a_job_that_is_run_again_goes_on_where_it_was(near: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    from surveyor.service.actions import rematches

    await publish(near)
    names = [f"app{number}.whl" for number in range(5)]
    made = [await scanned(near, wheel("demo", f"1.{number}"), name) for number, name in enumerate(names)]
    await publish(near, flaw(1), match=False)
    monkeypatch.setattr(rematches, "PACKAGES", 2)
    apply, written = rematches.apply, list[UUID]()

    async def some(sessions: Any, scan_id: UUID, *rest: Any, **more: Any) -> bool:
        if len(written) == 3:
            raise RuntimeError("the worker dies")
        written.append(scan_id)
        return await apply(sessions, scan_id, *rest, **more)

    monkeypatch.setattr(rematches, "apply", some)
    job = (await waiting(near))[0]
    with pytest.raises(RuntimeError):
        await run_waiting(near, advisories.REMATCH_TASK)
    monkeypatch.setattr(rematches, "apply", apply)
    await again(near, job)
    assert await run_waiting(near, advisories.REMATCH_TASK) == 1
    assert {asset.artifact_name for asset in (await one(near)).assets} == set(names)
    assert [len(await told(near, scan)) for scan in made] == [1] * 5


async def waiting(near: Ground) -> Sequence[dict[str, Any]]:
    async with near.platform.sessions() as session:
        rows = await session.execute(text("select args from procrastinate_jobs where task_name = 'rematch'"))
        return [row.args for row in rows]


async def again(near: Ground, args: dict[str, Any]) -> None:
    from surveyor.service import queue

    async with near.platform.sessions() as session, session.begin():
        await queue.enqueue(session, advisories.REMATCH_TASK, args)


async def test_without_a_database_nothing_is_lost_and_every_scan_says_why(
    near: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(near, flaw(1))
    made = [await scanned(near, wheel("demo", f"1.{number}"), f"app{number}.whl") for number in range(3)]
    await publish(near, flaw(2, fixed="2.0"), match=False)
    assert near.platform.scan.advisories is not None
    near.platform.scan.advisories.unlink()
    children = list[object]()

    def child(**given: Any) -> Child:
        children.append(given)
        return Child(**given)

    monkeypatch.setattr(rematch, "Child", child)
    await run_waiting(near, advisories.REMATCH_TASK)
    # no inventory is to blame: they are not tried one by one
    assert len(children) == 1
    assert len((await one(near)).assets) == 3
    for scan in made:
        (why,) = await told(near, scan)
        assert "no advisory database" in why
        run = await scans.find(near.platform.sessions, **near.place, scan_id=scan)
        assert run.rematch is None
        assert [entry["state"] for entry in rematched(run)] == ["failed"]
    await publish(near, flaw(3, fixed="2.0"))
    run = await scans.find(near.platform.sessions, **near.place, scan_id=made[0])
    assert [entry["state"] for entry in rematched(run)] == ["looked"]


def rematched(run: Scan) -> list[dict[str, Any]]:
    return [entry for entry in run.coverage if entry["what"] == "advisories.rematch"]


async def test_one_inventory_that_ends_the_child_takes_no_other_with_it(
    near: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(near)
    bad, *others = [await scanned(near, wheel("demo", f"1.{number}"), f"app{number}.whl") for number in range(3)]
    await publish(near, flaw(1), match=False)
    match = rematch._match

    async def crashing(work: Any, folder: Path, due: Due) -> Any:
        return Ended(reason="crashed", detail="it crashed") if bad in due.held else await match(work, folder, due)

    monkeypatch.setattr(rematch, "_match", crashing)
    await run_waiting(near, advisories.REMATCH_TASK)
    assert await told(near, bad) == ["it crashed"]
    assert sorted(str(asset.artifact_name) for asset in (await one(near)).assets) == ["app1.whl", "app2.whl"]
    assert all([(await near.scan(scan)).rematch for scan in others])


async def test_a_worker_does_it_by_itself(near: Ground) -> None:
    bucket = near.config.home / "bucket"
    write(bucket, {"PyPI": [OTHER]})
    with worker(near.config, SURVEYOR_FEEDS="osv", SURVEYOR_FEED_OSV=str(bucket)):
        scan = await near.start(wheel("demo", "1.0"), "app.whl")
        await near.ended(scan.id)
        # the first update matches everything, the second what it changed
        for day, fixed in ((1, None), (2, "2.0")):
            write(bucket, {"PyPI": [OTHER, flaw(day, fixed=fixed)]})
            await advisories.request_update(near.platform.sessions)
            await near.until(scan.id, lambda run, day=day: matched_of(run, f"2026-02-{day:02}"))  # type: ignore[misc]
            assert (await one(near)).fixed_in == ((fixed,) if fixed else ())


def matched_of(run: Scan, day: str) -> bool:
    return run.rematch is not None and run.rematch["sources"][0]["date"].startswith(day)


def test_work_that_nobody_would_ask_for_again_is_tried_a_few_times() -> None:
    (task,) = [task for task in jobs.TASKS if task.name == advisories.REMATCH_TASK]
    assert task.retry is not None

    def again(error: BaseException, attempts: int) -> bool:
        job = Job(queue="", lock=None, queueing_lock=None, task_name="", attempts=attempts)
        assert task.retry is not None
        return task.retry.get_retry_decision(exception=error, job=job) is not None

    assert [again(RuntimeError(), attempts) for attempts in (1, 4, 5)] == [True, True, False]
    assert again(asyncio.CancelledError(), 50)
    assert not again(SystemExit(), 1)
