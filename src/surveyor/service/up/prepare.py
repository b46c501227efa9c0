"""What an installation needs before it is useful: this version's tables, a first team and key, a way in."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import psycopg
from psycopg.errors import UndefinedTable

from surveyor.service import store
from surveyor.service.config import Config

if TYPE_CHECKING:
    from surveyor.service.actions.bootstrap import Bootstrap

_REVISION = re.compile(r'^revision(?::\s*str)?\s*=\s*"([^"]+)"', re.MULTILINE)


def head() -> str:
    """The newest revision of our migrations: the one of the last file by name."""
    from importlib.resources import files

    versions = files(store) / "migrations" / "versions"
    newest = max((file for file in versions.iterdir() if file.name.endswith(".py")), key=lambda file: file.name)
    found = _REVISION.search(newest.read_text("utf-8"))
    assert found is not None
    return found.group(1)


def migrate(url: str) -> bool:
    """Bring the tables to this version. True when something was done.

    A database that is there already costs one query, instead of the second that the migration library's import takes.
    """
    with psycopg.connect(url) as connection:
        try:
            row = connection.execute("select version_num from public.alembic_version").fetchone()
        except UndefinedTable:
            row = None
    if row == (head(),):
        return False
    from surveyor.service.store import migrate as migrations

    asyncio.run(migrations.upgrade(url))
    return True


def bootstrap(config: Config, url: str) -> Bootstrap:
    """Make the first team, project and key when there are none, and a link that signs in once."""
    from surveyor.service.actions.bootstrap import bootstrap as make
    from surveyor.service.store.database import open_engine, sessions

    async def run() -> Bootstrap:
        engine = open_engine(url, pool=1, overflow=0)
        try:
            given = config.bootstrap_api_key
            return await make(sessions(engine), key=given.get_secret_value() if given else None)
        finally:
            await engine.dispose()

    return asyncio.run(run())
