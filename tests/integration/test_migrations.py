"""What was stored before a migration is there after it."""

from __future__ import annotations

import psycopg
from alembic import command
from psycopg import sql
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql.psycopg import dialect

from surveyor.service.store import finding_lists, migrate
from surveyor.service.store.database import open_engine
from surveyor.service.store.findings import findings

_FINDING = (
    "insert into findings (team_id, project_id, domain, rule, title, severity, kev, confidence, priority_score,"
    " first_scan_id, last_scan_id, first_seen, last_seen)"
    " select t.id, p.id, 'vulnerability', 'r', %s, %s, %s, 1, %s, t.id, t.id, now(), now()"
    " from teams t join projects p on p.team_id = t.id"
)


async def _to(dsn: str, revision: str) -> None:
    def upgrade(connection: Connection) -> None:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    engine = open_engine(dsn)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


async def test_findings_of_the_first_version_keep_their_scores_and_are_listed_in_the_new_order(
    empty_database_url: str,
) -> None:
    await _to(empty_database_url, "0002")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("insert into teams (slug, name) values ('t', 't')")
        connection.execute("insert into projects (team_id, slug, name) select id, 'p', 'p' from teams")
        for title, severity, kev, score in (
            ("unrated", "unknown", None, 90),
            ("exploited", "unknown", True, 60),
            ("rated", "low", False, 40),
            ("unscored", "high", None, None),
        ):
            connection.execute(_FINDING, (title, severity, kev, score))
    await migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute(
            "select title, priority_order, status_reason, resolved_at from findings order by priority_order desc"
        ).fetchall()
    assert rows == [
        ("exploited", 60, None, None),
        ("rated", 40, None, None),
        ("unscored", -1, None, None),
        ("unrated", -12, None, None),
    ]


_INDEXED = "select count(*) from pg_indexes where indexname = 'findings_title_idx'"


async def test_a_server_that_keeps_its_extensions_from_us_is_migrated_without_the_index_of_titles(
    empty_database_url: str,
) -> None:
    await _to(empty_database_url, "0008")
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        name, role = connection.execute("select current_database(), current_user").fetchone() or ("", "")
        connection.execute(
            sql.SQL("revoke create on database {} from public, {}").format(*map(sql.Identifier, (name, role)))
        )
    await migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute(_INDEXED).fetchone() == (0,)


async def test_titles_are_indexed_where_the_server_can(empty_database_url: str) -> None:
    await migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute(_INDEXED).fetchone() == (1,)
        # the very condition that lists have can use it
        wanted = select(findings).where(finding_lists._says("three or more")).compile(dialect=dialect())
        connection.execute("set enable_seqscan = off")
        plan = connection.execute(f"explain {wanted}", wanted.params).fetchall()
    assert "findings_title_idx" in str(plan)
