"""What integration tests stand on: a real database, a home, settings that name both."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.servers.postgres import database_url, empty_database_url, postgres_server, worker_database

from surveyor.service import config as service_config
from surveyor.service.config import Config

__all__ = ["database_url", "empty_database_url", "postgres_server", "worker_database"]


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    """The service's settings over this test's database and a home of its own; no variable of the machine gets in."""
    return service_config.load({"SURVEYOR_HOME": str(tmp_path / "home"), "DATABASE_URL": database_url})
