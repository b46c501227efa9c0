"""Brings a database to this version's tables; safe to call from every process that starts."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from surveyor.service.store.database import open_engine

MIGRATIONS = Path(__file__).parent / "migrations"
#: Any fixed number: who holds it migrates, the others wait and then find nothing to do.
_LOCK = 7_380_214_519


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    return config


def _upgrade(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def upgrade(dsn: str) -> None:
    """Apply what is missing, all of it in one transaction or none of it; ``dsn`` is a libpq URL."""
    engine = open_engine(dsn, pool=1, overflow=0)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def current(dsn: str) -> tuple[str | None, str]:
    """The database's revision and this version's; they are equal when nothing is missing."""
    engine = open_engine(dsn, pool=1, overflow=0)
    try:
        async with engine.connect() as connection:
            held = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    finally:
        await engine.dispose()
    return held, ScriptDirectory.from_config(_config()).get_current_head() or ""
