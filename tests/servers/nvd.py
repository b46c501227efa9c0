"""A small NVD: its API 2.0 over HTTP with pages, windows, limits and bad days; records are written at run time."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Record = dict[str, Any]
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def match(criteria: str, *, vulnerable: bool = True, **bounds: str) -> Record:
    """One ``cpeMatch``; ``criteria`` may leave out what is any at its end."""
    whole = ":".join([*criteria.split(":"), *["*"] * (13 - len(criteria.split(":")))])
    return {"vulnerable": vulnerable, "criteria": whole, "matchCriteriaId": "A" * 8, **bounds}


def node(*matches: Record, operator: str = "OR") -> Record:
    return {"operator": operator, "negate": False, "cpeMatch": list(matches)}


def cve(identity: str, *matches: Record, modified: str = "2026-01-01T00:00:00.000", **more: Any) -> Record:
    """One record, with one configuration of these matches."""
    told = {
        "id": identity,
        "sourceIdentifier": "cve@mitre.org",
        "published": "2025-01-01T00:00:00.000",
        "lastModified": modified,
        "vulnStatus": "Analyzed",
        "descriptions": [{"lang": "es", "value": "malo"}, {"lang": "en", "value": f"{identity} is\n bad."}],
        "metrics": {},
        "weaknesses": [],
        "references": [],
    }
    if matches:
        told["configurations"] = [{"nodes": [node(*matches)]}]
    return {"cve": {**told, **more}}


@dataclass
class Nvd:
    """A running server: its URL, the records it has in their order, and what it was asked for.

    Each of ``answers`` is given once in the place of a right one: a status, or bytes with 200. ``largest`` is the page
    it puts up with, ``budget`` how many requests it takes until ``rest`` is called; ``before`` is called at each.
    """

    url: str
    records: list[Record] = field(default_factory=list)
    now: datetime = NOW
    asked: list[dict[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    answers: list[int | bytes] = field(default_factory=list)
    largest: int = 2_000
    budget: int = 1_000_000
    too_large: int = 400
    before: Callable[[dict[str, str]], None] = lambda _: None

    def document(self, query: dict[str, str]) -> tuple[int, bytes]:
        """What the API answers to a query."""
        size, start = int(query.get("resultsPerPage", "2000")), int(query.get("startIndex", "0"))
        if size > self.largest:
            return self.too_large, b""
        records = self.records
        if "lastModStartDate" in query or "lastModEndDate" in query:
            try:
                since, until = (datetime.fromisoformat(query[f"lastMod{end}Date"]) for end in ("Start", "End"))
            except (KeyError, ValueError):
                return 404, b""
            if since.tzinfo is None or until - since > timedelta(days=120) or since > until:
                return 404, b""
            records = [item for item in records if since <= _modified(item) <= until]
        page = records[start : start + size]
        answer = {
            "resultsPerPage": len(page),
            "startIndex": start,
            "totalResults": len(records),
            "format": "NVD_CVE",
            "version": "2.0",
            "timestamp": self.now.replace(tzinfo=None).isoformat(timespec="milliseconds"),
            "vulnerabilities": page,
        }
        return 200, json.dumps(answer).encode()


def _modified(record: Record) -> datetime:
    return datetime.fromisoformat(record["cve"]["lastModified"]).replace(tzinfo=UTC)


@contextmanager
def serve(*records: Record) -> Iterator[Nvd]:
    """Serve these on loopback until the block ends."""
    nvd = Nvd(url="", records=list(records))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(nvd))
    nvd.url = f"http://127.0.0.1:{server.server_port}/rest/json/cves"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield nvd
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _handler(nvd: Nvd) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(split.query).items()}
            nvd.before(query)
            status, body, kind = self._answer(split.path, query)
            nvd.asked.append(query)
            nvd.statuses.append(status)
            nvd.keys.append(self.headers.get("apiKey"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if "gzip" in self.headers.get("Accept-Encoding", "") and body:
                body = gzip.compress(body)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _answer(self, path: str, query: dict[str, str]) -> tuple[int, bytes, str]:
            if path != f"{urlsplit(nvd.url).path}/2.0":
                return 404, b"", "text/plain"
            if nvd.budget <= 0:
                return 403, b"<html>Request forbidden by administrative rules.</html>", "text/html"
            nvd.budget -= 1
            if nvd.answers:
                given = nvd.answers.pop(0)
                return (given, b"", "text/plain") if isinstance(given, int) else (200, given, "text/html")
            return *nvd.document(query), "application/json"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
