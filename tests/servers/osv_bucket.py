"""A small OSV bucket: written to a folder at run time, and served over HTTP with validators, as object stores do."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Record = dict[str, Any]


def today() -> str:
    """When a record was changed unless a test says otherwise: what nobody touches for months makes a bucket stale.

    An hour before midnight it is tomorrow's date, which counts as today's: who looks at it may do so after midnight.
    """
    return f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%d}T00:00:00Z"


def record(
    identity: str,
    ecosystem: str,
    name: str,
    *,
    fixed: str | None = None,
    introduced: str = "0",
    modified: str | None = None,
    **more: Any,
) -> Record:
    """One record with one range."""
    events = [{"introduced": introduced}, *([{"fixed": fixed}] if fixed else [])]
    affected = {"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    changed = modified or today()
    return {"schema_version": "1.6.0", "id": identity, "modified": changed, "affected": [affected], **more}


def write(folder: Path, records: Mapping[str, Sequence[Record]], *, singles: bool = True) -> Path:
    """Write a whole bucket; what was in the folder under the same names is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ecosystems.txt").write_text("".join(f"{name}\n" for name in sorted(records)), encoding="utf-8")
    for ecosystem, items in records.items():
        place = folder / ecosystem
        place.mkdir(exist_ok=True)
        newest_first = sorted(items, key=lambda item: item["modified"], reverse=True)
        lines = (f"{item['modified']},{item['id']}\n" for item in newest_first)
        (place / "modified_id.csv").write_text("".join(lines), encoding="utf-8")
        with zipfile.ZipFile(place / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for item in items:
                archive.writestr(f"{item['id']}.json", json.dumps(item))
                if singles:
                    (place / f"{item['id']}.json").write_text(json.dumps(item), encoding="utf-8")
    return folder


@dataclass
class Bucket:
    """A running server: its base URL, and what it was asked for as ``(path, status)``.

    A path in ``broken`` is answered with that status, whatever is on disk; one in ``flaky`` with each of those first,
    and their headers. The body of one in ``cut`` breaks off after so many bytes, once.
    """

    url: str
    asked: list[tuple[str, int]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    broken: dict[str, int] = field(default_factory=dict)
    flaky: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)


@contextmanager
def serve(folder: Path) -> Iterator[Bucket]:
    """Serve a folder on loopback until the block ends."""
    bucket = Bucket(url="")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(folder, bucket))
    bucket.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _handler(folder: Path, bucket: Bucket) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(self.path.partition("?")[0])
            status, headers, body = self._answer(path)
            bucket.asked.append((path, status))
            bucket.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            end = bucket.cut.pop(path, len(body))
            self.wfile.write(body[:end])
            self.close_connection = self.close_connection or end < len(body)

        def _answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
            if path in bucket.broken:
                return bucket.broken[path], {}, b"broken"
            if bucket.flaky.get(path):
                return *bucket.flaky[path].pop(0), b"later"
            if path == "/":
                links = "".join(f'<a href="{item.name}/">x</a>' for item in sorted(folder.iterdir()) if item.is_dir())
                return 200, {}, f'<html><a href="../">up</a>{links}</html>'.encode()
            file = folder.joinpath(*path.strip("/").split("/"))
            if not file.is_file() or not file.resolve().is_relative_to(folder.resolve()):
                return 404, {}, b"NoSuchKey"
            body = file.read_bytes()
            etag = f'"{hashlib.md5(body).hexdigest()}"'
            headers = {"ETag": etag, "Last-Modified": formatdate(file.stat().st_mtime, usegmt=True)}
            if self.headers.get("If-None-Match") == etag:
                return 304, headers, b""
            return self._ranged(body, etag, headers)

        def _ranged(self, body: bytes, etag: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
            wanted = self.headers.get("Range", "")
            if not wanted or self.headers.get("If-Range", etag) != etag:
                return 200, headers, body
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                return 416, {}, b""
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            return 206, headers, body[start:]

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
