"""A whole installation to measure: its own PostgreSQL with its ordinary durability, a web process, one team.

Clients are processes of their own, so that what they cost is not what the server is said to cost.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from surveyor.service.actions.bootstrap import bootstrap
from surveyor.service.postgres.server import ROLE, Server
from surveyor.service.store import migrate
from surveyor.service.store.database import open_engine, sessions

START_SECONDS = 30
SERVE = "import sys; from surveyor.service import app, config; sys.exit(app.serve(config.load()))"
WORKER = "import sys; from surveyor.service import config, worker; sys.exit(worker.run(config.load()))"


@dataclass(kw_only=True)
class Installation:
    """A running service: where it listens, its database, its first team's key, and its processes by name."""

    url: str
    key: str
    port: int
    home: Path
    postmaster: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, code: str, **settings: str) -> None:
        """Start one of the service's processes."""
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "src"),
            "SURVEYOR_HOME": str(self.home),
            "SURVEYOR_PORT": str(self.port),
            "SURVEYOR_RATE_STRICT": "1000000",
            "SURVEYOR_RATE_DEFAULT": "1000000",
            "SURVEYOR_ALLOW_HOSTS": "127.0.0.1",
            "SURVEYOR_FEED_REFRESH": "false",
            "DATABASE_URL": self.url,
            **settings,
        }
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-c", code], env=environment, stdout=log, stderr=log, cwd=self.home
            )

    def wait(self) -> None:
        """Until the web process answers."""
        end = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
            if time.monotonic() > end or self.processes["serve"].poll() is not None:
                raise SystemExit((self.home / "serve.log").read_text("utf-8"))
            time.sleep(0.05)

    def cpu(self) -> dict[str, float]:
        """Processor seconds used so far, by each process with its children, and by the database."""
        found = {name: _seconds(process.pid) for name, process in self.processes.items()}
        return found | {"database": _seconds(self.postmaster)}

    def stop(self, name: str) -> None:
        """End one process."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _seconds(pid: int) -> float:
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = each.cpu_times()
                total += times.user + times.system
    return total


@contextlib.contextmanager
def installation(**settings: str) -> Iterator[Installation]:
    """Everything up, measured by nobody yet; nothing of it is left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="surveyor-bench-"))
    folder.chmod(0o711)
    server = Server(folder / "pg")
    server.open()
    try:
        url = server.url(ROLE)
        key = asyncio.run(_prepare(url))
        home = folder / "home"
        home.mkdir()
        postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
        made = Installation(url=url, key=key, port=_free_port(), home=home, postmaster=postmaster)
        made.start("serve", SERVE, **settings)
        try:
            made.wait()
            yield made
        finally:
            for name in tuple(made.processes):
                made.stop(name)
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


async def _prepare(url: str) -> str:
    await migrate.upgrade(url)
    engine = open_engine(url, pool=1)
    try:
        made = await bootstrap(sessions(engine))
    finally:
        await engine.dispose()
    assert made.key is not None
    return made.key


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the sorted values do not exceed; nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1)]


def told(values: Sequence[float]) -> str:
    """Percentiles in milliseconds, for people."""
    ordered = [percentile(values, share) * 1000 for share in (0.5, 0.95, 0.99)]
    return f"p50 {ordered[0]:.1f}  p95 {ordered[1]:.1f}  p99 {ordered[2]:.1f}  max {max(values) * 1000:.1f} ms"


def machine() -> str:
    """What else went on."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
