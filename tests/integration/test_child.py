"""Real scanner children: they start loaded, know no secret, are followed line by line, and leave nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path

import psutil
import pytest

from surveyor.scan import entry
from surveyor.scan.model import Kind, ScanStatus
from surveyor.scan.plan import ARTIFACT_SLOTS, Request
from surveyor.scan.report import json as report_json
from surveyor.scan.settings import Settings
from surveyor.service.child import STOPPED, Child, Ended
from surveyor.service.store.events import NewEvent
from tests.servers import processes
from tests.servers.pipeline import wheel

SECRET = "SURVEYOR_TEST_SECRET"


class Heard:
    """What a child said, with the time of each delivery."""

    def __init__(self, *, keep: int = 1 << 30) -> None:
        self.events: list[NewEvent] = []
        self.offsets: list[int] = []
        self.keep = keep

    async def __call__(self, said: Sequence[NewEvent], offset: int) -> bool:
        self.events += said
        self.offsets.append(offset)
        return len(self.events) < self.keep


def task(folder: Path, content: bytes, name: str = "demo.whl") -> entry.ChildTask:
    source = folder / name
    source.write_bytes(content)
    return entry.ChildTask(
        request=Request(kind=Kind.ARTIFACT, source=str(source), slots=ARTIFACT_SLOTS, name=name),
        settings=Settings(),
        events=folder / "events.ndjson",
        report=folder / "report.json",
    )


def scanners() -> list[psutil.Process]:
    return processes.below_a_fork_server(os.getpid())


async def until_scanning(heard: Heard, count: int = 1) -> psutil.Process:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if len(heard.events) >= count and (found := scanners()):
            return found[0]
        await asyncio.sleep(0.005)
    raise TimeoutError


async def nothing_left() -> bool:
    end = time.monotonic() + 20
    while scanners() and time.monotonic() < end:
        await asyncio.sleep(0.02)
    return not scanners()


async def test_a_child_scans_and_every_line_is_heard_once(tmp_path: Path) -> None:
    heard, todo = Heard(), task(tmp_path, wheel())
    assert await Child(target=entry.main, task=todo, deliver=heard, seconds=30).run() == Ended()
    report = report_json.decode(todo.report.read_bytes())
    assert [package.purl for package in report.packages] == ["pkg:pypi/demo@1.0"]
    lines = todo.events.read_bytes()
    assert len(heard.events) == lines.count(b"\n")
    assert heard.offsets[-1] == len(lines)
    assert heard.offsets == sorted(heard.offsets)
    assert await nothing_left()


async def test_children_that_end_while_others_start_are_each_heard_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How a process ended can be read once, and every start of another asks for it."""
    read = forkserver.read_signed

    def slowly(descriptor: int) -> int:
        time.sleep(0.2)
        return read(descriptor)

    monkeypatch.setattr(forkserver, "read_signed", slowly)

    async def one(number: int) -> Ended:
        await asyncio.sleep(number * 0.1)
        (folder := tmp_path / str(number)).mkdir()
        return await Child(target=entry.main, task=task(folder, wheel()), deliver=Heard(), seconds=60).run()

    assert set(await asyncio.gather(*map(one, range(20)))) == {Ended()}


async def test_the_worker_itself_loads_no_parser() -> None:
    code = (
        "import sys; from surveyor.service import worker\n"
        "bad = [n for n in sys.modules if n.startswith(('surveyor.scan.engine', 'surveyor.scan.acquire',"
        " 'surveyor.scan.catalog', 'surveyor.scan.gather', 'surveyor.scan.check'))]; print(bad); sys.exit(bool(bad))"
    )
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def _modules(told: entry.ChildTask, bell: object) -> None:
    told.report.write_text("\n".join([*sys.modules, "--", *os.environ, Path("/proc/self/environ").read_text()]))


async def test_a_child_starts_loaded_and_without_the_workers_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, "very")
    # a fork server of our own, started while the secret is there
    monkeypatch.setattr(forkserver, "_forkserver", forkserver.ForkServer())
    monkeypatch.setattr(forkserver, "ensure_running", forkserver._forkserver.ensure_running)
    monkeypatch.setattr(forkserver, "connect_to_new_process", forkserver._forkserver.connect_to_new_process)
    monkeypatch.setattr(forkserver, "set_forkserver_preload", forkserver._forkserver.set_forkserver_preload)
    from multiprocessing import popen_forkserver

    monkeypatch.setattr(popen_forkserver, "forkserver", forkserver)
    todo = task(tmp_path, b"")
    try:
        ended = await Child(target=_modules, task=todo, deliver=Heard(), seconds=30).run()
        assert ended == Ended()
        modules, _, rest = todo.report.read_text().partition("--")
        assert set(entry.PRELOAD) <= set(modules.split())
        assert SECRET not in rest
        assert "very" not in rest
        assert os.environ[SECRET] == "very"
    finally:
        forkserver._forkserver._stop()


async def test_a_child_that_is_killed_says_why_and_is_heard_to_the_end(tmp_path: Path, slow_file: bytes) -> None:
    heard, todo = Heard(), task(tmp_path, slow_file, "slow.tar")
    running = asyncio.create_task(Child(target=entry.main, task=todo, deliver=heard, seconds=60).run())
    (await until_scanning(heard, 2)).kill()
    ended = await running
    assert ended.reason == "killed"
    assert len(heard.events) == todo.events.read_bytes().count(b"\n")
    assert not todo.report.exists()


@pytest.mark.parametrize(
    ("number", "reason", "word"),
    [
        (signal.SIGSEGV, "crashed", "SIGSEGV"),
        (signal.SIGXCPU, "limit_exceeded", "processor"),
        (signal.SIGTERM, "crashed", "SIGTERM"),
    ],
)
async def test_every_end_has_a_reason(
    tmp_path: Path, slow_file: bytes, number: signal.Signals, reason: str, word: str
) -> None:
    heard, todo = Heard(), task(tmp_path, slow_file, "slow.tar")
    running = asyncio.create_task(Child(target=entry.main, task=todo, deliver=heard, seconds=60).run())
    (await until_scanning(heard)).send_signal(number)
    ended = await running
    assert ended.reason == reason
    assert word in ended.detail


async def test_out_of_memory_is_said_by_the_child_itself(tmp_path: Path) -> None:
    heard = Heard()
    todo = replace(task(tmp_path, wheel()), data_bytes=1 << 20)
    ended = await Child(target=entry.main, task=todo, deliver=heard, seconds=30).run()
    assert ended.reason in {"limit_exceeded", "crashed"}
    assert ended.detail


async def test_the_clock_on_the_wall_ends_a_child_that_sleeps(tmp_path: Path, slow_file: bytes) -> None:
    heard, todo = Heard(), task(tmp_path, slow_file, "slow.tar")
    child = Child(target=entry.main, task=todo, deliver=heard, seconds=6, heartbeat=0.2)
    running = asyncio.create_task(child.run())
    (await until_scanning(heard)).suspend()
    ended = await running
    assert ended.reason == "timeout"
    assert await nothing_left()
    assert len(heard.offsets) >= 4  # signs of life while it said nothing


async def test_a_refused_delivery_kills_the_child(tmp_path: Path, slow_file: bytes) -> None:
    heard, todo = Heard(keep=2), task(tmp_path, slow_file, "slow.tar")
    ended = await Child(target=entry.main, task=todo, deliver=heard, seconds=60).run()
    assert ended is STOPPED
    assert await nothing_left()


async def test_cancelling_kills_the_child_even_while_it_starts(tmp_path: Path, slow_file: bytes) -> None:
    for delay in (0.0, 0.002, 0.01, 0.05, 0.2):
        todo = task(tmp_path, slow_file, "slow.tar")
        running = asyncio.create_task(Child(target=entry.main, task=todo, deliver=Heard(), seconds=60).run())
        await asyncio.sleep(delay)
        assert running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await nothing_left()


async def test_a_cancel_in_the_moment_of_a_ring_is_not_lost(tmp_path: Path, slow_file: bytes) -> None:
    child = Child(target=entry.main, task=task(tmp_path, slow_file, "slow.tar"), deliver=Heard(), seconds=60)
    running = asyncio.create_task(child.run())
    await until_scanning(Heard(), 0)
    child._wake.clear()
    await asyncio.sleep(0.1)  # it waits
    child._wake.set()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 20)
    assert await nothing_left()


def _noise(told: entry.ChildTask, bell: object) -> None:
    with told.events.open("wb") as file:
        file.write(b"x" * 3_000_000 + b"\n")
        file.write(b'{"ts": "2026-01-01T00:00:00Z", "stage": "a.b", "detail": "fine"}\n')
        file.write(b"{}\n" * 30_000)
        file.write(b"no end")


async def test_a_hostile_file_of_progress_is_bounded(tmp_path: Path) -> None:
    heard, todo = Heard(), task(tmp_path, b"")
    assert await Child(target=_noise, task=todo, deliver=heard, seconds=30).run() == Ended()
    assert len(heard.events) <= 20_001
    assert [event.detail for event in heard.events if event.stage == "a.b"] == ["fine"]
    assert heard.events[-1].detail.startswith("more than 20,000 events")
    assert heard.offsets[-1] == todo.events.stat().st_size - len(b"no end")


def _flood(told: entry.ChildTask, bell: object) -> None:
    with told.events.open("wb") as file:
        while True:
            file.write(b"y" * (1 << 20))


async def test_a_flood_ends_the_child(tmp_path: Path) -> None:
    todo = task(tmp_path, b"")
    ended = await Child(target=_flood, task=todo, deliver=Heard(), seconds=30, heartbeat=0.05).run()
    assert ended.reason == "limit_exceeded"
    assert await nothing_left()


async def test_a_symbolic_link_in_the_place_of_the_progress_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "events.ndjson").symlink_to("/etc/passwd")
    heard, todo = Heard(), task(tmp_path, b"")
    with pytest.raises(OSError):
        await Child(target=_modules, task=todo, deliver=heard, seconds=30).run()
    assert heard.events == []
    assert await nothing_left()


async def test_children_are_cheap_to_start(tmp_path: Path) -> None:
    taken = []
    for number in range(8):
        folder = tmp_path / str(number)
        folder.mkdir()
        todo = task(folder, wheel())
        began = time.perf_counter()
        await Child(target=entry.main, task=todo, deliver=Heard(), seconds=30).run()
        taken.append(time.perf_counter() - began)
        assert report_json.decode(todo.report.read_bytes()).scan_status is not ScanStatus.FAILED
    # a child that imports everything anew takes seconds of it
    assert min(taken) < 2.0
