"""The one way to a connection: an engine whose every connection sees our tables and the job engine's."""

from __future__ import annotations

import select
from typing import Any, TypeAlias, cast

import orjson
import psycopg
import psycopg.conninfo
import psycopg.types.json
from sqlalchemy import MetaData, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

#: The job engine's tables live in a schema of their own, and its SQL is unqualified, triggers too.
SEARCH_PATH = "-c search_path=public,jobs"

Session: TypeAlias = AsyncSession
Sessions: TypeAlias = async_sessionmaker[AsyncSession]

#: Every table of ours; constraint names are fixed so that migrations can name them.
metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)


def conninfo_of(dsn: str, *, silent: float | None = None) -> str:
    """A libpq URL (``postgresql://…``, socket folders in ``?host=`` too) with our search path.

    The server ends a connection that says nothing for ``silent`` seconds inside a transaction, and so frees its rows.
    """
    fields = psycopg.conninfo.conninfo_to_dict(_libpq(dsn))
    bound = "" if silent is None else f"-c idle_in_transaction_session_timeout={silent * 1000:.0f}"
    options = " ".join(part for part in (str(fields.get("options") or ""), SEARCH_PATH, bound) if part)
    return psycopg.conninfo.make_conninfo("", **{**fields, "options": options})


def _libpq(dsn: str) -> str:
    scheme, colon, rest = dsn.partition(":")
    if scheme.partition("+")[0] not in {"postgresql", "postgres"} or not colon:
        raise ValueError("expected a postgresql:// URL")
    return f"postgresql:{rest}"


def open_engine(dsn: str, *, pool: int = 10, overflow: int = 10, silent: float | None = None) -> AsyncEngine:
    """An engine; a connection whose server went away while it lay in the pool is replaced before anyone gets it.

    ``silent`` as for ``conninfo_of``.
    """
    conninfo = conninfo_of(dsn, silent=silent)
    engine = create_async_engine(
        "postgresql+psycopg://",
        # psycopg reads the whole of it: socket folders, several hosts, passwords with any character
        async_creator=lambda: _connect(conninfo),
        pool_size=pool,
        max_overflow=overflow,
        json_serializer=lambda value: orjson.dumps(value, default=str).decode(),
        json_deserializer=orjson.loads,
    )
    event.listen(engine.sync_engine, "checkout", _alive)
    return engine


async def _connect(conninfo: str) -> psycopg.AsyncConnection[Any]:
    connection = await psycopg.AsyncConnection.connect(conninfo)
    # the driver decodes JSON itself, and by the standard library's slower reader unless it is told
    psycopg.types.json.set_json_loads(orjson.loads, connection)
    return connection


def _alive(connection: Any, record: object, proxy: object) -> None:  # noqa: ANN401, ARG001 - the library's event
    """Refuse a pooled connection that its server has closed.

    Nothing is asked of the server, which would cost as much as a short transaction: an idle connection has nothing
    to read, unless it is the server's last word.
    """
    held: psycopg.AsyncConnection[Any] = connection.driver_connection
    if held.closed or _readable(held.fileno()):
        raise DisconnectionError


def _readable(descriptor: int) -> bool:
    if not hasattr(select, "poll"):
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def sessions(engine: AsyncEngine) -> Sessions:
    """A maker of sessions; values stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def driver(session: Session) -> psycopg.AsyncConnection[tuple[object, ...]]:
    """The psycopg connection under a session, inside its open transaction."""
    connection = await (await session.connection()).get_raw_connection()
    return cast("psycopg.AsyncConnection[tuple[object, ...]]", connection.driver_connection)
