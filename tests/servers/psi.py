"""PageSpeed Insights v5 on 127.0.0.1: ``GET /pagespeedonline/v5/runPagespeed``, judged as the service judges it.

A result is made up from numbers that a test gives: lab metrics in milliseconds (CLS without unit), field metrics as the
75th percentile with CLS times 100, which is how the service sends it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

PATH = "/pagespeedonline/v5/runPagespeed"
GOOD_LAB = {
    "first-contentful-paint": 900.0,
    "largest-contentful-paint": 1500.0,
    "total-blocking-time": 40.0,
    "cumulative-layout-shift": 0.01,
    "speed-index": 1800.0,
}
KINDS = {400: "badRequest", 403: "forbidden", 429: "rateLimitExceeded", 500: "lighthouseError"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call with its query as lists of values."""

    query: Mapping[str, list[str]]


class Psi:
    """The API; set ``lab``, ``field``, ``score``, ``runtime_error`` and ``failures`` before calling it.

    ``failures`` are statuses to answer with first, one a call, with ``message`` and ``retry_after`` if set. ``origin``
    are field metrics of the whole site, sent as the page's too where ``fallback`` is set. ``audits`` and ``result`` are
    added to the result of Lighthouse as they are. ``calls`` are what was asked.
    """

    def __init__(self, key: str = "psi-test-key") -> None:
        api = self
        self.key = key
        self.calls: list[Call] = []
        self.failures: list[int] = []
        self.lab: dict[str, float] = dict(GOOD_LAB)
        self.field: dict[str, int] | None = None
        self.origin: dict[str, int] | None = None
        self.fallback = False
        self.message = ""
        self.retry_after: str | None = None
        self.audits: dict[str, Any] = {}
        self.result: dict[str, Any] = {}
        self.score: float | None = 0.97
        self.runtime_error: tuple[str, str] | None = None

        class Handler(_Handler):
            owner = api

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_port
        self.base = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=partial(self._server.serve_forever, poll_interval=0.02), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, target: str) -> tuple[int, dict[str, Any]]:
        """Status and body for one request target."""
        split = urlsplit(target)
        query = parse_qs(split.query, keep_blank_values=True)
        if split.path != PATH:
            return 404, _error(404, "notFound", "no such method")
        self.calls.append(Call(query))
        if self.failures:
            status = self.failures.pop(0)
            return status, _error(
                status,
                KINDS.get(status, "backendError"),
                self.message or f"told to answer {status}, {query['key'][0]}",
            )
        if problem := self._problem(query):
            return 400, _error(400, "badRequest", problem)
        return 200, self._result(query["url"][0])

    def _problem(self, query: Mapping[str, list[str]]) -> str | None:
        if query.get("key") != [self.key]:
            return "API key not valid. Please pass a valid API key."
        if not query.get("url", [""])[0].startswith(("http://", "https://")):
            return "Invalid value for url"
        if query.get("strategy", ["DESKTOP"])[0] not in {"MOBILE", "DESKTOP"}:
            return "Invalid value for strategy"
        categories = {"ACCESSIBILITY", "BEST_PRACTICES", "PERFORMANCE", "SEO", "AGENTIC_BROWSING"}
        if not set(query.get("category", ["PERFORMANCE"])) <= categories:
            return "Invalid value for category"
        return None

    def _result(self, url: str) -> dict[str, Any]:
        audits = {name: _audit(name, value) for name, value in self.lab.items()}
        lighthouse: dict[str, Any] = {
            "requestedUrl": url,
            "finalUrl": url,
            "lighthouseVersion": "13.5.0",
            "audits": audits | self.audits,
            "categories": {"performance": {"id": "performance", "title": "Performance", "score": self.score}},
            **self.result,
        }
        if self.runtime_error:
            code, message = self.runtime_error
            lighthouse["runtimeError"] = {"code": code, "message": message}
        page = self.origin if self.fallback else self.field
        experience: dict[str, Any] = {"initial_url": url, **_metrics(page)}
        if self.fallback:
            experience["origin_fallback"] = True
        return {
            "kind": "pagespeedonline#result",
            "id": url,
            "analysisUTCTimestamp": "2026-01-01T00:00:00Z",
            "loadingExperience": experience,
            **({"originLoadingExperience": _metrics(self.origin)} if self.origin else {}),
            "lighthouseResult": lighthouse,
        }


class _Handler(BaseHTTPRequestHandler):
    owner: Psi

    def do_GET(self) -> None:
        status, body = self.owner.answer(self.path)
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        if status != 200 and self.owner.retry_after:
            self.send_header("Retry-After", self.owner.retry_after)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Tests read ``calls`` instead."""


def _metrics(values: Mapping[str, int] | None) -> dict[str, Any]:
    return {"metrics": {name: {"percentile": value} for name, value in values.items()}} if values else {}


def _audit(name: str, value: float) -> dict[str, Any]:
    unit = "unitless" if name == "cumulative-layout-shift" else "millisecond"
    return {"id": name, "scoreDisplayMode": "numeric", "score": 0.5, "numericValue": value, "numericUnit": unit}


def _error(status: int, reason: str, message: str) -> dict[str, Any]:
    detail = {"message": message, "domain": "global", "reason": reason}
    return {"error": {"code": status, "message": message, "errors": [detail]}}
