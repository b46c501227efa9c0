"""The parts of ``surveyor up`` with real processes: the leash, the care for children, the claims."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from surveyor.service import config as service_config
from surveyor.service.config import Config
from surveyor.service.errors import AlreadyRunning, BadConfiguration
from surveyor.service.store import migrate
from surveyor.service.up import claim, prepare
from surveyor.service.up.child import FIRST_DELAY, HEALTHY_SECONDS, LONGEST_DELAY, Child
from tests.servers import processes
from tests.servers.ports import Reserved

SOURCE = Path(__file__).resolve().parents[2] / "src"
LEASHED = """
import os, signal, sys, time
sys.path.insert(0, {source!r})
from surveyor.service.up import leash
if {stubborn}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
leash.hold(0, grace={grace})
os.write(1, b"held\\n")  # in one piece: two may write at once
while {busy}:
    pass
time.sleep(60)
"""


@pytest.fixture
def leashed() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []

    def start(*, stubborn: bool = False, busy: bool = False) -> subprocess.Popen[bytes]:
        # who stops in order has as long as a busy machine may make it take
        grace = 0.5 if stubborn else 60
        script = LEASHED.format(source=str(SOURCE), stubborn=stubborn, busy=busy, grace=grace)
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_the_end_of_the_pipe_stops_a_process_in_order(leashed: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = leashed()
    assert process.poll() is None
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None
    assert process.wait(30) == 7


@pytest.mark.parametrize("busy", [False, True])
def test_one_that_will_not_stop_is_killed(leashed: Callable[..., subprocess.Popen[bytes]], busy: bool) -> None:
    process = leashed(stubborn=True, busy=busy)
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None
    assert process.wait(30) == -signal.SIGKILL


def test_children_of_a_killed_supervisor_do_not_outlive_it(tmp_path: Path) -> None:
    script = f"""
import os, sys, time
sys.path.insert(0, {str(SOURCE)!r})
from surveyor.service.up.child import Child
inner = {LEASHED.format(source=str(SOURCE), stubborn=False, busy=False, grace=0.5)!r}
children = [Child(n, [sys.executable, "-c", inner], os.environ, print) for n in "ab"]
for child in children: child.start()
print(*(child.pid for child in children), flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        lines = sorted(supervisor.stdout.readline().strip() for _ in range(3))
        pids = [int(word) for word in lines[0].split()]
        assert lines[1:] == ["held", "held"]
        supervisor.kill()
    for pid in pids:
        processes.gone(pid)


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _wait_gone(child: Child) -> None:
    deadline = time.monotonic() + 30
    while not child.gone():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_child_that_dies_is_started_again_with_growing_patience() -> None:
    clock, lines = _Clock(), list[str]()
    child = Child("serve", [sys.executable, "-c", "raise SystemExit(3)"], os.environ, lines.append, clock)
    child.start()
    expected = FIRST_DELAY
    for deaths in range(1, 8):
        _wait_gone(child)
        child.tend()
        assert child.deaths == deaths
        assert child.pid is None
        assert lines[-1] == f"serve ended (exit code 3); starting it again in {expected:g} s"
        clock.now += expected - 0.01
        child.tend()
        assert child.pid is None, "not before its time"
        clock.now += 0.02
        child.tend()
        assert child.pid is not None
        expected = min(expected * 2, LONGEST_DELAY)
    assert expected == LONGEST_DELAY
    _wait_gone(child)
    clock.now += HEALTHY_SECONDS + 1
    child.tend()
    assert child.deaths == 1, "one that lived long begins anew"
    assert len(lines) == 8


def test_a_killed_child_is_named_by_its_signal_and_its_group_goes_with_it() -> None:
    lines = list[str]()
    inner = "import subprocess,sys,time; p=subprocess.Popen(['sleep','60']); print(p.pid,flush=True); time.sleep(60)"
    child = Child("worker", [sys.executable, "-c", inner], os.environ, lines.append)
    child.start()
    assert child.pid is not None
    deadline = time.monotonic() + 30
    while not (found := psutil.Process(child.pid).children()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child.end()
    assert child.gone()
    processes.gone(found[0].pid)
    child = Child("worker", ["sleep", "60"], os.environ, lines.append)
    child.start()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    _wait_gone(child)
    child.tend()
    assert lines[-1].startswith("worker ended (SIGKILL)")


def _config(home: Path, **variables: str) -> Config:
    return service_config.load({"SURVEYOR_HOME": str(home)} | variables)


def test_one_home_has_one_supervisor(tmp_path: Path) -> None:
    config = _config(tmp_path / "h", SURVEYOR_PORT="1234")
    with claim.home(config, 4711):
        with pytest.raises(AlreadyRunning, match=r"process 4711, http://127\.0\.0\.1:1234") as caught:
            claim.home(config, 1).__enter__()
        assert "\n" not in caught.value.message
    with claim.home(config, 1):
        pass


def test_a_taken_port_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "PORT_SECONDS", 0.3)
    with Reserved() as reserved:
        number = reserved.number
        config = _config(tmp_path / "h", SURVEYOR_PORT=str(number))
        taken = pytest.raises(AlreadyRunning, match=f"port {number} of 127.0.0.1 is taken")
        with socket.create_server(("127.0.0.1", number)), taken:
            claim.port(config)
        claim.port(config)


def test_an_address_that_is_not_ours_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"cannot listen on 203\.0\.113\.1"):
        claim.port(_config(tmp_path / "h", SURVEYOR_HOST="203.0.113.1"))


def test_the_head_read_from_the_files_is_the_migration_librarys(database_url: str) -> None:
    import asyncio

    held, head = asyncio.run(migrate.current(database_url))
    assert prepare.head() == head == held


def test_migrating_is_skipped_only_when_nothing_is_to_do(empty_database_url: str) -> None:
    assert prepare.migrate(empty_database_url)
    assert not prepare.migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("select count(*) from teams").fetchone() == (0,)


def test_a_second_start_does_not_import_the_migration_library(database_url: str) -> None:
    script = (
        "import sys; from surveyor.service.up import prepare; assert prepare.migrate(sys.argv[1]) is False;"
        "print([m for m in ('alembic', 'sqlalchemy', 'fastapi', 'procrastinate') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, database_url],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert answer.stdout.strip() == "[]"
