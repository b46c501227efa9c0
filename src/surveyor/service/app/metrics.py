"""What the service counts about itself, for Prometheus; one registry an application, so that two never mix."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Requests by route template, never by path: paths hold ids, and strangers' guesses would grow it without end."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("surveyor_http_requests", "HTTP requests", labels, registry=self.registry)
        self._seconds = Histogram(
            "surveyor_http_request_seconds",
            "Time to answer",
            ("method", "route"),
            registry=self.registry,
            buckets=_SECONDS,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; an odd method is ``OTHER``."""
        known = method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "OTHER"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)

    async def page(self, request: Request) -> Response:  # noqa: ARG002 - a route's signature
        """``GET /metrics``."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)
