"""A receiver of webhooks on 127.0.0.1 that judges signatures with the reference library and answers as it is told."""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import orjson
from standardwebhooks import Webhook, WebhookVerificationError

from surveyor.scan.settings import AllowedHost


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer; ``seconds`` of silence before it, or silence until ``held`` is set."""

    status: int = 204
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    held: threading.Event | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One request as it came; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    def verified(self, secret: str) -> Any:
        """The message, judged as a receiver would; raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)

    def signed_by(self, secret: str) -> bool:
        try:
            self.verified(secret)
        except WebhookVerificationError:
            return False
        return True


class Receiver:
    """``script`` holds the next answers; when it is empty, ``otherwise`` is given. ``messages`` are in order."""

    def __init__(self) -> None:
        receiver = self
        self.messages: list[Message] = []
        self.script: deque[Answer] = deque()
        self.otherwise = Answer()

        class Handler(_Handler):
            owner = receiver

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_port

    def __enter__(self) -> Self:
        poll = functools.partial(self._server.serve_forever, poll_interval=0.02)
        self._thread = threading.Thread(target=poll, name="receiver", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def allowed(self) -> AllowedHost:
        return AllowedHost(host="127.0.0.1", port=self.port)

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def fail(self, *statuses: int) -> None:
        """Answer so next, one after the other."""
        self.script.extend(Answer(status=status, body=b"no") for status in statuses)

    def until(self, judge: Callable[[list[Message]], bool], seconds: float = 60.0) -> list[Message]:
        """Wait for messages to be as wanted."""
        end = time.monotonic() + seconds
        while not judge(self.messages):
            if time.monotonic() > end:
                raise TimeoutError(f"{[(m.path, m.json) for m in self.messages]}")
            time.sleep(0.02)
        return self.messages


class _Handler(BaseHTTPRequestHandler):
    owner: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.owner.messages.append(Message(self.path, headers, body, time.monotonic()))
        answer = self.owner.script.popleft() if self.owner.script else self.owner.otherwise
        if answer.held is not None:
            answer.held.wait(60)
        time.sleep(answer.seconds)
        try:
            self.send_response(answer.status)
            for name, value in (*answer.headers, ("content-length", str(len(answer.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
        except OSError:
            return  # who asked has gone

    def log_message(self, *args: object) -> None:
        """Say nothing."""
