"""Processes that tests start, and homes that the database's user can reach."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil
import pytest

from surveyor.service.postgres import pidfile

SOURCE = Path(__file__).resolve().parents[2] / "src"

#: Opens the database of the home that is named, prints its URL, and closes it at the end of standard input.
OPEN = """
import sys
from surveyor.service import config, postgres
database = postgres.open_database(config.load({"SURVEYOR_HOME": sys.argv[1]}))
print(database.url, flush=True)
sys.stdin.read()
print(database.close(), flush=True)
"""

#: The interpreter may lie where only root can read, so the modules come in before root is given up.
BECOME = """
import os, ctypes, psycopg, shlex
from surveyor.service import config, postgres
os.setgroups([]); os.setgid({uid}); os.setuid({uid})
"""


@contextlib.contextmanager
def psutil_gone() -> Iterator[None]:
    """Ignore that a process has ended meanwhile."""
    try:
        yield
    except (psutil.NoSuchProcess, ProcessLookupError):
        return


def zombie(process: psutil.Process) -> bool:
    """Whether a process has ended and nobody has reaped it; one that is gone meanwhile is none."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def ended(process: psutil.Process) -> bool:
    """Whether a process has ended, reaped or not."""
    return not process.is_running() or zombie(process)


def living(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended; each may end while it is looked at."""
    return [process for process in processes if not ended(process)]


def children(parent: psutil.Process, *, recursive: bool = False) -> list[psutil.Process]:
    """What a process has started, reaped or not; nothing where it is gone itself."""
    try:
        return list(parent.children(recursive=recursive))
    except psutil.NoSuchProcess:
        return []


def named(name: str, processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those of a program's name; one that is gone meanwhile has none."""
    found = []
    for process in processes:
        with psutil_gone():
            found += [process] if process.name() == name else []
    return found


def below_a_fork_server(pid: int) -> list[psutil.Process]:
    """The children that live of those which a process has started: scanners, where it is a worker."""
    servers = [server for process in of(pid) for server in children(process)]
    return living(child for server in servers for child in children(server))


def of(pid: int) -> list[psutil.Process]:
    """The process of a number, unless it has ended."""
    try:
        return living([psutil.Process(pid)])
    except psutil.NoSuchProcess:
        return []


def gone(pid: int) -> None:
    """Wait for the end of a process, reaped or not."""
    deadline = time.monotonic() + 60
    while of(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill(pid: int) -> None:
    """End a process, which may have ended by itself, and wait until it has."""
    with psutil_gone():
        os.kill(pid, signal.SIGKILL)
    gone(pid)


@pytest.fixture(name="home")
def open_home() -> Iterator[Path]:
    """A home that the server's user can reach; whatever still runs in it is ended."""
    folder = Path(tempfile.gettempdir()) / f"surveyor-pg-{secrets.token_hex(6)}"
    folder.mkdir(mode=0o711)
    folder.chmod(0o711)
    yield folder
    for pid_file in folder.rglob("postmaster.pid"):
        if pidfile.running(pid_file.parent) and (pid := pidfile.read(pid_file.parent)):
            kill(pid)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a Python process with our source, and ends it at last."""
    running: list[subprocess.Popen[str]] = []

    def start(script: str, *words: object, uid: int | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", script if uid is None else BECOME.format(uid=uid) + script, *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={"PYTHONPATH": str(SOURCE), "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()
