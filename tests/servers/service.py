"""The real web process on a real socket, for tests that speak to it as strangers do."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from surveyor.service.actions import teams
from surveyor.service.actions.bootstrap import Bootstrap, bootstrap
from surveyor.service.app import create_app
from surveyor.service.app.server import Server
from surveyor.service.config import Config
from surveyor.service.store.database import Sessions, open_engine, sessions

#: A rate window that no test sees the end of; windows are aligned, so that an hour's could end during any test.
EVER = 10**9


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Client:
    """Speaks HTTP/1.1 on one connection a request; sends ``headers`` with each."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        given = {**self.headers, **(headers or {})}
        if isinstance(body, dict):
            body, given = json.dumps(body).encode(), {"content-type": "application/json", **given}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=given)
            response = connection.getresponse()
            cookies = tuple(response.headers.get_all("set-cookie") or ())
            return Answer(
                status=response.status,
                headers={k.lower(): v for k, v in response.getheaders()},
                body=response.read(),
                cookies=cookies,
            )
        finally:
            connection.close()

    def get(self, path: str, **more: Any) -> Answer:
        return self("GET", path, **more)

    def post(self, path: str, **more: Any) -> Answer:
        return self("POST", path, **more)


@dataclass
class Service:
    """A running web process: its port, its first team, and what a client needs."""

    port: int
    app: FastAPI
    config: Config
    first: Bootstrap
    key: str
    sessions: Sessions
    server: Server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, key: str | None = None) -> Client:
        """A program with a key, the first team's unless given."""
        return Client(self.port, {"authorization": f"Bearer {key or self.key}"})

    def stranger(self) -> Client:
        """Somebody without any key."""
        return Client(self.port)


class _Prompt(Server):
    """Hears of its end at once: the library looks ten times a second, which hundreds of tests would wait for."""

    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running(config: Config) -> AsyncIterator[Service]:
    """Serve in a thread of its own until the block ends."""
    assert config.database_url is not None
    engine = open_engine(config.database_url.get_secret_value(), pool=2)
    try:
        made = sessions(engine)
        first = await bootstrap(made)
        key = first.key or (await teams.create_key(made, team=str(first.team_id), name="test")).secret
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
            app = create_app(config)
            server = _Prompt(
                uvicorn.Config(
                    app,
                    loop="uvloop",
                    http="httptools",
                    ws="none",
                    access_log=False,
                    log_level="warning",
                    timeout_graceful_shutdown=5,
                )
            )
            with _thread(server, listening):
                yield Service(
                    port=listening.getsockname()[1],
                    app=app,
                    config=config,
                    first=first,
                    key=key,
                    sessions=made,
                    server=server,
                )
    finally:
        # a connection that a failed test leaves open fails whichever test is next to collect it
        await engine.dispose()


@contextlib.contextmanager
def _thread(server: Server, listening: socket.socket) -> Iterator[None]:
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the service did not start")
        time.sleep(0.01)
    try:
        yield
    finally:
        server.handle_exit(15, None)
        thread.join(30)
        assert not thread.is_alive()


@pytest_asyncio.fixture
async def service(config: Config) -> AsyncIterator[Service]:
    """The web process over this test's database, with room for many requests, all of them in one window."""
    roomy = config.model_copy(update={"rate_default": 10_000, "rate_strict": 10_000, "rate_window_seconds": EVER})
    async with running(roomy) as served:
        yield served
