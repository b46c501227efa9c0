"""A whole installation that may be hurt: a database of its own, workers, a web process, and their supervisor."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from surveyor.service import config as service_config
from surveyor.service.actions.bootstrap import bootstrap
from surveyor.service.config import Config
from surveyor.service.postgres.server import Server
from surveyor.service.postgres.settings import ROLE
from surveyor.service.store import migrate
from surveyor.service.store.database import open_engine, sessions
from tests.fault.follower import Follower
from tests.servers import processes
from tests.servers.pipeline import WORKER
from tests.servers.ports import Reserved
from tests.servers.warm import Forked
from tests.servers.web import Site

SERVE = "import sys; from surveyor.service import app, config; sys.exit(app.serve(config.load()))"
SOURCE = Path(__file__).resolve().parents[2] / "src"
SHORT = "/api/v1/audit"


@dataclass
class Part:
    """One process of the service; started again when it is dead, as its supervisor would."""

    name: str
    code: str
    environment: dict[str, str]
    log: Path
    process: Forked | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = Forked(self.code, self.environment, log)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def children(self) -> list[psutil.Process]:
        """Scanner children: what the fork server has started."""
        return processes.below_a_fork_server(self.process.pid) if self.process else []

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


@dataclass
class Stage:
    """What a fault suite stands on. ``port`` is the web process's; it keeps it over its deaths."""

    folder: Path
    server: Server
    config: Config
    key: str
    port: int
    parts: dict[str, Part]
    site: Site
    random: random.Random
    followers: dict[str, Follower] = field(default_factory=dict)

    @property
    def workers(self) -> list[Part]:
        return [part for name, part in self.parts.items() if name.startswith("worker")]

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """One request; raises OSError or HTTPException when there was no whole answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            given = {"authorization": f"Bearer {self.key}", **(headers or {})}
            connection.request(method, SHORT + path, body=body, headers=given)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def accepted(
        self, method: str, path: str, body: bytes, *, headers: dict[str, str] | None = None, seconds: float = 60.0
    ) -> str:
        """Ask until a scan is accepted; its id. What had no answer may or may not have been taken: nobody promised."""
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, told = self.ask(method, path, body, headers)
                if status == http.HTTPStatus.ACCEPTED:
                    return str(told["data"]["id"])
                assert status in {500, 503}, (status, told)
            assert time.monotonic() < end, "no kick-off was accepted"
            time.sleep(0.05)

    def scan_file(self, content: bytes, name: str) -> str:
        return self.accepted("POST", f"/uploads?filename={name}", content)

    def scan_page(self, path: str) -> str:
        body = json.dumps({"url": self.site.url(path)}).encode()
        return self.accepted("POST", "/scans/run", body, headers={"content-type": "application/json"})

    def follow(self, scan_id: str) -> None:
        self.followers[scan_id] = Follower(self.port, self.key, scan_id)

    def query(self, statement: str, *values: object, seconds: float = 60.0) -> list[tuple[Any, ...]]:
        """Ask the database itself, again while it is away."""
        assert self.config.database_url is not None
        end = time.monotonic() + seconds
        while True:
            try:
                with psycopg.connect(self.config.database_url.get_secret_value(), autocommit=True) as connection:
                    connection.execute("set search_path = public, jobs")
                    return connection.execute(statement, values).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def open_scans(self, ids: list[str]) -> set[str]:
        """Which of these have not ended."""
        rows = self.query(
            "select id::text from audit_scan_runs where id = any(%s::uuid[]) and status in ('queued', 'running')", ids
        )
        return {row[0] for row in rows}

    def titles(self, path: str) -> list[str]:
        """The findings on a page, one entry for each time that it is listed."""
        rows = self.query(
            "select f.title from finding_assets a join findings f on f.id = a.finding_id where a.value = %s",
            self.site.url(path),
        )
        return [row[0] for row in rows]

    def kill_database(self) -> None:
        postmaster = int((self.server.data / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(postmaster)
        backends = process.children(recursive=True)
        process.kill()
        psutil.wait_procs([process, *backends], 20)

    def restart_database(self) -> None:
        """As an operator does: sessions are ended, nothing is lost."""
        postmaster = int((self.server.data / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(postmaster)
        process.send_signal(signal.SIGINT)
        psutil.wait_procs([process], 30)
        self.server.open()

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/scans?limit=1")[0] == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def until_answers(self, seconds: float = 60.0) -> float:
        """How long it took until the API answered again, out of the database."""
        began = time.monotonic()
        while not self.answers():
            assert time.monotonic() - began < seconds, (self.folder / "serve.log").read_text()[-3000:]
            time.sleep(0.02)
        return time.monotonic() - began


async def _prepare(url: str) -> str:
    await migrate.upgrade(url)
    engine = open_engine(url, pool=1)
    try:
        made = await bootstrap(sessions(engine))
    finally:
        await engine.dispose()
    assert made.key is not None
    return made.key


@contextlib.contextmanager
def stage(*, seed: int, workers: int = 3, heartbeat: float, stalled: float, **settings: str) -> Iterator[Stage]:
    """Everything up, with the settings of the suite; nothing of it is left afterwards."""
    import asyncio

    folder = Path(tempfile.mkdtemp(prefix="surveyor-fault-"))
    folder.chmod(0o711)
    server = Server(folder / "pg")
    server.open()
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(server.close)
        with psycopg.connect(server.url("postgres", role="postgres"), autocommit=True) as admin:
            # a killed process loses nothing that the kernel has; only a power cut would
            admin.execute("alter system set fsync = off")
            admin.execute("select pg_reload_conf()")
        url = server.url(ROLE)
        key = asyncio.run(_prepare(url))
        site = stack.enter_context(Site())
        port = stack.enter_context(Reserved()).number
        environment = {
            "PATH": os.environ["PATH"],
            "SURVEYOR_CHROMIUM": "off",
            "PYTHONPATH": str(SOURCE),
            "SURVEYOR_HOME": str(folder / "home"),
            "SURVEYOR_PORT": str(port),
            "SURVEYOR_HEARTBEAT_SECONDS": str(heartbeat),
            "SURVEYOR_STALLED_SECONDS": str(stalled),
            "SURVEYOR_GRACE_SECONDS": "2",
            "SURVEYOR_AUDIT_CONCURRENCY": "2",
            "SURVEYOR_FEED_REFRESH": "false",
            "SURVEYOR_RATE_STRICT": "1000000",
            "SURVEYOR_RATE_DEFAULT": "1000000",
            "SURVEYOR_ALLOW_HOSTS": f"127.0.0.1:{site.port}",
            "DATABASE_URL": url,
            **settings,
        }
        names = {**{f"worker{n}": WORKER for n in range(workers)}, "serve": SERVE}
        parts = {name: Part(name, code, environment, folder / f"{name}.log") for name, code in names.items()}
        made = Stage(
            folder=folder,
            server=server,
            config=service_config.load(environment),
            key=key,
            port=port,
            parts=parts,
            site=site,
            random=random.Random(seed),
        )
        for part in parts.values():
            part.start()
            stack.callback(part.stop)
        made.until_answers()
        yield made
