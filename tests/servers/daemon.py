"""A daemon's API on a unix socket: ``GET /images/NAME/get`` as Docker and Podman serve it, in chunks."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import unquote


class Daemon:
    """Images by name; ``paths`` are what was asked. ``write`` answers instead when it is set."""

    def __init__(self, path: Path) -> None:
        daemon = self
        self.path = path
        self.images: dict[str, bytes] = {}
        self.paths: list[str] = []
        self.write: Callable[[BinaryIO], None] | None = None

        class Handler(_Handler):
            owner = daemon

        self._server = _Server(str(path), Handler)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="daemon", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    owner: Daemon
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        """A unix socket's peer has none."""
        return "unix"

    def do_GET(self) -> None:
        self.owner.paths.append(self.path)
        self.close_connection = True
        if self.owner.write is not None:
            return self.owner.write(self.wfile)  # type: ignore[arg-type]
        name = unquote(self.path.removeprefix("/images/").removesuffix("/get"))
        if name not in self.owner.images:
            body = json.dumps({"message": f"reference does not exist: No such image: {name}"}).encode()
            self.send_response(404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return None
        self.send_response(200)
        self.send_header("Content-Type", "application/x-tar")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        data = self.owner.images[name]
        for start in range(0, len(data), 30_000):
            piece = data[start : start + 30_000]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")
        return None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Tests read ``paths`` instead."""
