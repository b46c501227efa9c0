"""Real worker processes: what they do, and what is left when they are stopped, killed, frozen or given up."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from surveyor.scan.report import json as report_json
from surveyor.scan.settings import AllowedHost
from surveyor.service import config as service_config
from surveyor.service.actions import findings, reports, scans
from surveyor.service.errors import Conflict
from surveyor.service.live.listen import SILENCE_SECONDS
from surveyor.service.live.stream import Streams
from surveyor.service.postgres.server import ROLE, Server
from surveyor.service.store import migrate
from surveyor.service.store.events import StoredEvent
from tests.servers.pipeline import Ground, first_child, open_ground, wheel, worker
from tests.servers.processes import psutil_gone
from tests.servers.web import Site


def gap_free(events: list[StoredEvent]) -> bool:
    return [event.seq for event in events] == list(range(1, len(events) + 1))


async def test_a_file_is_scanned_and_its_events_report_and_packages_are_kept(ground: Ground) -> None:
    with worker(ground.config) as running:
        scan = await ground.start(wheel(), "demo-1.0-py3-none-any.whl")
        done = await ground.ended(scan.id)
        assert running.stop() == 0
    assert done.status == "done"
    assert done.scanner_status["artifact"].state == "done"
    events = await ground.events(scan.id)
    assert gap_free(events)
    assert (events[0].stage, events[-1].stage) == ("scan.start", "scan.done")
    assert events[-1].seq == done.last_seq
    async with ground.platform.sessions() as session:
        purls = (await session.execute(text("select purl from scan_packages"))).scalars().all()
    assert purls == ["pkg:pypi/demo@1.0"]
    file = await reports.download(ground.platform, scan_id=scan.id, **ground.place)
    report = report_json.decode(b"".join([chunk async for chunk in file.chunks]))
    # where the upload is kept is nobody's business
    assert report.target.source == "demo-1.0-py3-none-any.whl"


async def test_an_unreadable_file_fails_with_the_reason_in_the_last_event(ground: Ground) -> None:
    with worker(ground.config):
        scan = await ground.start(b"\x00\x01nothing that anyone can read" * 40, "noise.bin")
        done = await ground.ended(scan.id)
    assert done.status == "failed"
    last = (await ground.events(scan.id))[-1]
    assert last.level == "error"
    assert done.error
    assert done.error.split(":")[-1].strip() in last.detail
    assert done.scanner_status["artifact"].reason == "unsupported"


async def test_a_killed_scanner_is_one_clear_last_event(ground: Ground, slow_file: bytes) -> None:
    with worker(ground.config) as running:
        scan = await ground.start(slow_file, "slow.tar")
        await ground.until(scan.id, lambda s: s.last_seq >= 2)
        (await first_child(running)).kill()
        done = await ground.ended(scan.id)
    events = await ground.events(scan.id)
    assert done.status == "failed"
    assert gap_free(events)
    assert events[-1].stage == "scan.error"
    assert events[-1].data["reason"] == "killed"
    assert [event.stage for event in events].count("scan.error") == 1


async def test_cancel_kills_the_scanner_and_ends_the_run(ground: Ground, slow_file: bytes) -> None:
    with worker(ground.config) as running:
        scan = await ground.start(slow_file, "slow.tar")
        await ground.until(scan.id, lambda s: s.last_seq >= 2)
        child = await first_child(running)
        cancelled = await scans.cancel(ground.platform, **ground.place, scan_id=scan.id)
        assert cancelled.status == "cancelled"
        with psutil_gone():
            await asyncio.to_thread(child.wait, 20)
        with pytest.raises(Conflict):
            await scans.cancel(ground.platform, **ground.place, scan_id=scan.id)
        # the worker is fit for the next
        other = await ground.start(wheel(), "next.whl")
        assert (await ground.ended(other.id)).status == "done"
    events = await ground.events(scan.id)
    assert events[-1].stage == "scan.cancelled"
    assert (await ground.scan(scan.id)).status == "cancelled"


async def test_a_killed_workers_scan_is_taken_over_without_gap_or_repeat(ground: Ground, slow_file: bytes) -> None:
    with worker(ground.config) as first:
        scan = await ground.start(slow_file, "slow.tar")
        await ground.until(scan.id, lambda s: s.last_seq >= 3)
        child = await first_child(first)
        first.process.kill()
        with psutil_gone():
            await asyncio.to_thread(child.wait, 20)  # no orphan goes on
        before = await ground.events(scan.id)
        with worker(ground.config):
            done = await ground.ended(scan.id)
    events = await ground.events(scan.id)
    assert done.status == "done"
    assert done.scanner_status["artifact"].attempt == 2
    assert gap_free(events)
    assert events[: len(before)] == before
    starts = [event.stage for event in events].count("scan.start")
    assert starts == 2
    assert [event.stage for event in events].count("scan.retry.warn") == 1
    # each attempt told each of its steps once
    second = events[next(i for i, event in enumerate(events) if event.stage == "scan.retry.warn") :]
    said = [(event.ts, event.stage, event.detail) for event in events]
    assert len(set(said)) == len(said)
    assert [event.stage for event in second].count("scan.done") == 1


async def test_a_stopping_worker_puts_its_scan_back(ground: Ground, slow_file: bytes) -> None:
    with worker(ground.config) as first:
        scan = await ground.start(slow_file, "slow.tar")
        await ground.until(scan.id, lambda s: s.last_seq >= 2)
        (await first_child(first)).suspend()  # it must not end by itself within the grace
        assert first.stop() == 0
    assert (await ground.scan(scan.id)).status == "running"
    with worker(ground.config):
        done = await ground.ended(scan.id)
    assert done.status == "done"
    assert gap_free(await ground.events(scan.id))


async def test_a_frozen_worker_cannot_touch_a_slot_that_was_taken_over(ground: Ground, slow_file: bytes) -> None:
    with worker(ground.config) as frozen:
        scan = await ground.start(slow_file, "slow.tar")
        await ground.until(scan.id, lambda s: s.last_seq >= 2)
        child = await first_child(frozen)
        child.suspend()
        frozen.signal(signal.SIGSTOP)
        with worker(ground.config) as second:
            taken = await ground.until(scan.id, lambda s: s.scanner_status["artifact"].attempt == 2, 90)
            # wake the old ones while the new run is under way
            child.resume()
            frozen.signal(signal.SIGCONT)
            done = await ground.ended(scan.id)
            with psutil_gone():
                await asyncio.to_thread(child.wait, 10)
            assert second.process.poll() is None
    assert done.status == "done"
    assert done.scanner_status["artifact"].run == taken.scanner_status["artifact"].run
    events = await ground.events(scan.id)
    assert gap_free(events)
    assert [event.stage for event in events].count("scan.done") == 1
    async with ground.platform.sessions() as session:
        counted = (await session.execute(text("select count(*), count(distinct purl) from scan_packages"))).one()
    assert counted[0] == counted[1] == 40_000


@pytest.mark.long
async def test_a_scan_that_kills_its_workers_runs_out_of_attempts(ground: Ground, slow_file: bytes) -> None:
    scan = await ground.start(slow_file, "slow.tar")
    for attempt in (1, 2, 3):
        with worker(ground.config) as running:
            await ground.until(
                scan.id,
                lambda s, attempt=attempt: (
                    "artifact" in s.scanner_status and s.scanner_status["artifact"].attempt == attempt
                ),
                40,
            )
            running.process.kill()
    with worker(ground.config):
        done = await ground.ended(scan.id)
    assert done.status == "failed"
    last = (await ground.events(scan.id))[-1]
    assert last.stage == "scan.error"
    assert "3 attempts" in last.detail
    assert last.data["reason"] == "attempts"


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A database server that this test may kill."""
    folder = Path(tempfile.mkdtemp(prefix="surveyor-own-"))
    folder.chmod(0o711)
    server = Server(folder / "pg")
    server.open()
    yield server
    server.close()
    shutil.rmtree(folder)


async def test_a_killed_database_that_returns_finds_the_scan_done(
    own_server: Server, tmp_path: Path, slow_file: bytes
) -> None:
    url = own_server.url(ROLE)
    await migrate.upgrade(url)
    settings = service_config.load({"SURVEYOR_HOME": str(tmp_path / "home"), "DATABASE_URL": url})
    async with open_ground(settings) as ground:
        with worker(settings) as running:
            scan = await ground.start(slow_file, "slow.tar")
            await ground.until(scan.id, lambda s: s.last_seq >= 3)
            postmaster = int((own_server.data / "postmaster.pid").read_text().split()[0])
            os.kill(postmaster, signal.SIGKILL)
            await asyncio.sleep(1)
            await asyncio.to_thread(own_server.open)
            began = time.monotonic()
            done = await ground.ended(scan.id)
            attempt = done.scanner_status["artifact"].attempt
            print(f"database back → scan done: {time.monotonic() - began:.1f} s, attempt {attempt}")
            assert running.process.poll() is None
            # and the worker takes new work
            other = await ground.start(wheel(), "next.whl")
            assert (await ground.ended(other.id)).status == "done"
            events = await ground.events(scan.id)
            assert running.stop() == 0
    assert done.status == "done"
    assert gap_free(events)
    assert [event.stage for event in events].count("scan.done") == 1


async def test_a_page_is_scanned_by_four_children_whose_run_ends_once(ground: Ground, site: Site) -> None:
    site.page("/", "<!doctype html><html lang=en><title>A page of some words</title><h1>Hello</h1>")
    with worker(ground.config, SURVEYOR_ALLOW_HOSTS=f"127.0.0.1:{site.port}"):
        settings = replace(ground.platform.scan, allow_hosts=(AllowedHost(host="127.0.0.1", port=site.port),))
        platform = replace(ground.platform, scan=settings)
        scan = await scans.start_web(platform, **ground.place, url=site.url("/"))
        done = await ground.ended(scan.id)
    assert done.status == "done", done
    states = {name: slot.state for name, slot in done.scanner_status.items()}
    assert states["security"] == "done"
    assert set(states.values()) <= {"done", "failed"}
    events = await ground.events(scan.id)
    assert gap_free(events)
    assert (events[0].stage, events[-1].stage) == ("scan.start", "scan.done")
    assert [event.stage for event in events if event.stage.startswith("scan.")] == ["scan.start", "scan.done"]
    found = await findings.page(ground.platform.sessions, **ground.place)
    assert "Content-Security-Policy missing" in {row.title for row in found.items}
    assert all(row.assets[0].value == site.url("/") for row in found.items)


async def test_a_line_of_a_child_is_with_its_readers_in_time(ground: Ground, slow_file: bytes) -> None:
    assert ground.config.database_url is not None
    taken: list[float] = []
    with worker(ground.config):
        async with Streams.open(ground.config.database_url.get_secret_value(), ground.platform.sessions) as streams:
            for name in ("a.tar", "b.tar"):
                scan = await ground.start(slow_file, name)
                async for batch in streams.follow(scan.id):
                    now = datetime.now(UTC)
                    taken += [(now - event.ts).total_seconds() for event in batch if event.slot]
    taken.sort()
    p95 = taken[int(len(taken) * 0.95)]
    print(f"line → reader: p50 {taken[len(taken) // 2] * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms of {len(taken)}")
    # the bar of 250 ms is a benchmark's; here none may wait for the look that comes every 15 seconds, nor most a second
    assert p95 < SILENCE_SECONDS / 2
    assert taken[len(taken) // 2] < 1.0
