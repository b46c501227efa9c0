"""The service without its faces, for tests of the pipeline: a team, an object store, files, a worker process."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import tarfile
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from uuid import UUID

import psutil
import pytest
import pytest_asyncio
from sqlalchemy.exc import OperationalError

from surveyor.service.actions import bootstrap, scans, uploads
from surveyor.service.actions.platform import Llm, Platform
from surveyor.service.config import Config
from surveyor.service.storage import Storage
from surveyor.service.store.database import open_engine, sessions
from surveyor.service.store.events import StoredEvent
from surveyor.service.store.scans import TERMINAL, Scan
from surveyor.service.vault import Vault
from tests.servers import processes
from tests.servers.warm import Forked

WORKER = "import sys; from surveyor.service import config, worker; sys.exit(worker.run(config.load()))"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A platform with one team in it, and the verbs that tests say most."""

    platform: Platform
    config: Config
    team_id: UUID
    project_id: UUID

    @property
    def place(self) -> dict[str, UUID]:
        return {"team_id": self.team_id, "project_id": self.project_id}

    async def start(self, content: bytes, name: str) -> Scan:
        """Upload a file and queue its scan."""

        async def chunks() -> AsyncIterator[bytes]:
            for at in range(0, len(content), 1 << 20):
                yield content[at : at + (1 << 20)]

        upload, _ = await uploads.receive(self.platform, **self.place, filename=name, chunks=chunks())
        return await scans.start_artifact(self.platform, **self.place, upload_id=upload.id)

    async def scan(self, scan_id: UUID) -> Scan:
        return await scans.find(self.platform.sessions, **self.place, scan_id=scan_id)

    async def events(self, scan_id: UUID) -> list[StoredEvent]:
        found: list[StoredEvent] = []
        while page := await scans.events_after(
            self.platform.sessions, **self.place, scan_id=scan_id, after=found[-1].seq if found else 0, limit=1000
        ):
            found += page
        return found

    async def until(self, scan_id: UUID, judge: Callable[[Scan], bool], seconds: float = 60.0) -> Scan:
        """Wait for a scan to be as wanted."""
        end = time.monotonic() + seconds
        while not judge(scan := await self._look(scan_id)):
            if time.monotonic() > end:
                raise TimeoutError(f"{scan}\n{[(e.seq, e.stage, e.detail) for e in await self.events(scan_id)][-20:]}")
            await asyncio.sleep(0.02)
        return scan

    async def _look(self, scan_id: UUID) -> Scan:
        """A scan as it stands, also while the database comes back."""
        for _ in range(100):
            try:
                return await self.scan(scan_id)
            except OperationalError:
                await asyncio.sleep(0.1)
        return await self.scan(scan_id)

    async def ended(self, scan_id: UUID, seconds: float = 180.0) -> Scan:
        return await self.until(scan_id, lambda scan: scan.status in TERMINAL, seconds)


@asynccontextmanager
async def open_ground(config: Config) -> AsyncIterator[Ground]:
    """The service's room over a migrated database."""
    assert config.database_url is not None
    engine = open_engine(config.database_url.get_secret_value(), pool=20, overflow=20)
    config.prepare_home()
    platform = Platform(
        sessions=sessions(engine),
        storage=Storage.open(config),
        scan=config.scan_settings(),
        temporary=config.temporary,
        vault=Vault(config.secret_key()),
        base_url=config.base_url,
        llm=Llm(
            monthly_units=config.llm_monthly_units,
            seconds=config.llm_seconds,
            analysis_seconds=config.llm_analysis_seconds,
        ),
    )
    try:
        made = await bootstrap.bootstrap(platform.sessions)
        yield Ground(platform=platform, config=config, team_id=made.team_id, project_id=made.project_id)
    finally:
        await engine.dispose()


@pytest_asyncio.fixture
async def ground(config: Config) -> AsyncIterator[Ground]:
    """The service's room over this test's database."""
    async with open_ground(config) as made:
        yield made


def wheel(name: str = "demo", version: str = "1.0") -> bytes:
    """A Python wheel of one package: the same bytes each time, whatever the clock says."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        folder = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        archive.writestr(zipfile.ZipInfo(f"{folder}/METADATA"), metadata)
        archive.writestr(zipfile.ZipInfo(f"{folder}/RECORD"), "")
    return made.getvalue()


def long_archive(packages: int = 40_000) -> bytes:
    """A tar with so many npm packages that a scan of it takes seconds."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for number in range(packages):
            content = json.dumps({"name": f"pkg{number}", "version": "1.0.0"}).encode()
            entry = tarfile.TarInfo(f"node_modules/pkg{number}/package.json")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


@pytest.fixture(scope="session")
def slow_file() -> bytes:
    """Something that is scanned for long enough to be interrupted."""
    return long_archive()


class Worker:
    """A real worker process."""

    def __init__(self, config: Config, **settings: str) -> None:
        assert config.database_url is not None
        self._environment = {
            "PATH": os.environ["PATH"],
            "SURVEYOR_CHROMIUM": "off",
            "PYTHONPATH": "src",
            "SURVEYOR_HOME": str(config.home),
            "SURVEYOR_HEARTBEAT_SECONDS": "0.5",
            # longer than a busy machine leaves a living worker without a turn, also while it writes a large inventory
            "SURVEYOR_STALLED_SECONDS": "8",
            "SURVEYOR_GRACE_SECONDS": "1",
            "SURVEYOR_FEED_REFRESH": "false",
            "DATABASE_URL": config.database_url.get_secret_value(),
            **settings,
        }
        self.process = Forked(WORKER, self._environment)

    @property
    def children(self) -> list[psutil.Process]:
        """Scanner children: what the fork server has started."""
        return processes.below_a_fork_server(self.process.pid)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self, seconds: float = 40.0) -> int:
        """End it as an operator does; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(seconds)


@contextmanager
def worker(config: Config, **settings: str) -> Iterator[Worker]:
    """A worker for the length of a block; nothing of it is left afterwards."""
    running = Worker(config, **settings)
    try:
        yield running
    finally:
        with processes.psutil_gone():
            running.signal(signal.SIGCONT)
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait(20)


async def first_child(running: Worker, seconds: float = 60.0) -> psutil.Process:
    """Wait for a worker's scanner child."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := running.children:
            return found[0]
        await asyncio.sleep(0.005)
    raise TimeoutError("no scanner child")
