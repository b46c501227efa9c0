"""What docs/reference/seeds.md says of the pipeline and no other test shows: queues, budgets, parallel slots, times."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any, BinaryIO

import pytest
import pytest_asyncio

from surveyor.scan.plan import WEB_SLOTS
from surveyor.service.actions import exports, findings, llm, rechecks, scans, tasks, verifications
from surveyor.service.actions.llm import Change
from surveyor.service.config import Config
from surveyor.service.jobs import TASKS, scan_slot
from surveyor.service.jobs.interface import work_of
from surveyor.service.queue import AUDIT, CONTROL
from surveyor.service.store.finding_lists import Filter
from surveyor.service.store.scans import Scan
from tests.integration.test_api import SHORT, failed
from tests.servers.jobs import context_of, run_waiting
from tests.servers.llm import Models
from tests.servers.pipeline import Ground, open_ground, worker
from tests.servers.psi import Psi
from tests.servers.service import running
from tests.servers.web import Site

PAGE = "<!doctype html><html lang=en><title>A shop of goods</title><h1>Shop</h1>"


@pytest.fixture
def psi() -> Iterator[Psi]:
    """A service of measurements that can be held."""
    with Held() as running_:
        yield running_


class Held(Psi):
    """Waits for ``gate``, if there is one, before it answers."""

    gate: threading.Barrier | None = None

    def answer(self, target: str) -> tuple[int, dict[str, Any]]:
        if self.gate is not None:
            self.gate.wait(30)
        return super().answer(target)


@pytest_asyncio.fixture
async def near(config: Config, site: Site) -> AsyncIterator[Ground]:
    allowed = config.model_copy(update={"scan": {"allow_hosts": f"127.0.0.1:{site.port}"}})
    async with open_ground(allowed) as made:
        yield made


def settings(site: Site, psi: Psi) -> dict[str, str]:
    """A worker that may ask the site and the measurements, and runs all slots of a page at once."""
    return {
        "SURVEYOR_PSI_KEY": psi.key,
        "SURVEYOR_PSI_BASE": psi.base,
        "SURVEYOR_ALLOW_HOSTS": f"127.0.0.1:{site.port} {psi.base.removeprefix('http://')}",
        "SURVEYOR_AUDIT_CONCURRENCY": "4",
    }


def states(scan: Scan) -> dict[str, str]:
    return {name: slot.state for name, slot in scan.scanner_status.items()}


async def test_a_team_starts_thirty_scans_a_minute_unless_set_otherwise(config: Config) -> None:
    assert (config.rate_strict, config.rate_default) == (30, 100)
    allowed = config.model_copy(update={"scan": {"allow_hosts": "127.0.0.1:8080"}})
    async with running(allowed) as service:
        left = 60 - time.time() % 60
        if left < 20:  # a window that is about to end would be two budgets
            await asyncio.sleep(left + 0.1)
        for number in range(30):
            answer = service.client().post(f"{SHORT}/scans/run", body={"url": f"http://127.0.0.1:8080/{number}"})
            assert (answer.status, answer.json["data"]["status"]) == (202, "queued")
            assert answer.headers["x-ratelimit-remaining"] == str(29 - number)
        refused = service.client().post(f"{SHORT}/scans/run", body={"url": "http://127.0.0.1:8080/"})
        failed(refused, 429, "rate_limited")


def test_the_stages_share_one_queue_and_none_waits_to_be_handed_out() -> None:
    queues = {task.name: task.queue for task in TASKS}
    assert {queues[name] for name in ("scan_slot", "analyse", "verify", "report_export")} == {AUDIT} == {"audit"}
    assert queues["scan_run"] == CONTROL


async def test_one_scan_measures_at_a_time_and_its_others_wait_for_nobody(near: Ground, site: Site) -> None:
    site.page("/", PAGE)
    scan = await scans.start_web(near.platform, **near.place, url=site.url())
    await run_waiting(near, "scan_run")
    context = context_of(near)
    async with work_of(context).measuring:  # another scan measures
        waits = asyncio.create_task(scan_slot.run(context, scan_id=str(scan.id), slot="performance"))
        await scan_slot.run(context, scan_id=str(scan.id), slot="seo")
        assert (states(await near.scan(scan.id))["seo"], waits.done()) == ("done", False)
        assert states(await near.scan(scan.id))["performance"] == "pending"
    await waits
    assert states(await near.scan(scan.id))["performance"] == "failed"  # here is nothing that could measure
    await run_waiting(near, "scan_slot")
    again = await rechecks.start(near.platform, **near.place, scan_id=scan.id)
    await run_waiting(near, "scan_run")
    async with work_of(context).measuring, asyncio.timeout(60):  # who judges again measures nothing
        await scan_slot.run(context, scan_id=str(again.id), slot="performance")


async def test_four_scanners_look_at_once_and_each_moves_its_own_slot(near: Ground, site: Site, psi: Held) -> None:
    site.page("/", PAGE)
    write = site._routes["/"]
    # one request for the page, which three scanners wait for, that of who measures, and this test: nobody goes on alone
    gate = psi.gate = threading.Barrier(3)
    gates = [gate]  # for the first request: another origin's is a probe, which comes later

    def held(out: BinaryIO) -> None:
        if gates:
            gates.pop().wait(30)
        write(out)

    site.raw("/", held)
    scan = await scans.start_web(near.platform, **near.place, url=site.url("/"))
    assert (scan.status, states(scan)) == ("queued", {})
    with worker(near.config, **settings(site, psi)):
        at_work = await near.until(scan.id, lambda run: list(states(run).values()) == ["running"] * 4, 40)
        assert (at_work.status, set(states(at_work))) == ("running", set(WEB_SLOTS))
        await asyncio.to_thread(gate.wait, 30)
        done = await near.ended(scan.id)
    assert not gate.broken
    assert sum(seen.path == "/" and "origin" not in seen.headers for seen in site.requests) == 1
    assert (done.status, states(done)) == ("done", dict.fromkeys(WEB_SLOTS, "done"))
    # who follows and who polls are told the same
    told = await near.events(scan.id)
    for name in WEB_SLOTS:
        stages = [event.stage for event in told if event.slot == name]
        assert [stage for stage in stages if not stage.endswith(".evidence")][-1] == f"{name}.done"
    assert (told[-1].stage, told[-1].seq) == ("scan.done", done.last_seq)


async def test_each_stage_keeps_its_time(near: Ground, site: Site, psi: Psi) -> None:
    site.page("/", PAGE)
    place, sessions = near.place, near.platform.sessions
    with Models() as models, worker(near.config, **settings(site, psi)):
        change = Change(kind="anthropic", given={"key": "sk-ant-0123456789abcdefghijkl", "base_url": models.base})
        await llm.set_providers(near.platform, team_id=None, changes=[change])
        scan = await scans.start_web(near.platform, **place, url=site.url("/"))
        done = await near.ended(scan.id)
        assert done.status == "done"
        assert {"health_score", "summary"} <= set(done.summary)
        assert between(done.inserted_at, done.finished_at) < 60
        for slot in done.scanner_status.values():
            assert slot.started_at
            assert slot.finished_at
            began, ended = datetime.fromisoformat(slot.started_at), datetime.fromisoformat(slot.finished_at)
            assert between(began, ended) < 60
        at = {event.stage: event.ts for event in await near.events(scan.id)}
        assert between(at["analysis.start"], at["analysis.done"]) < 30

        rows = (await findings.page(sessions, **place, wanted=Filter(rule="security_header_csp"))).items
        task = await tasks.create(sessions, **place, finding_id=rows[0].id)
        proof = await verifications.start(near.platform, **place, task_id=task.id, who="person")
        report = await exports.request(near.platform, **place, kind="pdf")
        end = time.monotonic() + 30
        while True:
            proof = await verifications.find(sessions, **place, verification_id=proof.id)
            report = await exports.find(sessions, **place, report_id=report.id)
            if proof.finished_at and report.finished_at:
                break
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
    assert (proof.result, report.status) == ("failed", "exported")
    assert between(proof.inserted_at, proof.finished_at) < 10
    assert between(report.inserted_at, report.finished_at) < 10


def between(began: datetime | None, ended: datetime | None) -> float:
    """Seconds."""
    assert began is not None
    assert ended is not None
    return (ended - began).total_seconds()
