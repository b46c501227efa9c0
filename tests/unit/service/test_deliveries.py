"""What is sent and how long is waited, as plain values."""

from __future__ import annotations

import orjson
import pytest

from surveyor.service.actions import deliveries


def test_waits_grow_fourfold_and_are_spread_by_a_fifth() -> None:
    waits = [deliveries.delay(attempt, 10.0, 0.0) for attempt in range(1, deliveries.ATTEMPTS)]
    assert waits == [10, 40, 160, 640, 2560]
    assert deliveries.delay(2, 10.0, -0.2) == pytest.approx(32)
    assert deliveries.delay(2, 10.0, 0.2) == pytest.approx(48)


def test_a_body_has_whole_links_and_is_the_same_each_time() -> None:
    payload = {
        "type": "scan.done",
        "timestamp": "2026-11-22T01:02:03+00:00",
        "data": {"scan_id": "1", "links": {"page": "/scans/1", "api": "/api/v1/x"}},
    }
    body = deliveries.content(payload, "https://scans.example")
    assert orjson.loads(body)["data"]["links"] == {
        "page": "https://scans.example/scans/1",
        "api": "https://scans.example/api/v1/x",
    }
    shuffled = {"data": dict(reversed(payload["data"].items())), **payload}  # type: ignore[attr-defined]
    assert deliveries.content(shuffled, "https://scans.example") == body
    assert payload["data"]["links"]["page"] == "/scans/1"  # type: ignore[index]
