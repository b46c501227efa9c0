"""The tables: migrated once, the same as the code says, and the small queries that keys, links and budgets rest on."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib import import_module, util
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from surveyor.scan.figures import Measurement
from surveyor.service import auth, queue
from surveyor.service.actions import advisories, bootstrap, intake, slots, sweep, teams, trends
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.jobs.interface import patiently
from surveyor.service.store import keys, migrate, ratelimit, scans, signin
from surveyor.service.store import teams as store_teams
from surveyor.service.store.database import Sessions, conninfo_of, open_engine, sessions
from surveyor.service.store.schema import metadata
from tests.samples import measurement
from tests.servers.processes import gone

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def made(database_url: str) -> AsyncIterator[Sessions]:
    engine = open_engine(database_url)
    yield sessions(engine)
    await engine.dispose()


def _differences(connection: Connection) -> list[Any]:
    ours = {"compare_type": True, "compare_server_default": True, "include_name": _ours}
    return compare_metadata(MigrationContext.configure(connection, opts=ours), metadata)


def _ours(name: str | None, kind: str, parents: Any) -> bool:
    # the job engine's tables are on the search path too
    table = name if kind == "table" else parents.get("table_name")
    return not str(table).startswith("procrastinate_") and table != "alembic_version"


async def test_the_migrations_make_what_the_code_says(empty_database_url: str) -> None:
    await migrate.upgrade(empty_database_url)
    engine = open_engine(empty_database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


async def test_many_that_start_together_migrate_once(empty_database_url: str) -> None:
    assert (await migrate.current(empty_database_url))[0] is None
    await asyncio.gather(*(migrate.upgrade(empty_database_url) for _ in range(6)))
    held, head = await migrate.current(empty_database_url)
    assert held == head
    await migrate.upgrade(empty_database_url)


async def test_the_job_engine_lives_in_its_own_schema_with_its_version(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        schemas = connection.execute(
            "select distinct schemaname from pg_tables where tablename like 'procrastinate%'"
        ).fetchall()
        comment = connection.execute("select obj_description('jobs'::regnamespace)").fetchone()
        doubled = connection.execute("select count(*) from pg_proc where prosrc like '%\\%\\%%'").fetchone()
    assert schemas == [("jobs",)]
    assert comment is not None
    assert str(comment[0]).startswith("procrastinate 3.")
    assert doubled == (0,)


def test_the_installed_job_engine_brings_the_schema_that_was_migrated() -> None:
    """When this fails, a newer Procrastinate changed its tables: write a migration that does the same to ours."""
    path = migrate.MIGRATIONS / "versions" / "0002_pre_jobs.py"
    spec = util.spec_from_file_location("migration", path)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest() == module.SCHEMA_SHA256


@pytest.mark.parametrize("dsn", ["mysql://x/y", "postgresql", ""])
def test_only_postgresql_is_a_database(dsn: str) -> None:
    with pytest.raises(ValueError, match="postgresql"):
        conninfo_of(dsn)


def test_a_url_keeps_its_options_and_gets_our_search_path() -> None:
    given = "postgres://u:p%20w@h:5433/d?options=-c%20statement_timeout%3D5&application_name=x"
    fields = psycopg.conninfo.conninfo_to_dict(conninfo_of(given))
    assert fields["options"] == "-c statement_timeout=5 -c search_path=public,jobs"
    assert (fields["password"], fields["port"], fields["application_name"]) == ("p w", "5433", "x")


async def test_jobs_are_there_after_the_commit_and_never_after_a_rollback(made: Sessions) -> None:
    async with made() as session:
        await queue.enqueue_many(session, [queue.Order(task="a", args={"n": n}) for n in range(3)])
        await session.rollback()
    async with made() as session, session.begin():
        ids = await queue.enqueue_many(session, [queue.Order(task=f"t{n}", args={"n": n}) for n in range(3)])
    async with made() as session, session.begin():
        assert len(set(ids)) == 3
        assert await queue.any_waits(session, ids)
        await queue.cancel(session, ids)
        assert not await queue.any_waits(session, ids)


async def test_a_first_start_makes_a_team_a_key_and_a_link_once(made: Sessions) -> None:
    first = await asyncio.gather(*(bootstrap.bootstrap(made) for _ in range(4)))
    assert len({start.team_id for start in first}) == 1
    (key,) = [start.key for start in first if start.key]
    assert len({start.link_token for start in first}) == 4
    async with made() as session:
        assert await keys.by_digest(session, auth.digest(key), now=datetime.now(UTC)) is not None


async def test_a_given_key_works_and_a_revoked_one_is_not_brought_back(made: Sessions) -> None:
    given = "sv_live_" + "k" * 43
    start = await bootstrap.bootstrap(made, key=given)
    assert start.key is None
    listed = await teams.list_keys(made, team="default")
    await teams.revoke_key(made, team="default", key=str(listed[0].id))
    await bootstrap.bootstrap(made, key=given)
    async with made() as session:
        assert await keys.by_digest(session, auth.digest(given), now=datetime.now(UTC)) is None


async def test_another_given_key_takes_the_place_of_the_one_before(made: Sessions) -> None:
    first, second, third = ("sv_live_" + letter * 43 for letter in "abc")
    await bootstrap.bootstrap(made, key=first)
    own = await teams.create_key(made, team="default", name="ours")
    assert (await bootstrap.bootstrap(made, key=first)).replaced == ()
    assert (await bootstrap.bootstrap(made)).replaced == (), "giving none revokes nothing"
    assert (await bootstrap.bootstrap(made, key=second)).replaced == ("sv_live_aaaa",)
    back = await bootstrap.bootstrap(made, key=first)
    assert (back.refused, back.replaced) == (True, ())
    assert (await bootstrap.bootstrap(made, key=third)).replaced == ("sv_live_bbbb",)
    async with made() as session:
        valid = [await keys.by_digest(session, auth.digest(k), now=datetime.now(UTC)) for k in (first, second, third)]
        assert [bool(key) for key in valid] == [False, False, True]
        assert await keys.by_digest(session, auth.digest(own.secret), now=datetime.now(UTC)) is not None


async def test_a_key_is_named_by_what_only_it_begins_with(made: Sessions) -> None:
    await teams.create_team(made, slug="default")
    secrets = ["sv_live_" + start.ljust(43, "x") for start in ("ab1", "ab2", "ac__1", "ac__2")]
    async with made() as session, session.begin():
        (project,) = await store_teams.list_projects(session, (await store_teams.list_teams(session))[0].id)
        for secret in secrets:
            await teams.make_key(session, project, name=secret, scopes=auth.SCOPES, days=None, secret=secret)
    for name, error in (
        ("sv_liv", InvalidParams),
        ("sv_live_", Conflict),
        ("sv_live_ab", Conflict),
        ("sv_live_ac__", Conflict),
        ("sv_live_a_b_", NotFound),
        ("sv_live_ac__" + "z" * 39, NotFound),
    ):
        with pytest.raises(error):
            await teams.revoke_key(made, team="default", key=name)
    for name, meant in (("sv_live_ab2", 1), (secrets[3], 3), ("sv_live_a", None), ("sv_live_ab", 0), ("sv_live_", 2)):
        if meant is None:
            with pytest.raises(Conflict, match="2 keys"):
                await teams.revoke_key(made, team="default", key=name)
        else:
            assert (await teams.revoke_key(made, team="default", key=name)).name == secrets[meant]
    assert (await teams.revoke_key(made, team="default", key=secrets[3])).name == secrets[3], "twice says the same"


async def test_keys_are_kept_by_digest_and_end(made: Sessions, database_url: str) -> None:
    await bootstrap.bootstrap(made)
    new = await teams.create_key(made, team="default", name="ci", scopes=("audit:read",), days=1)
    with psycopg.connect(database_url) as connection:
        stored = str(connection.execute("select k from api_keys k").fetchall())
    assert new.secret not in stored
    assert new.secret.startswith(new.key.prefix)
    digest = auth.digest(new.secret)
    now = datetime.now(UTC)
    async with made() as session, session.begin():
        found = await keys.by_digest(session, digest, now=now)
        assert found is not None
        assert found.scopes == ("audit:read",)
        assert await keys.by_digest(session, digest, now=now + timedelta(days=2)) is None
        await keys.touch(session, found.id, now=now)
        await keys.touch(session, found.id, now=now + timedelta(seconds=30))
        assert (await keys.list_of(session, found.team_id))[0].last_used_at == now
    revoked = await teams.revoke_key(made, team="default", key=new.key.prefix)
    assert revoked.revoked_at is not None
    async with made() as session:
        assert await keys.by_digest(session, digest, now=now) is None


async def test_what_cannot_be_made_is_said(made: Sessions) -> None:
    await bootstrap.bootstrap(made)
    with pytest.raises(Conflict):
        await teams.create_team(made, slug="default")
    with pytest.raises(InvalidParams):
        await teams.create_team(made, slug="No Slug")
    with pytest.raises(InvalidParams):
        await teams.create_key(made, team="default", name="x", scopes=("audit:everything",))
    with pytest.raises(NotFound):
        await teams.create_key(made, team="nobody", name="x")
    with pytest.raises(NotFound):
        await teams.revoke_key(made, team="default", key="sv_live_none")
    other = await teams.create_team(made, slug="other", name="Other")
    assert [project.slug for project in await teams.list_projects(made, team=str(other.id))] == ["default"]
    await teams.create_project(made, team="other", slug="site")
    with pytest.raises(Conflict):
        await teams.create_project(made, team="other", slug="site")


async def test_a_link_opens_once_and_not_for_ever(made: Sessions) -> None:
    start = await bootstrap.bootstrap(made)
    digest, now = auth.digest(start.link_token), datetime.now(UTC)

    async def use() -> UUID | None:
        async with made() as session, session.begin():
            return await signin.use_link(session, digest, now=now)

    used = await asyncio.gather(*(use() for _ in range(8)))
    assert sorted(str(team) for team in used) == ["None"] * 7 + [str(start.team_id)] or used.count(start.team_id) == 1
    late = auth.digest(await teams.create_link(made, team="default"))
    async with made() as session, session.begin():
        assert await signin.use_link(session, late, now=now + timedelta(days=1)) is None


async def test_a_budget_is_counted_once_a_request_under_load(made: Sessions) -> None:
    team = uuid4()

    async def hit() -> int:
        async with made() as session, session.begin():
            return await ratelimit.hit(session, team_id=team, bucket="strict", window_start=NOW)

    assert sorted(await asyncio.gather(*(hit() for _ in range(40)))) == list(range(1, 41))
    async with made() as session, session.begin():
        assert await ratelimit.hit(session, team_id=team, bucket="strict", window_start=NOW + timedelta(minutes=1)) == 1
        assert await ratelimit.hit(session, team_id=uuid4(), bucket="strict", window_start=NOW) == 1


async def test_what_is_spent_is_forgotten(made: Sessions, database_url: str) -> None:
    await bootstrap.bootstrap(made)
    with psycopg.connect(database_url) as connection:
        connection.execute("update sign_in_links set expires_at = now() - interval '1 day'")
        connection.execute(
            "insert into rate_limit_windows values (gen_random_uuid(), 'b', now() - interval '2 days', 1)"
        )
        connection.execute(
            "insert into advisory_updates (status, inserted_at) values ('running', now() - interval '1 day')"
        )
    await sweep.forget(made)
    with psycopg.connect(database_url) as connection:
        left = [
            connection.execute(f"select count(*) from {table}").fetchone()
            for table in ("sign_in_links", "rate_limit_windows")
        ]
        state = connection.execute("select status, error from advisory_updates").fetchone()
    assert left == [(0,), (0,)]
    assert state == ("failed", "no worker lived to end it")


async def test_two_who_ask_for_advisories_get_one_update(made: Sessions) -> None:
    asked = await asyncio.gather(*(advisories.refresh(made) for _ in range(5)))
    (update,) = [one for one in asked if one]
    with pytest.raises(Conflict):
        await advisories.request_update(made)
    assert await advisories.begin(made, update.id) == ""
    sources = [{"feed": "osv", "rows": 3, "date": "2026-01-01T00:00:00Z"}]
    await advisories.finish(made, update.id, sources=sources, error=None)
    last, good = await advisories.latest(made)
    assert last == good
    assert last is not None
    assert (last.status, list(last.sources)) == ("done", sources)
    assert await advisories.begin(made, update.id) is None
    again = await advisories.request_update(made)
    await advisories.finish(made, again.id, sources=[], error="unreachable")
    last, good = await advisories.latest(made)
    assert last is not None
    assert good is not None
    assert (last.status, last.error, good.id) == ("failed", "unreachable", update.id)


def test_every_task_is_known_by_the_name_that_verbs_use() -> None:
    tasks = {task.name: task for task in import_module("surveyor.service.jobs").TASKS}
    assert {name: task.queue for name, task in tasks.items()} == {
        **dict.fromkeys(
            ("scan_slot", "analyse", "report_export", "update_advisories", "rematch", "verify"), queue.AUDIT
        ),
        **dict.fromkeys(("scan_run", "run_schedules", "rescue", "sweep_stale", "retention"), queue.CONTROL),
        **dict.fromkeys(("expire", "refresh_feeds", "notice_advisories"), queue.CONTROL),
        "deliver_webhook": queue.OUTGOING,
    }


async def test_a_pooled_connection_that_its_server_closed_is_replaced(database_url: str) -> None:
    engine = open_engine(database_url, pool=3)

    async def pid() -> int:
        async with engine.connect() as connection:
            await asyncio.sleep(0.05)
            found: int = (await connection.exec_driver_sql("select pg_backend_pid()")).scalar_one()
        return found

    before = set(await asyncio.gather(*(pid() for _ in range(3))))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("select pg_terminate_backend(pid) from unnest(%s) pid", [list(before)])
    for one in before:
        gone(one)  # which is what closes its connection
    assert not before & set(await asyncio.gather(*(pid() for _ in range(3))))
    await engine.dispose()


async def test_who_falls_silent_inside_a_transaction_keeps_its_rows_from_nobody(database_url: str) -> None:
    frozen, other = open_engine(database_url, silent=2), open_engine(database_url)
    async with other.begin() as connection:
        await connection.exec_driver_sql("create table rows (id integer)")
        await connection.exec_driver_sql("insert into rows values (1)")
    async with frozen.connect() as held:
        await held.exec_driver_sql("select * from rows for update")
        async with other.begin() as connection, asyncio.timeout(30):
            await connection.exec_driver_sql("update rows set id = 2")
        with pytest.raises(DBAPIError) as told:
            await held.exec_driver_sql("update rows set id = 3")
        await held.invalidate()
    errors: list[DBAPIError] = [told.value]

    async def attempt() -> bool:
        if errors:
            raise errors.pop()
        return True

    assert await patiently(attempt), "and who wakes up tries again"
    await frozen.dispose()
    await other.dispose()


async def test_a_trend_is_of_one_page_engine_device_and_source(made: Sessions) -> None:
    start = await bootstrap.bootstrap(made)
    place = {"team_id": start.team_id, "project_id": start.project_id}
    page = "https://shop.test/"

    async def ran(url: str, *measured: Measurement) -> scans.Scan:
        async with made() as session, session.begin():
            new = scans.NewScan(id=uuid4(), kind="web", trigger="manual", url=url, **place)
            (run,) = await scans.add(session, [(new, 1)])
            if measured:
                await scans.change(session, run.id, summary={slots.MEASUREMENTS: intake.measurements(measured)})
            found = await scans.find(session, run.id)
        assert found is not None
        return found

    first = await ran(page, measurement(page, lcp=4000))
    await ran("https://other.test/", measurement("https://other.test/", lcp=1))
    await ran(page, measurement(page, lcp=1, series="psi-simulate-mobile"))
    await ran(page)
    last = await ran(page, measurement(page, lcp=3000))
    await ran(page, measurement(page, lcp=2))  # later than the run that is looked at
    platform = SimpleNamespace(sessions=made)
    found = await trends.of_page(platform, last)  # type: ignore[arg-type]
    lines = {(line.series, line.source, line.metric): [point.value for point in line.points] for line in found}
    assert lines == {
        ("lab-devtools-mobile", "lab", "lcp"): [4000, 3000],
        ("lab-devtools-mobile", "lab", "cls"): [0.01, 0.01],
        ("lab-devtools-mobile", "field", "inp"): [180, 180],
    }
    assert [point.scan_id for point in found[0].points] == [first.id, last.id]
    assert (found[0].points[0].low, found[0].points[0].high) == (3900, 4200)
    assert await trends.of_page(platform, await ran(page)) == ()  # type: ignore[arg-type]
