"""Real worker processes: what they do, and what is left when they are stopped, killed, frozen or given up."""

from __future__ import annotations

import asyncio
import signal

import pytest
from tests.servers.pipeline import Ground, first_child, psutil_gone, wheel, worker

from surveyor.service.actions import scans
from surveyor.service.errors import Conflict
from surveyor.service.store.events import StoredEvent


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
        from sqlalchemy import text

        purls = (await session.execute(text("select purl from scan_packages"))).scalars().all()
    assert purls == ["pkg:pypi/demo@1.0"]


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
            await asyncio.to_thread(child.wait, 5)
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
            await asyncio.to_thread(child.wait, 5)  # no orphan goes on
        before = await ground.events(scan.id)
        with worker(ground.config):
            done = await ground.ended(scan.id, 60)
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
        done = await ground.ended(scan.id, 60)
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
            taken = await ground.until(scan.id, lambda s: s.scanner_status["artifact"].attempt == 2, 30)
            # wake the old ones while the new run is under way
            child.resume()
            frozen.signal(signal.SIGCONT)
            done = await ground.ended(scan.id, 60)
            with psutil_gone():
                await asyncio.to_thread(child.wait, 10)
            assert second.process.poll() is None
    assert done.status == "done"
    assert done.scanner_status["artifact"].run == taken.scanner_status["artifact"].run
    events = await ground.events(scan.id)
    assert gap_free(events)
    assert [event.stage for event in events].count("scan.done") == 1
    async with ground.platform.sessions() as session:
        from sqlalchemy import text

        counted = (await session.execute(text("select count(*), count(distinct purl) from scan_packages"))).one()
    assert counted[0] == counted[1] == 60_000


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
        done = await ground.ended(scan.id, 40)
    assert done.status == "failed"
    last = (await ground.events(scan.id))[-1]
    assert last.stage == "scan.error"
    assert "3 attempts" in last.detail
    assert last.data["reason"] == "attempts"
