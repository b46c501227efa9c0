"""What the service tells Prometheus: counters of this process, and gauges read from the database at the scrape.

One registry an application, so that two never mix.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from surveyor import __version__
from surveyor.service.app.watch import SERIES, UP, Series, Watch

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

REQUESTS = Series(name="surveyor_http_requests_total", labels=("method", "route", "status"), words="HTTP requests")
SECONDS = Series(name="surveyor_http_request_seconds", labels=("method", "route"), words="Time to answer, a histogram")
RECEIVED = Series(name="surveyor_http_received_bytes_total", words="Bytes of bodies, uploads above all")
FAILURES = Series(
    name="surveyor_failures_total",
    labels=("code",),
    words="Answers that were an error, by its code, such as rate_limited, quota_exceeded or database_unavailable",
)
STREAMS = Series(name="surveyor_event_streams_open", words="Followers of scans that are connected now")
BUILD = Series(name="surveyor_build_info", labels=("version",), words="Always 1; the version that runs")
#: What one web process counts itself; `process_*` of the client library stand beside them.
PROCESS = (REQUESTS, SECONDS, RECEIVED, FAILURES, STREAMS, BUILD)
#: What every web process reads alike from the database.
SHARED = (UP, *SERIES)


class Metrics:
    """Requests by route template, never by path: paths hold ids, and strangers' guesses would grow it without end."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(REQUESTS.name, REQUESTS.words, REQUESTS.labels, registry=self.registry)
        self._seconds = Histogram(SECONDS.name, SECONDS.words, SECONDS.labels, registry=self.registry, buckets=_SECONDS)
        self._received = Counter(RECEIVED.name, RECEIVED.words, registry=self.registry)
        self._failures = Counter(FAILURES.name, FAILURES.words, FAILURES.labels, registry=self.registry)
        self._streams = Gauge(STREAMS.name, STREAMS.words, registry=self.registry)
        Gauge(BUILD.name, BUILD.words, BUILD.labels, registry=self.registry).labels(__version__).set(1)
        ProcessCollector(registry=self.registry)

    def request(self, method: str, route: str, status: int, seconds: float, received: int) -> None:
        """Count one request and the bytes of its body; an odd method is ``OTHER``."""
        known = method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "OTHER"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)
        self._received.inc(received)

    def failure(self, code: str) -> None:
        """Count one answer that was an error."""
        self._failures.labels(code).inc()

    async def page(self, request: Request) -> Response:
        """``GET /metrics``: ours, whatever the database does, and what it says."""
        watch: Watch = request.app.state.watch
        self._streams.set(request.app.state.streams.followers)
        shared = CollectorRegistry(auto_describe=False)
        shared.register(_Read(await watch.read()))
        return Response(generate_latest(self.registry) + generate_latest(shared), media_type=CONTENT_TYPE_LATEST)


class _Read(Collector):
    """Families that were read already, as the client library wants them."""

    def __init__(self, families: Iterable[GaugeMetricFamily]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._families
