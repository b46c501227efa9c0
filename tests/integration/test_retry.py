"""A scan that ended can be looked at again: by the stored file or address, as a new run that names the old one."""

from __future__ import annotations

import asyncio
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from surveyor.service.actions import scans, sweep, teams
from surveyor.service.child import KILL_AFTER_SECONDS
from surveyor.service.config import Config
from surveyor.service.errors import Conflict
from tests.integration.test_api import NOBODYS, SHORT, failed
from tests.servers.pipeline import Ground, first_child, wheel, worker
from tests.servers.processes import psutil_gone
from tests.servers.service import Answer, Client, Service

UPLOAD = f"{SHORT}/uploads?filename=demo.whl"
#: How many workers of the job engine one of our processes is: for scans, for small tasks, for deliveries.
LOOPS = 3


@pytest.fixture
def config(config: Config) -> Config:
    """Pages on this machine may be scanned here."""
    return config.model_copy(update={"scan": {"allow_hosts": "127.0.0.1:8080"}})


async def test_a_retry_is_a_new_run_on_the_stored_file(service: Service) -> None:
    client = service.client()
    file = wheel()
    first = client.post(UPLOAD, body=file).json["data"]
    failed(client.post(f"{SHORT}/scans/{first['id']}/retry"), 409, "conflict")
    client.post(f"{SHORT}/scans/{first['id']}/cancel")
    events = client.get(f"{SHORT}/scans/{first['id']}/events").json["data"]
    answer = client.post(f"{SHORT}/scans/{first['id']}/retry")
    assert answer.status == 202
    again = answer.json["data"]
    assert (again["status"], again["retry_of"], again["name"]) == ("queued", first["id"], "demo.whl")
    assert again["artifact_id"] == first["artifact_id"]
    # the first one stays as it was, with all that it said
    assert client.get(f"{SHORT}/scans/{first['id']}").json["data"]["status"] == "cancelled"
    assert client.get(f"{SHORT}/scans/{first['id']}/events").json["data"] == events
    # and an upload of the same bytes is as good
    uploaded = client.post(UPLOAD, body=file).json["data"]
    assert (uploaded["artifact_id"], uploaded["retry_of"]) == (first["artifact_id"], None)


async def test_a_request_that_is_sent_again_with_its_key_queues_no_second_scan(service: Service) -> None:
    client, page = service.client(), {"url": "http://127.0.0.1:8080/a"}

    def run(key: str, body: dict[str, str] = page, who: Client = client) -> Answer:
        return who.post(f"{SHORT}/scans/run", body=body, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(4) as pool:
        first, *rest = pool.map(lambda _: run("build 7"), range(4))
    # of those that come at the same moment one is queued, and the others are told of it or to ask again
    told = {answer.json["data"]["id"] for answer in (first, *rest) if answer.status == 202}
    assert {answer.status for answer in (first, *rest)} <= {202, 409}
    assert {run("build 7").json["data"]["id"]} == told
    assert run("build 8").json["data"]["id"] not in told
    failed(run("build 7", {"url": "http://127.0.0.1:8080/b"}), 409, "conflict")
    failed(run("x" * 256), 422, "invalid_params")
    image = {"image": "127.0.0.1:8080/app"}
    assert run("image", image).json["data"]["id"] == run("image", image).json["data"]["id"]
    assert client.get(f"{SHORT}/scans").json["meta"]["total"] == 3
    # another project's keys are its own
    await teams.create_project(service.sessions, team=str(service.first.team_id), slug="other")
    made = await teams.create_key(service.sessions, team=str(service.first.team_id), name="o", project="other")
    assert run("build 7", who=service.client(made.secret)).json["data"]["id"] not in told


async def test_a_retry_of_a_page_spends_the_strict_budget(service: Service) -> None:
    client = service.client()
    first = client.post(f"{SHORT}/scans/run", body={"url": "http://127.0.0.1:8080/a"}).json["data"]
    client.post(f"{SHORT}/scans/{first['id']}/cancel")
    answer = client.post(f"{SHORT}/scans/{first['id']}/retry")
    assert (answer.status, answer.headers["x-ratelimit-limit"]) == (202, str(10_000))
    assert answer.headers["x-ratelimit-remaining"] == str(10_000 - 2)
    assert (answer.json["data"]["url"], answer.json["data"]["retry_of"]) == (first["url"], first["id"])
    failed(client.post(f"{SHORT}/scans/{NOBODYS}/retry"), 404, "not_found")


async def test_a_stale_run_ends_with_that_word_and_can_be_retried(ground: Ground, slow_file: bytes) -> None:
    with worker(ground.config) as running:
        scan = await ground.start(slow_file, "slow.tar")
        await ground.until(scan.id, lambda s: s.last_seq >= 2)
        running.process.kill()
        running.process.wait(20)
    before = await ground.events(scan.id)
    async with ground.platform.sessions() as session, session.begin():
        await session.execute(text("update audit_scan_runs set updated_at = now() - interval '30 minutes 1 second'"))
    # whoever looks: here a worker that just starts
    with worker(ground.config):
        stale = await ground.ended(scan.id)
        assert (stale.status, stale.error) == ("failed", sweep.STALE)
        events = await ground.events(scan.id)
        assert events[: len(before)] == before
        assert (events[-1].stage, events[-1].detail) == ("scan.error", "stale job timeout")
        again = await scans.retry(ground.platform, **ground.place, scan_id=scan.id)
        done = await ground.ended(again.id)
    assert (done.status, done.retry_of) == ("done", scan.id)
    assert (await ground.scan(scan.id)) == stale
    assert await ground.events(scan.id) == events


async def test_a_file_that_is_no_longer_kept_has_to_come_again(ground: Ground) -> None:
    file = wheel()
    scan = await ground.start(file, "a.whl")
    await scans.cancel(ground.platform, **ground.place, scan_id=scan.id)
    async with ground.platform.sessions() as session, session.begin():
        await session.execute(text("update artifacts set removed_at = now()"))
    with pytest.raises(Conflict, match="upload it again"):
        await scans.retry(ground.platform, **ground.place, scan_id=scan.id)
    assert (await ground.start(file, "a.whl")).artifact_id == scan.artifact_id


async def test_cancel_kills_the_whole_group_within_two_seconds(ground: Ground, slow_file: bytes) -> None:
    with worker(ground.config) as running:
        scan = await ground.start(slow_file, "slow.tar")
        await ground.until(scan.id, lambda s: s.last_seq >= 2)
        child = await first_child(running)
        child.suspend()  # it hears no request to end
        began = time.monotonic()
        await scans.cancel(ground.platform, **ground.place, scan_id=scan.id)
        with psutil_gone():
            await asyncio.to_thread(child.wait, 20)
        taken = time.monotonic() - began
    print(f"cancel → killed: {taken:.2f} s")
    # it is asked, and killed a second later; the rest is what a busy machine is given
    assert KILL_AFTER_SECONDS <= 1.0
    assert taken < 20.0


@pytest.mark.long
async def test_a_graceful_stop_costs_no_attempt(ground: Ground, slow_file: bytes) -> None:
    scan = await ground.start(slow_file, "slow.tar")
    for _ in range(4):  # more often than a scan may lose its worker
        with worker(ground.config) as stopped:
            await ground.until(scan.id, lambda s: _state(s, "running") and s.last_seq >= 2, 40)
            (await first_child(stopped)).suspend()
            assert stopped.stop() == 0
        held = (await ground.scan(scan.id)).scanner_status["artifact"]
        assert (held.state, held.attempt) == ("pending", 0)
    with worker(ground.config):
        done = await ground.ended(scan.id)
    assert (done.status, done.scanner_status["artifact"].attempt) == ("done", 1)
    events = await ground.events(scan.id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.stage for event in events].count("scan.retry.warn") == 4


def _state(scan: object, state: str) -> bool:
    held = getattr(scan, "scanner_status", {}).get("artifact")
    return held is not None and held.state == state


async def test_two_workers_on_one_database_share_the_load(ground: Ground) -> None:
    one = {"SURVEYOR_AUDIT_CONCURRENCY": "1"}
    with worker(ground.config, **one) as first, worker(ground.config, **one) as second:
        await _both_take_jobs(ground)
        made = [(await ground.start(wheel(f"demo{n}"), f"{n}.whl")).id for n in range(24)]
        ended = [await ground.ended(scan_id) for scan_id in made]
        assert {scan.status for scan in ended} == {"done"}
        end = time.monotonic() + 30
        # the run has ended before the job that ended it has
        while sum((by_worker := await _starts(ground)).values()) < 24 and time.monotonic() < end:
            await asyncio.sleep(0.05)
        assert first.process.poll() is second.process.poll() is None
    assert sum(by_worker.values()) == 24
    assert len(by_worker) == 2
    assert min(by_worker.values()) >= 4, by_worker


async def _both_take_jobs(ground: Ground) -> None:
    """Wait for both workers to look for scans: one that comes up late would find little left."""
    statement = text("select count(*) from procrastinate_workers")
    async with asyncio.timeout(60):
        while True:
            async with ground.platform.sessions() as session:
                if (await session.execute(statement)).scalar_one() >= 2 * LOOPS:
                    return
            await asyncio.sleep(0.05)


async def _starts(ground: Ground) -> dict[int, int]:
    """How many slots each of the workers has run."""
    statement = text(
        "select worker_id, count(*) from procrastinate_jobs where task_name = 'scan_slot' and status = 'succeeded'"
        " group by worker_id"
    )
    async with ground.platform.sessions() as session:
        return {row[0]: row[1] for row in await session.execute(statement)}


async def test_a_frozen_fork_server_does_not_stop_a_cancel(ground: Ground, slow_file: bytes) -> None:
    with worker(ground.config) as running:
        scan = await ground.start(slow_file, "slow.tar")
        await ground.until(scan.id, lambda s: s.last_seq >= 2)
        child = await first_child(running)
        server = child.parent()
        assert server is not None
        server.suspend()
        try:
            await scans.cancel(ground.platform, **ground.place, scan_id=scan.id)
            with psutil_gone():
                end = time.monotonic() + 20
                while child.status() not in {"zombie", "dead"} and time.monotonic() < end:
                    await asyncio.sleep(0.05)
                assert child.status() in {"zombie", "dead"}
        finally:
            server.send_signal(signal.SIGCONT)
