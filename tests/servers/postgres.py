"""A real PostgreSQL for a test run: one server, a migrated database for each xdist worker, emptied between tests.

A plugin of ``tests/conftest.py``: every folder's tests share the server and the database of their process.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from surveyor.service.postgres.server import Server
from surveyor.service.store import migrate

TEMPLATE = "surveyor_template"
#: Waiting longer than this for a lock means that a test left a transaction open.
LOCK_TIMEOUT = "20s"
#: Tables whose numbers have begun to run, whether or not a row is left.
COUNTED = """
select pg_namespace.nspname, owner.relname from pg_depend
join pg_class sequence on sequence.oid = objid
join pg_class owner on owner.oid = refobjid join pg_namespace on pg_namespace.oid = owner.relnamespace
where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')
and nspname in ('public', 'jobs') and case sequence.relkind when 'S' then pg_sequence_last_value(sequence.oid) end > 0
"""


def _run_folder() -> Path:
    """One folder for all workers of a run, short and open to the server's user (pytest's own is closed to it)."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", secrets.token_hex(8))[:16]
    folder = Path(tempfile.gettempdir()) / f"surveyor-test-{run}"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)
    return folder


def admin(server: Server, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    """A superuser's connection that commits each statement."""
    return psycopg.connect(server.url(database, role="postgres"), autocommit=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The run's server; the last worker to end stops it and removes its folder."""
    folder = _run_folder()
    server = Server(folder / "pg")
    server.open()
    with admin(server) as connection:
        # nothing here has to survive a power cut
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
    yield server
    if server.close():
        shutil.rmtree(folder)


def _make_template(server: Server) -> None:
    with (server.folder / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with admin(server) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", [TEMPLATE]).fetchone():
                return
            connection.execute(f"create database {TEMPLATE}_new owner surveyor")
            asyncio.run(migrate.upgrade(server.url(f"{TEMPLATE}_new")))
            # a template exists under its name only when it is whole
            connection.execute(f"alter database {TEMPLATE}_new rename to {TEMPLATE}")


@pytest.fixture(scope="session")
def worker_database(postgres_server: Server, worker_id: str) -> Iterator[str]:
    """The name of this worker's database, with all of our tables."""
    _make_template(postgres_server)
    name = f"test_{worker_id}"
    with admin(postgres_server) as connection:
        connection.execute(f"create database {name} template {TEMPLATE} owner surveyor")
    yield name
    with admin(postgres_server) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def database_url(postgres_server: Server, worker_database: str) -> Iterator[str]:
    """The libpq URL of a migrated database without rows, as the role that the service uses."""
    yield postgres_server.url(worker_database)
    with admin(postgres_server, worker_database) as connection:
        connection.execute(sql.SQL("set lock_timeout = {}").format(LOCK_TIMEOUT))
        try:
            _empty(connection)
        except errors.DeadlockDetected:
            # with the last statement of a process that the test killed, which has come to its end now
            _empty(connection)


def _empty(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Truncate what is not as the migrations made it: that makes new files for each table, most of which are empty."""
    found = connection.execute(
        "select schemaname, tablename from pg_tables where schemaname in ('public', 'jobs') "
        "and tablename <> 'alembic_version'"
    ).fetchall()
    tables = [(str(schema), str(name)) for schema, name in found]
    looks = [
        sql.SQL("select {}, {} where exists (select from {})").format(*table, sql.Identifier(*table))
        for table in tables
    ]
    with connection.transaction():
        connection.execute(sql.SQL("lock table {} in access exclusive mode").format(_listed(tables)))
        used = connection.execute(sql.SQL(" union ").join([*looks, sql.SQL(COUNTED)])).fetchall()
        if used:
            names = _listed([(str(schema), str(name)) for schema, name in used])
            connection.execute(sql.SQL("truncate {} restart identity cascade").format(names))


def _listed(tables: list[tuple[str, str]]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(*table) for table in tables)


@pytest.fixture
def empty_database_url(postgres_server: Server) -> Iterator[str]:
    """The libpq URL of a database that holds nothing at all, dropped after the test."""
    name = f"empty_{secrets.token_hex(6)}"
    with admin(postgres_server) as connection:
        connection.execute(f"create database {name} owner surveyor")
    yield postgres_server.url(name)
    with admin(postgres_server) as connection:
        connection.execute(f"drop database {name} with (force)")
