"""What commands that need the service's database share: open it, bring it up to date, run one verb, close it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from surveyor.service.config import Config
from surveyor.service.postgres import open_database
from surveyor.service.store import migrate
from surveyor.service.store.database import Sessions, open_engine, sessions

T = TypeVar("T")


def upgrade(config: Config) -> int:
    """Migrate the database that the settings name; tell its revision."""
    with open_database(config) as database:
        asyncio.run(migrate.upgrade(database.url))
        held, _ = asyncio.run(migrate.current(database.url))
    print(f"the database is at {held}")
    return 0


def with_sessions(config: Config, verb: Callable[[Sessions], Awaitable[T]]) -> T:
    """Run one verb on the database; the embedded server is started for it when nobody runs it."""

    async def run(url: str) -> T:
        await migrate.upgrade(url)
        engine = open_engine(url, pool=1, overflow=0)
        try:
            return await verb(sessions(engine))
        finally:
            await engine.dispose()

    with open_database(config) as database:
        return asyncio.run(run(database.url))
