"""The embedded server of one home: made, started, shared by processes, found again after any death.

Folder ``pg`` of the home: ``data`` and ``run`` (socket, log) belong to the server's user; everything else, above all
the settings and the programs, belongs to us, so that the server's user can change nothing that we run or are ruled by.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, LiteralString
from urllib.parse import quote

import psycopg
from psycopg import errors as pg

from surveyor.service.errors import DatabaseUnavailable
from surveyor.service.postgres import account, binaries, pidfile, settings
from surveyor.service.postgres.settings import ADMIN, ROLE

INITDB_SECONDS = 300
#: Recovery after a crash replays up to ``max_wal_size`` of log, on a slow disk for minutes.
START_SECONDS = 300
STOP_SECONDS = 60
LOG_BYTES = 10 << 20
#: What a start says when only time is needed.
PASSING = ("still in use", "starting up", "already exists", "shutting down")
#: pg_ctl puts these paths between double quotes into a shell command.
SHELL_WORDS = frozenset("\"'`$\\\n!")


class Server:
    """The server of one folder, as one of its users. Not safe for two threads."""

    def __init__(self, folder: Path, *, user: str | None = None) -> None:
        """``folder``: our part of the home, made if missing; ``user``: the setting ``postgres_user``."""
        self.folder = folder.resolve()
        self.account = account.choose(user)
        self.data, self.run = self.folder / "data", self.folder / "run"
        self._users: IO[str] | None = None
        self._sockets: Path | None = None
        self._binaries: binaries.Binaries | None = None

    def url(self, database: str, *, role: str = ROLE) -> str:
        """The libpq URL of a database; ``requirepeer`` makes the client check who owns the other end of the socket."""
        host = quote(str(self._sockets), safe="")
        return f"postgresql://{role}@/{database}?host={host}&requirepeer={quote(self.account.name, safe='')}"

    def open(self) -> None:
        """Be a user of the running server, starting it when it does not answer. Raises DatabaseUnavailable."""
        self._prepare()
        with self._starting():
            self._ensure()
            if self._users is None:
                self._users = (self.folder / "users.lock").open("a+")
                # of the process, not of the file's content: the kernel gives it back on any death
                fcntl.flock(self._users, fcntl.LOCK_SH)

    def running(self) -> bool:
        """A cheap look, for a supervisor that calls ``open`` again when it is false."""
        return pidfile.running(self.data)

    def close(self) -> bool:
        """Be a user no more; the last one stops the server. True when this one did. May be called twice."""
        if self._users is None:
            return False
        with self._starting():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            else:
                self._stop()
                return True
            finally:
                self._users.close()
                self._users = None

    def _prepare(self) -> None:
        if SHELL_WORDS & set(str(self.folder)):
            raise DatabaseUnavailable(
                f"PostgreSQL cannot be started below {str(self.folder)!r}: quotes, $, ! or \\ in its path"
            )
        for folder, mode in ((self.folder, 0o711), (self.run, 0o700)):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(parents=True)
                folder.chmod(mode)
        if self.account.drop:
            if closed := account.first_closed(self.account, self.data):
                raise DatabaseUnavailable(
                    f"user {self.account.name}, which runs PostgreSQL, cannot enter {closed}: "
                    f"allow it (chmod o+x {closed}), take another SURVEYOR_HOME, or set DATABASE_URL"
                )
            os.chown(self.run, self.account.uid, self.account.gid)
        self._sockets = settings.socket_folder(self.run, self.account)

    @contextlib.contextmanager
    def _starting(self) -> Iterator[None]:
        """One process at a time looks, starts or stops."""
        with (self.folder / "start.lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _ensure(self) -> None:
        self._binaries = binaries.find(self.account, self.folder)
        if (self.data / "PG_VERSION").exists():
            self._check_major()
        else:
            self._initialise()
        if self._answers():
            if self._started_version() == self._binaries.version:
                return
            # a server whose programs were exchanged under it fails at the next library it loads
            self._stop()
        self._start()
        self._make_database()

    def _initialise(self) -> None:
        assert self._binaries is not None
        partial = self.data.with_name("data.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        if self.account.drop:
            os.chown(partial, self.account.uid, self.account.gid)
        # the builtin provider sorts the same on every system and after every upgrade of the C library
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        locale = builtin if self._binaries.major >= 17 else ["--locale=C.UTF-8"]
        words = ["-U", ADMIN, "-E", "UTF8", *locale, "--auth-local=peer", "--auth-host=reject", "--no-instructions"]
        self._program("initdb", "-D", str(partial), *words, seconds=INITDB_SECONDS)
        # a killed initdb leaves only the partial folder
        partial.rename(self.data)

    def _check_major(self) -> None:
        assert self._binaries is not None
        made_by = (self.data / "PG_VERSION").read_text("utf-8").strip()
        if made_by != str(self._binaries.major):
            raise DatabaseUnavailable(
                f"{self.data} was made by PostgreSQL {made_by} and the programs found are {self._binaries.version}: "
                f"install PostgreSQL {made_by}, move the data by pg_dump, or set DATABASE_URL"
            )

    def _start(self) -> None:
        assert self._binaries is not None
        assert self._sockets is not None
        main = settings.write(self.folder, self.data, self._sockets, self.account)
        log = self.run / "server.log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        options = ("-l", str(log), "-w", "-t", str(START_SECONDS), "-o", f'-c config_file="{main}"')
        deadline = time.monotonic() + START_SECONDS
        while True:
            pidfile.release(self.data)
            before = log.stat().st_size if log.exists() else 0
            failure = self._try("pg_ctl", "-D", str(self.data), *options, "start", seconds=START_SECONDS + 30)
            if failure is None and self._answers():
                break
            said = _last_words(log, before)
            # orphans of a killed server hold its shared memory for a moment; a server that recovers refuses for longer
            if time.monotonic() > deadline or (failure and not any(word in said for word in PASSING)):
                raise DatabaseUnavailable(f"the embedded PostgreSQL does not start: {said or failure}")
            time.sleep(0.1)
        (self.folder / "version").write_text(self._binaries.version, "utf-8")

    def _stop(self) -> None:
        failure = self._try(
            "pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", str(STOP_SECONDS), "stop", seconds=90
        )
        if failure is not None and pidfile.running(self.data):
            raise DatabaseUnavailable(f"the embedded PostgreSQL does not stop: {failure}")
        if pid := pidfile.read(self.data):
            pidfile.reap(pid)

    def _answers(self) -> bool:
        """A real connection, never a look at a process id."""
        try:
            psycopg.connect(self.url("postgres", role=ADMIN), connect_timeout=3).close()
        except (pg.TooManyConnections, pg.InsufficientPrivilege):
            return True
        except psycopg.OperationalError:
            return False
        return True

    def _make_database(self) -> None:
        """A role that is no superuser, and its database: what the service connects to."""
        with psycopg.connect(self.url("postgres", role=ADMIN), connect_timeout=10, autocommit=True) as admin:
            if not _holds(admin, "select 1 from pg_roles where rolname = 'surveyor'"):
                admin.execute("create role surveyor login")
            if not _holds(admin, "select 1 from pg_database where datname = 'surveyor'"):
                admin.execute("create database surveyor owner surveyor")

    def _started_version(self) -> str | None:
        try:
            return (self.folder / "version").read_text("utf-8")
        except FileNotFoundError:
            return None

    def _try(self, program: str, *words: str, seconds: float) -> str | None:
        """Run a program of PostgreSQL as its user; None, or what it complained about."""
        assert self._binaries is not None
        env = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        answer = self.account.run([self._binaries.folder / program, *words], env=env, seconds=seconds)
        if answer.returncode == 0:
            return None
        return " ".join((answer.stderr or answer.stdout).split())[-400:] or f"{program} ended with {answer.returncode}"

    def _program(self, program: str, *words: str, seconds: float) -> None:
        if failure := self._try(program, *words, seconds=seconds):
            raise DatabaseUnavailable(f"the embedded PostgreSQL cannot be made: {failure}")


def _holds(connection: psycopg.Connection[tuple[object, ...]], query: LiteralString) -> bool:
    return connection.execute(query).fetchone() is not None


def _last_words(log: Path, since: int) -> str:
    """The last fatal line that a log grew after ``since`` bytes; empty when there is none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(since, size - 4000) if size >= since else 0)
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line for line in reversed(lines) if "FATAL" in line or "PANIC" in line), "")
