"""What the laboratory reads of a browser: traces, requests, headers and counts made by hand, and such as lie."""

from __future__ import annotations

from typing import Any

import pytest

from surveyor.scan.errors import Malformed
from surveyor.scan.gather.lab import freshness, resources, trace
from surveyor.scan.gather.lab.unused import uncovered
from surveyor.scan.net.browser import recording
from surveyor.scan.net.browser.network import Network
from surveyor.scan.net.browser.recording import Recording
from surveyor.scan.speed import Work

FRAME = "F"
WRONG: list[Any] = [None, [], {}, "x", -1, True, 1e300, [[]], {"data": 1}]


def event(name: str, ts: float, *, tid: int = 1, dur: float | None = None, **data: Any) -> dict[str, Any]:
    more = {} if dur is None else {"dur": dur}
    return {"name": name, "ts": ts, "pid": 7, "tid": tid, "args": {"frame": FRAME, "data": data}, **more}


def start(ts: float, number: str, url: str = "https://a.example/") -> dict[str, Any]:
    return event("navigationStart", ts, navigationId=number, documentLoaderURL=url)


TRACE = [
    start(1_000_000, "n"),
    start(1_200_000, "empty", ""),
    event("firstContentfulPaint", 2_500_000, navigationId="n"),
    event("largestContentfulPaint::Candidate", 2_500_000, navigationId="n", nodeId=5, type="text"),
    event("largestContentfulPaint::Candidate", 3_000_000, navigationId="n", nodeId=9, type="image"),
    event("domContentLoadedEventEnd", 2_000_000),
    event("LayoutShift", 2_600_000, weighted_score_delta=0.1, had_recent_input=True),
    event("LayoutShift", 2_700_000, weighted_score_delta=0.2, impacted_nodes=[{"node_id": 4}, 7, {}]),
    event("LayoutShift", 2_800_000, weighted_score_delta=0.4, had_recent_input=True),
    event("RunTask", 2_000_000, dur=300_000),
    event("RunTask", 2_000_000, dur=900_000, tid=2),
    event("EvaluateScript", 2_010_000, dur=200_000, url="https://a.example/a.js"),
    event("ResourceSendRequest", 1_100_000, requestId="1", renderBlocking="blocking"),
    event("ResourceSendRequest", 1_100_000, requestId="2", renderBlocking="non_blocking"),
]


def test_a_trace_tells_of_the_navigation_that_painted() -> None:
    read = trace.read(TRACE, FRAME)
    assert (read.origin, read.painted, read.parsed) == (1_000_000, 1500, 1000)
    assert read.largest == trace.Candidate(at=2000, node=9, image=True)
    # a shift after input counts nothing, but before the first that is told without any the mark is the emulation's
    assert [(jump.score, jump.nodes) for jump in read.jumps] == [(0.1, ()), (0.2, (4,))]
    assert [(span.at, span.duration, span.kind) for span in read.spans] == [(1000, 300, "task"), (1010, 200, "script")]
    assert read.blocking == {"1"}


def test_the_last_of_several_pages_is_the_one() -> None:
    later = [start(5_000_000, "m"), event("firstContentfulPaint", 5_500_000, navigationId="m")]
    assert trace.read([*TRACE, *later], FRAME).painted == 500
    assert trace.read([*TRACE, start(9_000_000, "never")], FRAME).painted == 1500
    assert trace.read([start(1, "n")], FRAME).painted is None
    with pytest.raises(Malformed):
        trace.read([event("firstContentfulPaint", 5)], FRAME)


@pytest.mark.parametrize("wrong", WRONG)
def test_events_of_any_shape_are_no_error(wrong: Any) -> None:
    told: list[dict[str, Any]] = [{"name": wrong}, {"name": "RunTask", "dur": wrong, "ts": wrong, "pid": 7, "tid": 1}]
    for name in recording.MARKS:
        told += [{"name": name, "ts": 1e6, "pid": 7, "tid": 1, "args": wrong}, event(name, 2e6, navigationId=wrong)]
        told.append({"name": name, "ts": wrong, "pid": wrong, "args": {"frame": FRAME, "data": wrong}})
    kept = Recording()
    kept.hear("Tracing.dataCollected", {"value": [wrong, *TRACE, *told]})
    kept.hear("Tracing.dataCollected", {"value": wrong})
    assert trace.read(kept.events, FRAME).painted is not None
    network = Network()
    for method in ("requestWillBeSent", "responseReceived", "dataReceived", "loadingFinished", "loadingFailed"):
        asked = {"requestId": wrong, "request": wrong, "response": wrong, "timestamp": wrong, "initiator": wrong}
        network.hear(f"Network.{method}", asked)
        network.hear(
            f"Network.{method}", {**asked, "requestId": "1", "timestamp": 1.0, "request": {"url": "http://a/"}}
        )
    assert [one.url for one in network.exchanges] == ["http://a/"]


def test_a_recording_keeps_no_more_than_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_EVENTS", 10)
    monkeypatch.setattr(recording, "_FRAMES", 8)
    kept = Recording()
    short = event("RunTask", 0, dur=10)
    kept.hear("Tracing.dataCollected", {"value": [short] * 50 + [event("RunTask", n, dur=2_000) for n in range(50)]})
    assert (len(kept.events), kept.cut) == (10, True)
    frames = [{"name": "Screenshot", "ts": n, "args": {"snapshot": f"{n}"}} for n in range(101)]
    kept.hear("Tracing.dataCollected", {"value": frames})
    moments = [at for at, _ in kept.frames]
    assert len(moments) <= 9
    assert moments[-1] == 100
    assert moments == sorted(moments)


def sent(network: Network, number: str, url: str, at: float, *, size: int = 0, **headers: str) -> None:
    asked = {"requestId": number, "timestamp": at, "type": "Script", "frameId": "F", "request": {"url": url}}
    network.hear("Network.requestWillBeSent", {**asked, "initiator": {"type": "parser", "url": "https://a.example/"}})
    response = {"status": 200, "protocol": "h2", "mimeType": "Text/JavaScript", "headers": headers}
    network.hear("Network.responseReceived", {"requestId": number, "timestamp": at + 1, "response": response})
    network.hear("Network.dataReceived", {"requestId": number, "dataLength": size})
    network.hear("Network.loadingFinished", {"requestId": number, "timestamp": at + 2, "encodedDataLength": size // 2})


def test_requests_are_told_with_sizes_and_by_whose_they_are() -> None:
    network = Network()
    sent(network, "1", "https://www.a.example/a.js", 11, size=1000, ETag="x", **{"Cache-Control": "max-age=60"})
    sent(network, "2", "https://cdn.b.example/b.js", 12, size=4000)
    redirect = {"requestId": "3", "timestamp": 13, "request": {"url": "https://a.example/1"}}
    network.hear("Network.requestWillBeSent", redirect)
    onward = {
        **redirect,
        "timestamp": 14,
        "request": {"url": "https://a.example/2"},
        "redirectResponse": {"status": 301},
    }
    network.hear("Network.requestWillBeSent", onward)
    loaded = resources.resources(
        network.exchanges,
        page="https://a.example/",
        origin=10,
        blocking={"2"},
        use={"https://cdn.b.example/b.js": 0.25},
    )
    own, foreign, before, after = loaded
    assert (own.start, own.end, own.transfer, own.size, own.lifetime) == (1000, 3000, 500, 1000, 60)
    assert (own.validated, own.third_party, own.mime, own.unused) == (True, False, "text/javascript", None)
    assert (foreign.blocking, foreign.third_party, foreign.unused, foreign.lifetime) == (True, True, 1000, None)
    assert (before.status, before.url, after.status, after.end) == (301, "https://a.example/1", None, None)
    assert network.pending == {"3"}
    (party,) = resources.parties(loaded, [Work(url=foreign.url, duration=90, blocking=40)])
    assert (party.domain, party.requests, party.transfer, party.duration) == ("b.example", 1, 2000, 90)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "public"}, None),
        ({"cache-control": "public, max-age=31536000, immutable"}, 31536000),
        ({"cache-control": 'Max-Age="60"'}, 60),
        ({"cache-control": "max-age=60, no-store"}, 0),
        ({"cache-control": "no-cache"}, 0),
        ({"cache-control": "max-age=-1"}, 0),
        ({"cache-control": f"max-age={10**18}"}, 315360000),
        ({"cache-control": "max-age=٣"}, 0),
        ({"expires": "0"}, 0),
        ({"expires": "Thu, 26 Nov 2026 08:00:00 GMT", "date": "Thu, 26 Nov 2026 07:00:00 GMT"}, 3600),
        ({"expires": "Thu, 26 Nov 2026 06:00:00 GMT", "date": "Thu, 26 Nov 2026 07:00:00 GMT"}, 0),
        ({"expires": "Thu, 26 Nov 99999 06:00:00 GMT"}, 0),
    ],
)
def test_lifetimes_are_what_headers_say(headers: dict[str, str], seconds: float | None) -> None:
    assert freshness.lifetime(headers) == seconds


def test_what_never_ran_is_counted_by_the_innermost_block() -> None:
    assert uncovered([]) == 0
    assert uncovered([(0, 100, 1)]) == 0
    assert uncovered([(0, 100, 0)]) == 100
    assert uncovered([(0, 100, 1), (10, 50, 0), (20, 30, 1), (60, 70, 0)]) == 40 - 10 + 10
    assert uncovered([(0, 100, 1), (10, 20, 0), (15, 30, 0)]) <= 20
