"""Brings up the database and the service's processes, keeps them up, and takes them down in order."""

from __future__ import annotations

import http.client
import os
import signal
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TYPE_CHECKING

from surveyor.service.config import Config
from surveyor.service.errors import ChildKeepsDying, DatabaseUnavailable
from surveyor.service.postgres import Database, open_database
from surveyor.service.up import claim, prepare
from surveyor.service.up.child import LEASH, Child

if TYPE_CHECKING:
    from surveyor.service.actions.bootstrap import Bootstrap

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TICK_SECONDS = 0.1
#: Deaths before the service was ever ready, after which trying again is no use.
HOPELESS = 5
DATABASE_DELAY = 5.0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the supervisor talks to a terminal or a container's log


class Supervisor:
    """One installation's processes. ``say`` gets each line for people."""

    def __init__(self, config: Config, *, say: Callable[[str], None] = _say) -> None:
        self._config, self._say = config, say
        self._stops = 0
        self._children: list[Child] = []
        self._database_retry = 0.0

    def run(self) -> int:
        """Come up, say so, watch; 0 after a stop that was asked for."""
        before = {number: signal.signal(number, self._on_signal) for number in STOP_SIGNALS}
        try:
            with claim.home(self._config, os.getpid()):
                claim.port(self._config)
                with open_database(self._config) as database:
                    self._supervise(database)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0

    def _supervise(self, database: Database) -> None:
        if self._stops:
            return
        if prepare.migrate(database.url):
            self._say("The database is set up for this version")
        environment = self._config.child_environment(
            SURVEYOR_DATABASE_URL=database.url,
            SURVEYOR_HOME=str(self._config.home),
            SURVEYOR_HOST=self._config.host,
            SURVEYOR_PORT=str(self._config.port),
            SURVEYOR_LOG_FOLDER=str(self._config.logs_of_up or "-"),
        )
        try:
            # one after the other: people wait for the pages, and starting is mostly one core's work
            self._add("serve", environment)
            self._welcome(database)
            if not self._stops:
                self._add("worker", environment)
            while not self._stops:
                self._tick(database)
        finally:
            self._stop_children()

    def _add(self, command: str, environment: Mapping[str, str]) -> None:
        child = Child(command, [*LEASH, command], environment, self._say)
        self._children.append(child)
        child.start()

    def _welcome(self, database: Database) -> None:
        made = prepare.bootstrap(self._config, database.url)  # while it imports what it needs
        while not self._answers():
            self._tick(database)
            if self._stops:
                return
            for child in self._children:
                if child.deaths >= HOPELESS:
                    raise ChildKeepsDying(f"{child.name} ended {child.deaths} times before the service was ready")
        self._tell_given(made)
        self._say(self._where_logs_are())
        self._say(f"Surveyor is ready: {self._config.base_url}")
        self._say(f"Sign in (works once): {self._config.base_url}/sign-in?token={made.link_token}")
        if made.key is not None:
            self._say(f"API key (shown once): {made.key}")

    def _tell_given(self, made: Bootstrap) -> None:
        """What became of a key in the settings, where that may surprise."""
        for prefix in made.replaced:
            self._say(f"SURVEYOR_BOOTSTRAP_API_KEY is another one now: the earlier, {prefix}…, is revoked")
        if made.refused:
            self._say("SURVEYOR_BOOTSTRAP_API_KEY is a key that was revoked; set another one")

    def _where_logs_are(self) -> str:
        folder = self._config.logs_of_up
        return (
            f"Requests and details are logged in {folder}; Ctrl-C stops Surveyor" if folder else "Ctrl-C stops Surveyor"
        )

    def _tick(self, database: Database) -> None:
        time.sleep(TICK_SECONDS)
        for child in self._children:
            child.tend()
        self._tend_database(database)
        if os.getpid() == 1:
            self._reap_strangers()

    def _tend_database(self, database: Database) -> None:
        server = database.server
        if server is None or server.running() or time.monotonic() < self._database_retry:
            return
        self._say("PostgreSQL ended; starting it again")
        try:
            server.open()
        except DatabaseUnavailable as error:
            self._database_retry = time.monotonic() + DATABASE_DELAY
            self._say(f"{error.message}; trying again in {DATABASE_DELAY:g} s")

    def _reap_strangers(self) -> None:
        """As process 1 every orphan is our child; one that is dead waits for us. Our own are for ``tend``."""
        ours = {child.pid for child in self._children}
        while True:
            try:
                dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if dead is None or dead.si_pid in ours:
                return
            os.waitpid(dead.si_pid, os.WNOHANG)

    def _answers(self) -> bool:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._config.host, self._config.host)  # noqa: S104
        connection = http.client.HTTPConnection(host, self._config.port, timeout=2)
        try:
            connection.request("GET", "/healthz", headers={"host": f"localhost:{self._config.port}"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _stop_children(self) -> None:
        """The processes first, together; a second signal, or the end of their grace, kills them."""
        if self._stops:
            self._say("Stopping; a second Ctrl-C ends everything at once")
        for child in self._children:
            child.terminate()
        asked = self._stops
        deadline = time.monotonic() + self._config.grace_seconds + 2
        while not all(child.gone() for child in self._children):
            if time.monotonic() > deadline or self._stops > asked:
                break
            time.sleep(0.02)
        for child in self._children:
            child.end()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler's signature
        self._stops += 1
