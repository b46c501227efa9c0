"""OSV's API over HTTP, as far as a scanner asks it: ``querybatch`` with its pages and refusals, and single records.

It matches by package name and listed ranges' presence alone: what it names is a superset, as a server may be wrong too.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

Record = dict[str, Any]


@dataclass
class OsvApi:
    """A running server. ``page`` is how many names an answer holds; ``busy`` counts answers of 503 to come first.

    Ecosystems in ``unknown`` are refused, with the whole batch; ids in ``lost`` are named and not there, and those in
    ``swapped`` are answered with another record. Without ``dated`` nothing says when a record has changed. One that is
    ``forgetful`` knows none of the tokens that it has given.
    """

    url: str = ""
    page: int = 1_000
    busy: int = 0
    unknown: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    swapped: dict[str, str] = field(default_factory=dict)
    dated: bool = True
    forgetful: bool = False
    answer: bytes | None = None
    asked: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)


@contextmanager
def serve(records: Sequence[Record]) -> Iterator[OsvApi]:
    """Serve these records on loopback until the block ends."""
    api = OsvApi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(records, api))
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _named(package: dict[str, str]) -> tuple[str, str]:
    """Names are case-sensitive, but for PyPI's."""
    ecosystem, name = package["ecosystem"], package["name"]
    return ecosystem, re.sub(r"[-_.]+", "-", name).lower() if ecosystem == "PyPI" else name


def _handler(records: Sequence[Record], api: OsvApi) -> type[BaseHTTPRequestHandler]:
    by_id = {item["id"]: item for item in records}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(self.path)
            api.asked.append(path)
            name = path.removeprefix("/v1/vulns/")
            found = by_id.get(api.swapped.get(name, name))
            if found is None or found["id"] in api.lost:
                self._say(404, {"code": 5, "message": "Vulnerability not found."})
            else:
                self._say(200, found)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            api.asked.append(self.path)
            queries = body["queries"]
            api.batches.append(len(queries))
            if api.busy:
                api.busy -= 1
                self._say(503, {"message": "busy"})
            elif api.answer is not None:
                self._raw(200, api.answer)
            elif len(queries) > 1_000:
                self._say(400, {"code": 3, "message": "too many queries"})
            else:
                self._batch(queries)

        def _batch(self, queries: list[dict[str, Any]]) -> None:
            if api.forgetful and any("page_token" in query for query in queries):
                self._say(400, {"code": 3, "message": "invalid cursor"})
                return
            for at, query in enumerate(queries):
                if query["package"]["ecosystem"] in api.unknown:
                    self._say(400, {"code": 3, "message": f"error in query at index {at}: invalid ecosystem"})
                    return
            self._say(200, {"results": [self._answer(query) for query in queries]})

        def _answer(self, query: dict[str, Any]) -> dict[str, Any]:
            hits = [
                {"id": item["id"], **({"modified": item["modified"]} if api.dated else {})}
                for item in records
                if any(_named(one["package"]) == _named(query["package"]) for one in item["affected"])
            ]
            start = int(query.get("page_token") or 0)
            answer: dict[str, Any] = {"vulns": hits[start : start + api.page]} if hits[start:] else {}
            if hits[start + api.page :]:
                answer["next_page_token"] = str(start + api.page)
            return answer

        def _say(self, status: int, value: Any) -> None:
            self._raw(status, json.dumps(value).encode())

        def _raw(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
