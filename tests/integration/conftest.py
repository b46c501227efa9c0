"""What integration tests stand on: a real database, a home, settings that name both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from surveyor.service import config as service_config
from surveyor.service.config import Config
from surveyor.service.storage import Storage
from tests.servers.pipeline import ground, slow_file
from tests.servers.processes import open_home, started
from tests.servers.s3 import Bucket, Seaweed
from tests.servers.service import service

__all__ = [
    "ground",
    "open_home",
    "service",
    "slow_file",
    "started",
]


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    """The service's settings over this test's database and a home of its own; no variable of the machine gets in."""
    return service_config.load({"SURVEYOR_HOME": str(tmp_path / "home"), "DATABASE_URL": database_url})


@pytest.fixture(scope="session")
def seaweed() -> Iterator[Seaweed]:
    """The S3 server of this test process, started when the first test asks."""
    with Seaweed() as server:
        yield server


@pytest.fixture
def s3_bucket(seaweed: Seaweed) -> Bucket:
    """An empty bucket of this test."""
    return seaweed.bucket()


@pytest.fixture
def s3_store(s3_bucket: Bucket, tmp_path: Path) -> Storage:
    """Our storage over that bucket."""
    return Storage.open(service_config.load({"SURVEYOR_HOME": str(tmp_path / "home")} | s3_bucket.environment()))
