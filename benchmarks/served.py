"""A folder as a web site on 127.0.0.1, served as a web server would: gzip for text, connections that stay open.

Stylesheets and scripts of other hosts are left out of its pages: what a machine cannot reach takes as long to fail as
its resolver likes.

In a process of its own (``python -m benchmarks.served FOLDER``), so that it shares no interpreter with who measures; it
prints its port and serves until its standard input closes.
"""

from __future__ import annotations

import functools
import gzip
import mimetypes
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FOREIGN = re.compile(
    rb"""<(?:link|script)\b[^>]*\s(?:href|src)=["'](?:https?:)?//[^>]*>(?:\s*</script>)?""", re.IGNORECASE
)
#: Types that web servers compress.
_TEXT = ("text/", "application/javascript", "application/json", "image/svg+xml", "application/xml")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path

    def do_GET(self) -> None:
        found = _file(self.folder, self.path)
        if found is None:
            self._send(404, b"not found", "text/plain", ())
            return
        kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        if kind.startswith(_TEXT) and "gzip" in self.headers.get("Accept-Encoding", ""):
            self._send(200, _zipped(found), kind, (("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")))
        else:
            self._send(200, _body(found), kind, ())

    def _send(self, status: int, body: bytes, kind: str, more: tuple[tuple[str, str], ...]) -> None:
        self.send_response(status)
        charset = "; charset=utf-8" if kind.startswith("text/") else ""
        for name, value in (("Content-Type", kind + charset), ("Content-Length", str(len(body))), *more):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nobody reads it."""


def _file(folder: Path, path: str) -> Path | None:
    found = (folder / unquote(urlsplit(path).path).lstrip("/")).resolve()
    if found.is_dir():
        found /= "index.html"
    return found if found.is_file() else None


@functools.cache
def _zipped(file: Path) -> bytes:
    return gzip.compress(_body(file), 6)


def _body(file: Path) -> bytes:
    return _FOREIGN.sub(b"", file.read_bytes()) if file.suffix == ".html" else file.read_bytes()


def main(folder: Path) -> None:
    """Serve until nobody holds our standard input any more."""
    handler = type("Handler", (_Handler,), {"folder": folder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
