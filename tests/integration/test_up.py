"""``surveyor up`` for real: started, killed in every part, started again, with nothing lost."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest

from surveyor.service.postgres import pidfile
from tests.servers.ports import Reserved
from tests.servers.processes import children, ended, kill, named, zombie

SOURCE = Path(__file__).resolve().parents[2] / "src"
START_SECONDS = 100
KEY = "sv_live_" + "k" * 43
SET_UP = "The database is set up for this version"


class Up:
    """A supervisor process, its lines as they come, and what it printed when it was ready."""

    def __init__(self, home: Path, port: int, *, prefix: tuple[str, ...] = (), **variables: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SURVEYOR_", "DATABASE_"))}
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "surveyor", "up", "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=kept | {"SURVEYOR_HOME": str(home), "PYTHONPATH": str(SOURCE)} | variables,
        )
        self.home, self.url = home, f"http://127.0.0.1:{port}"
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.seen: list[str] = []
        self.complaints: list[str] = []
        self._told = self._reader(self.process.stdout, self.lines.put)
        self._reader(self.process.stderr, self.complaints.append)

    @staticmethod
    def _reader(stream: IO[str] | None, sink: Callable[[str], object]) -> threading.Thread:
        assert stream is not None
        thread = threading.Thread(target=lambda: [sink(line.rstrip()) for line in stream], daemon=True)
        thread.start()
        return thread

    def wait_for(self, start: str, seconds: float = START_SECONDS) -> str:
        """The rest of the next line that starts so."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self.lines.get(timeout=0.1)
            except queue.Empty:
                assert time.monotonic() < deadline, (start, self.seen, self.complaints)
                # one that has ended may have said more than was read yet
                told = self._told.is_alive() or not self.lines.empty()
                assert told, (start, self.seen, self.complaints)
                continue
            self.seen.append(line)
            if line.startswith(start):
                return line.removeprefix(start)

    def ready(self) -> float:
        """Wait for the way in; seconds since the start."""
        self.wait_for("Sign in (works once): ")
        return time.monotonic() - self.begun

    def key(self) -> str:
        """The first key, where one was made."""
        return self.wait_for("API key (shown once): ", 20)

    def part(self, name: str) -> psutil.Process:
        """The process of a command below the supervisor, waited for: the worker is started when the pages answer."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for child in children(psutil.Process(self.process.pid), recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    if child.cmdline()[-2:] == ["surveyor.service.up.leash", name] and not ended(child):
                        return child
            time.sleep(0.05)
        raise AssertionError(f"no {name} runs")

    def postmaster(self) -> psutil.Process:
        """The embedded server."""
        pid = pidfile.read(self.home / "pg" / "data")
        assert pid is not None
        return psutil.Process(pid)

    def rest(self) -> list[str]:
        """Every line, of one that has ended."""
        self._told.join(20)
        while not self.lines.empty():
            self.seen.append(self.lines.get())
        return self.seen

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(40)


def _status(url: str, key: str | None = None) -> int:
    request = urllib.request.Request(url, headers={"authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def _eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def port() -> Iterator[int]:
    with Reserved() as reserved:
        yield reserved.number


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.gettempdir()) / f"surveyor-up-{secrets.token_hex(6)}"
    yield folder
    data = folder / "pg" / "data"
    if pidfile.running(data) and (pid := pidfile.read(data)):
        kill(pid)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def up(home: Path, port: int) -> Iterator[Callable[..., Up]]:
    """Starts supervisors on this test's home and port; whatever is left is killed."""
    started: list[Up] = []

    def start(*, home: Path = home, port: int = port, prefix: tuple[str, ...] = (), **variables: str) -> Up:
        started.append(Up(home, port, prefix=prefix, **variables))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        for stream in (one.process.stdout, one.process.stderr):
            assert stream is not None
            with contextlib.suppress(ValueError):
                stream.close()


def test_first_start_stop_and_second_start(up: Callable[..., Up], home: Path) -> None:
    first = up()
    first.ready()
    key = first.key()
    assert _status(f"{first.url}/api/v1/audit/scans", key) == 200
    assert _status(f"{first.url}/api/v1/audit/scans", "sv_live_" + "x" * 43) == 401
    parts = [first.part("serve"), first.part("worker"), first.postmaster()]
    assert first.stop() == 0
    _eventually(lambda: all(ended(part) for part in parts))
    assert not (home / "pg" / "data" / "postmaster.pid").exists()
    assert first.complaints == []

    second = up()
    second.ready()
    assert _status(f"{second.url}/api/v1/audit/scans", key) == 200
    assert second.stop(signal.SIGINT) == 0
    assert not [line for line in second.rest() if "key" in line], "a key is shown once"
    # how long a start takes is measured apart; one that sets up again what is there would say so
    assert SET_UP in first.seen
    assert SET_UP not in second.seen


def test_the_terminal_is_for_people_and_the_log_is_a_file(up: Callable[..., Up], home: Path) -> None:
    running = up(COLUMNS="200")
    running.ready()
    key = running.key()
    assert _status(f"{running.url}/api/v1/audit/scans", key) == 200
    running.part("worker")
    assert running.seen == [
        SET_UP,
        f"Requests and details are logged in {home / 'logs'}; Ctrl-C stops Surveyor",
        *running.seen[-3:],
    ]
    assert [line.partition(": ")[0] for line in running.seen[-3:]] == [
        "Surveyor is ready",
        "Sign in (works once)",
        "API key (shown once)",
    ]
    log = home / "logs" / "serve.log"
    _eventually(lambda: any(json.loads(line)["path"].endswith("/scans") for line in log.read_text().splitlines()))
    # who asks for a link need not know how the service was started
    for words, told in (
        (["link", "create"], f"{running.url}/sign-in?token="),
        (["key", "list"], "last used 20"),
    ):
        assert told in _admin(home, *words)
    assert _admin(home, "link", "create", SURVEYOR_PUBLIC_URL="https://s.example/").startswith("https://s.example/sign")
    running.postmaster().kill()
    running.wait_for("PostgreSQL ended")
    _eventually(lambda: any("listen.lost" in line for line in running.complaints))
    shape = re.compile(r"\d\d:\d\d:\d\d  (serve|worker)  (warning|error)  \S.*")
    assert [line for line in running.complaints if not shape.fullmatch(line)] == []
    assert running.stop(signal.SIGINT) == 0
    running.wait_for("Stopping; a second Ctrl-C", 20)
    assert "8600" in _admin(home, "link", "create")


def _admin(home: Path, *words: str, **variables: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SURVEYOR_", "DATABASE_"))}
    command = [sys.executable, "-m", "surveyor", "admin", *words]
    environment = kept | {"SURVEYOR_HOME": str(home), "PYTHONPATH": str(SOURCE)} | variables
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment).stdout


def test_kill_the_supervisor(up: Callable[..., Up]) -> None:
    first = up()
    first.ready()
    key = first.key()
    parts = [first.part("serve"), first.part("worker")]
    server = first.postmaster()
    first.process.kill()
    second = up()  # at once, while the orphans still end
    second.ready()
    _eventually(lambda: all(ended(part) for part in parts))
    assert second.postmaster().pid == server.pid, "the server outlived its owner and was found again"
    assert _status(f"{second.url}/api/v1/audit/scans", key) == 200
    assert second.stop() == 0
    _eventually(lambda: ended(server))


def test_kill_each_part_under_a_living_supervisor(up: Callable[..., Up]) -> None:
    running = up()
    running.ready()
    key = running.key()
    for name in ("serve", "worker"):
        before = running.part(name)
        before.kill()
        running.wait_for(f"{name} ended (SIGKILL)")
        _eventually(lambda b=before: ended(b))
        assert running.part(name).pid != before.pid
    _eventually(lambda: _status(f"{running.url}/healthz") == 200)
    running.postmaster().kill()
    running.wait_for("PostgreSQL ended")
    _eventually(lambda: _status(f"{running.url}/readyz") == 200)
    assert _status(f"{running.url}/api/v1/audit/scans", key) == 200
    assert running.stop() == 0


def test_kill_everything_at_once_and_start_again(up: Callable[..., Up]) -> None:
    first = up()
    first.ready()
    key = first.key()
    doomed = [first.postmaster(), first.part("serve"), first.part("worker"), psutil.Process(first.process.pid)]
    for process in doomed:
        process.kill()
    first.process.wait()
    second = up()
    second.ready()
    assert _status(f"{second.url}/api/v1/audit/scans", key) == 200
    assert second.stop() == 0


def test_a_second_supervisor_says_one_sentence(up: Callable[..., Up], home: Path, port: int) -> None:
    first = up()
    first.ready()
    second = up(port=port)
    assert second.process.wait(60) == 2
    _eventually(lambda: bool(second.complaints))
    assert second.complaints == [f"surveyor: Surveyor already runs on {home}: process {first.process.pid}, {first.url}"]
    other = up(home=home.with_name(home.name + "-other"))
    assert other.process.wait(60) == 2
    _eventually(lambda: bool(other.complaints))
    assert len(other.complaints) == 1
    assert f"port {port} of 127.0.0.1 is taken" in other.complaints[0]
    shutil.rmtree(other.home)
    assert first.stop() == 0


def test_a_given_database_and_a_given_key(up: Callable[..., Up], home: Path, empty_database_url: str) -> None:
    running = up(DATABASE_URL=empty_database_url, SURVEYOR_BOOTSTRAP_API_KEY=KEY)
    running.ready()
    assert _status(f"{running.url}/api/v1/audit/scans", KEY) == 200
    assert not (home / "pg").exists()
    assert "SURVEYOR_BOOTSTRAP_API_KEY" not in running.part("worker").environ()
    assert running.stop() == 0
    assert not [line for line in running.seen if KEY in line]
    other = "sv_live_" + "o" * 43
    again = up(DATABASE_URL=empty_database_url, SURVEYOR_BOOTSTRAP_API_KEY=other)
    again.wait_for("SURVEYOR_BOOTSTRAP_API_KEY is another one now: the earlier, sv_live_kkkk…, is revoked")
    again.ready()
    assert [_status(f"{again.url}/api/v1/audit/scans", one) for one in (KEY, other)] == [401, 200]
    assert again.stop() == 0


def test_a_database_that_does_not_answer_is_one_sentence(up: Callable[..., Up]) -> None:
    running = up(DATABASE_URL="postgresql://me:hunter2@127.0.0.1:1/x")
    assert running.process.wait(60) == 2
    _eventually(lambda: bool(running.complaints))
    assert len(running.complaints) == 1
    assert running.complaints[0].startswith("surveyor: the database of DATABASE_URL does not answer")
    assert "hunter2" not in running.complaints[0]


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs a process namespace of its own")
def test_as_process_one_it_reaps_and_recovers(up: Callable[..., Up]) -> None:
    running = up(prefix=("unshare", "--pid", "--fork", "--mount-proc", "--kill-child"))
    running.ready()
    key = running.key()
    inside = psutil.Process(running.process.pid).children()[0]
    postmasters = named("postgres", children(inside))
    assert len(postmasters) == 1, "orphans become children of process one"
    postmasters[0].kill()
    running.wait_for("PostgreSQL ended")
    _eventually(lambda: _status(f"{running.url}/readyz") == 200)
    assert _status(f"{running.url}/api/v1/audit/scans", key) == 200
    _eventually(lambda: not [p for p in children(inside, recursive=True) if zombie(p)])
    inside.terminate()
    assert running.process.wait(40) == 0
