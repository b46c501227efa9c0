"""A web site on 127.0.0.1 that serves what a test tells it to: pages, redirects, bombs, drips and raw bytes."""

from __future__ import annotations

import functools
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, Self

import trustme

from surveyor.scan.settings import AllowedHost, Settings

#: Whom a certificate is for when nobody says so.
NAMES = ("127.0.0.1", "localhost", "secure.example")
Headers = tuple[tuple[str, str], ...]
Writer = Callable[[BinaryIO], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as the server saw it; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]


@functools.cache
def _authority() -> trustme.CA:
    return trustme.CA()


class Site:
    """Pages by path (query not counted); unknown paths are 404. ``requests`` are what was asked, in order."""

    def __init__(self, *, tls: bool = False, port: int = 0, names: tuple[str, ...] = NAMES, **certificate: Any) -> None:
        """``names`` and ``certificate`` (``not_before``, ``not_after``, ``ca``, ``context``) are of the TLS side."""
        site = self
        self.requests: list[Seen] = []
        self._routes: dict[str, Writer] = {}

        class Handler(_Handler):
            owner = site

        self._server = _Server(("127.0.0.1", port), Handler)
        self._tls = tls
        if tls:
            context = certificate.pop("context", None) or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority = certificate.pop("ca", None) or _authority()
            authority.issue_cert(*names, **certificate).configure_cert(context)
            # the handshake belongs to the connection's own thread, or one bad client would stop the site
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port: int = self._server.server_port
        self.host = "127.0.0.1"

    def __enter__(self) -> Self:
        poll = functools.partial(self._server.serve_forever, poll_interval=0.02)
        self._thread = threading.Thread(target=poll, name="site", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str = "/") -> str:
        """The address of a path."""
        place = self.host if self.port in {80, 443} else f"{self.host}:{self.port}"
        return f"http{'s' if self._tls else ''}://{place}{path}"

    def settings(self, **changes: Any) -> Settings:
        """Settings that exempt this site, and only it, from the guard."""
        changes.setdefault("lab_runs", 0)  # a page is measured only by tests that say so
        changes.setdefault("allow_hosts", (AllowedHost(host=self.host, port=self.port),))
        return Settings(**changes)

    @staticmethod
    def trust() -> ssl.SSLContext:
        """The client's context for a site over TLS."""
        context = ssl.create_default_context()
        _authority().configure_trust(context)
        return context

    def page(
        self,
        path: str = "/",
        body: str | bytes = "<!doctype html><title>t</title>",
        *,
        status: int = 200,
        headers: Headers = (),
        content_type: str = "text/html; charset=utf-8",
    ) -> None:
        """Serve a body with headers."""
        data = body.encode() if isinstance(body, str) else body
        lines = (("Content-Type", content_type), ("Content-Length", str(len(data))), *headers)
        self.raw(path, _head(status, lines) + data)

    def redirect(self, path: str, location: str, *, status: int = 302, headers: Headers = ()) -> None:
        """Send to another place."""
        self.raw(path, _head(status, (("Location", location), ("Content-Length", "0"), *headers)))

    def raw(self, path: str, data: bytes | Writer) -> None:
        """Serve bytes as they are, the status line too; or let a function write them."""
        self._routes[path] = data if callable(data) else functools.partial(_write, data)

    def gzip_bomb(self, path: str, size: int) -> None:
        """A body of zeros that inflates to ``size`` bytes; made while it is sent."""

        def write(out: BinaryIO) -> None:
            out.write(_head(200, (("Content-Type", "text/html"), ("Content-Encoding", "gzip"))))
            out.writelines(_zeros(size))

        self.raw(path, write)

    def drip(self, path: str, *, seconds: float, each: float = 0.05) -> None:
        """A body of one byte every ``each`` seconds, for ``seconds`` in all."""

        def write(out: BinaryIO) -> None:
            out.write(_head(200, (("Content-Type", "text/html"),)))
            for _ in range(int(seconds / each)):
                out.write(b"x")
                out.flush()
                time.sleep(each)

        self.raw(path, write)

    def hold(self, path: str, until: Callable[[], bool], *, seconds: float = 15.0) -> None:
        """Answer when something is true: a page that fetches this is not at rest before, however busy the machine is.

        What workers ask for, and what nobody waits for, keeps no page from its rest. After ``seconds`` it is answered
        all the same, so that a test sees what there is.
        """

        def write(out: BinaryIO) -> None:
            end = time.monotonic() + seconds
            while not until() and time.monotonic() < end:
                time.sleep(0.05)
            out.write(_head(200, (("Content-Length", "0"),)))

        self.raw(path, write)

    def answer(self, seen: Seen) -> Writer:
        """What to write for a request."""
        self.requests.append(seen)
        missing = _head(404, (("Content-Type", "text/html"), ("Content-Length", "9"))) + b"not found"
        return self._routes.get(seen.path.partition("?")[0], functools.partial(_write, missing))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # a browser connects many times at once; with the library's five the kernel drops some, to be tried a second later
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    owner: Site

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        write = self.owner.answer(Seen(self.command, self.path, headers))
        write(self.wfile)  # type: ignore[arg-type]
        self.close_connection = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", "0")))
        self.do_GET()

    do_HEAD = do_GET  # noqa: N815
    do_OPTIONS = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Tests read ``requests`` instead."""


def _write(data: bytes, out: BinaryIO) -> None:
    out.write(data)


def _head(status: int, headers: Headers) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} Status\r\n{lines}Connection: close\r\n\r\n".encode("latin-1")


def _zeros(size: int) -> Iterator[bytes]:
    stream = zlib.compressobj(9, wbits=31)
    block = bytes(1 << 20)
    for start in range(0, size, len(block)):
        yield stream.compress(block[: size - start])
    yield stream.flush()
