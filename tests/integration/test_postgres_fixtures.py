"""The test database itself: migrated, ours, and empty again after each test."""

from __future__ import annotations

import psycopg
import pytest


@pytest.mark.parametrize("turn", [1, 2])
def test_a_row_of_one_test_is_gone_in_the_next(database_url: str, turn: int) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from teams").fetchone() == (0,)
        connection.execute("insert into teams (id, name, slug) values (gen_random_uuid(), 'a', 'a')")


def test_the_service_is_no_superuser(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select rolsuper, rolcreatedb from pg_roles where rolname = current_user").fetchone()
    assert row == (False, False)
