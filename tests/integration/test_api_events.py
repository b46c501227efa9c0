"""Following a scan over HTTP: a page of events, a stream that resumes without gap or repeat, and its end."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from surveyor.service.config import Config
from surveyor.service.live.stream import Streams
from surveyor.service.store import events
from surveyor.service.store.events import NewEvent
from tests.servers.service import Service, running

SHORT = "/api/v1/audit"


@pytest.fixture
def config(config: Config) -> Config:
    return config.model_copy(update={"scan": {"allow_hosts": "127.0.0.1:8080"}})


def started(service: Service) -> UUID:
    answer = service.client().post(f"{SHORT}/scans/run", body={"url": "http://127.0.0.1:8080/"})
    return UUID(answer.json["data"]["id"])


async def tell(service: Service, scan_id: UUID, *details: str) -> None:
    async with service.sessions() as session, session.begin():
        now = datetime.now(UTC)
        await events.append(session, scan_id, [NewEvent(ts=now, stage="seo.check", detail=d) for d in details])


class Reader:
    """Reads server-sent messages in a thread, as they come."""

    def __init__(self, service: Service, scan_id: UUID, *, query: str = "", last: str | None = None) -> None:
        self.messages: list[dict[str, str]] = []
        self.ended = threading.Event()
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {service.key}"}
        if last is not None:
            headers["last-event-id"] = last
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=120)
        self._connection.request("GET", f"{SHORT}/scans/{scan_id}/events{query}", headers=headers)
        self.response = self._connection.getresponse()
        assert self.response.status == 200
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for message in _messages(self.response):
            self.messages.append(message)
        self._connection.close()
        self.ended.set()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(m["data"]) for m in self.messages if "event" not in m and m.get("data")]

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 30
        while len(self.events) < count:
            assert time.monotonic() < deadline, self.messages
            time.sleep(0.01)


def _messages(lines: Any) -> Iterator[dict[str, str]]:
    message: dict[str, str] = {}
    for raw in lines:
        name, _, value = raw.decode().rstrip("\n").partition(": ")
        if raw == b"\n":
            if set(message) - {"", "retry"}:
                yield message
            message = {}
        else:
            message[name.rstrip(":")] = value


async def test_events_as_pages_of_json(service: Service) -> None:
    scan_id = started(service)
    await tell(service, scan_id, "one", "two", "three")
    page = service.client().get(f"{SHORT}/scans/{scan_id}/events?limit=2").json
    assert [e["detail"] for e in page["data"]] == ["one", "two"]
    assert (page["meta"]["last_seq"], page["meta"]["more"]) == (2, True)
    rest = service.client().get(f"{SHORT}/scans/{scan_id}/events?after=2").json
    assert [(e["seq"], e["detail"]) for e in rest["data"]] == [(3, "three")]
    assert rest["meta"]["more"] is False


async def test_a_stream_tells_what_was_and_what_comes_and_ends_with_the_scan(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    # what comes is told because a bell rings for it: without one nobody looks before the test is over
    monkeypatch.setitem(Streams.follow.__kwdefaults__, "ping", 3600.0)
    scan_id = started(service)
    await tell(service, scan_id, "before")
    reader = Reader(service, scan_id)
    await asyncio.to_thread(reader.wait_for, 1)
    await tell(service, scan_id, "live")
    await asyncio.to_thread(reader.wait_for, 2)
    assert reader.response.headers["content-type"].startswith("text/event-stream")
    assert reader.response.headers["cache-control"] == "no-store"
    service.client().post(f"{SHORT}/scans/{scan_id}/cancel")
    assert await asyncio.to_thread(reader.ended.wait, 30)
    assert [e["detail"] for e in reader.events] == ["before", "live", "cancelled by request"]
    assert [m["id"] for m in reader.messages if "id" in m] == ["1", "2", "3"]
    assert reader.messages[-1]["event"] == "done"


@pytest.mark.parametrize(
    ("query", "last", "expected"), [("?after=2", None, [3]), ("", "1", [2, 3]), ("?after=0", "2", [3])]
)
async def test_a_stream_resumes_and_the_header_wins(
    service: Service, query: str, last: str | None, expected: list[int]
) -> None:
    scan_id = started(service)
    await tell(service, scan_id, "one", "two", "three")
    reader = Reader(service, scan_id, query=query, last=last)
    await asyncio.to_thread(reader.wait_for, len(expected))
    assert [e["seq"] for e in reader.events] == expected


async def test_a_stream_of_an_ended_scan_is_its_past_and_the_end(service: Service) -> None:
    scan_id = started(service)
    service.client().post(f"{SHORT}/scans/{scan_id}/cancel")
    reader = Reader(service, scan_id)
    assert await asyncio.to_thread(reader.ended.wait, 30)
    assert [e["stage"] for e in reader.events] == ["scan.cancelled"]


async def test_open_streams_do_not_hold_the_shutdown_and_are_not_told_that_the_scan_has_ended(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    # they are woken: none would look at the clock, or be cut off, before we have waited for it
    monkeypatch.setitem(Streams.follow.__kwdefaults__, "ping", 3600.0)
    async with running(config) as service:
        scan_id = started(service)
        await tell(service, scan_id, "one")
        readers = [Reader(service, scan_id) for _ in range(20)]
        for reader in readers:
            await asyncio.to_thread(reader.wait_for, 1)
        service.server.config.timeout_graceful_shutdown = 60
        service.server.handle_exit(15, None)
        for reader in readers:
            assert await asyncio.to_thread(reader.ended.wait, 30)
        assert not any(m.get("event") == "done" for reader in readers for m in reader.messages)
