"""What polling shows is what happened: how far each scanner is, which one failed and why, and how long each took."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from itertools import pairwise
from typing import Any, BinaryIO

import pytest

from surveyor.scan.plan import WEB_SLOTS
from surveyor.service.config import Config
from tests.integration.test_api import SHORT
from tests.servers.pipeline import worker
from tests.servers.service import Service
from tests.servers.web import Site

RANK = {"queued": 0, "pending": 0, "running": 1, "done": 2, "failed": 2}


@pytest.fixture
def config(config: Config, site: Site) -> Config:
    """The page may be scanned; nobody measures it, so that one of four scanners cannot look."""
    return config.model_copy(update={"scan": {"allow_hosts": f"127.0.0.1:{site.port}"}})


async def test_what_polling_shows_is_what_happened(service: Service, site: Site) -> None:
    site.page("/", "<!doctype html><html lang=en><title>A shop of goods</title><h1>Shop</h1>")
    write, seen = site._routes["/"], threading.Event()

    def held(out: BinaryIO) -> None:
        seen.wait(30)  # whoever polls sees it run
        write(out)

    site.raw("/", held)
    client = service.client()
    scan_id = client.post(f"{SHORT}/scans/run", body={"url": site.url("/")}).json["data"]["id"]
    polls: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    with worker(service.config, SURVEYOR_ALLOW_HOSTS=f"127.0.0.1:{site.port}"):
        async with asyncio.timeout(120):
            while not polls or polls[-1]["status"] not in {"done", "failed"}:
                polls.append(client.get(f"{SHORT}/scans/{scan_id}").json["data"])
                after = events[-1]["seq"] if events else 0
                # what a poll shows has been told by the time it is shown
                events += client.get(f"{SHORT}/scans/{scan_id}/events?after={after}").json["data"]
                _is_told(polls[-1], events)
                if polls[-1]["status"] == "running":
                    seen.set()
                await asyncio.sleep(0.02)
    last = polls[-1]
    assert [event["seq"] for event in events] == list(range(1, last["last_seq"] + 1))
    _never_goes_back(polls)
    assert {poll["status"] for poll in polls} >= {"running", "done"}
    # a part that failed says why, where the state stands and in the coverage, and takes nothing else with it
    ends = {name: (slot["state"], slot["reason"]) for name, slot in last["scanners"].items()}
    assert ends == {**dict.fromkeys(WEB_SLOTS, ("done", None)), "performance": ("failed", "not_configured")}
    assert last["status"] == "done"
    blind = [entry for entry in last["coverage"] if entry["what"] == "slot.performance"]
    assert [(entry["state"], entry["reason"]) for entry in blind] == [("not_configured", "not_configured")]
    _took_as_long_as_told(last, events)


def _is_told(poll: dict[str, Any], events: list[dict[str, Any]]) -> None:
    told = {event["stage"]: event["seq"] for event in events}
    assert poll["last_seq"] <= (events[-1]["seq"] if events else 0)
    for name, state in poll["scanner_status"].items():
        if state == "done":
            assert told[f"{name}.done"] <= poll["last_seq"], (name, poll["last_seq"])
    assert (poll["status"] == "done") == ("scan.done" in told and told["scan.done"] <= poll["last_seq"])


def _never_goes_back(polls: list[dict[str, Any]]) -> None:
    for before, after in pairwise(polls):
        assert RANK[before["status"]] <= RANK[after["status"]]
        assert before["last_seq"] <= after["last_seq"]
        for name, state in before["scanner_status"].items():
            assert RANK[state] <= RANK[after["scanner_status"][name]], name


def _took_as_long_as_told(run: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """Each scanner's span lies within the run's, and holds all that its own events say it did."""
    first, last = (datetime.fromisoformat(run[name]) for name in ("started_at", "finished_at"))
    for name, slot in run["scanners"].items():
        began, ended = (datetime.fromisoformat(slot[edge]) for edge in ("started_at", "finished_at"))
        assert first <= began <= ended <= last, name
        own = [datetime.fromisoformat(event["ts"]) for event in events if event["slot"] == name]
        assert all(began <= at <= ended for at in own), name
        if slot["state"] == "done":
            [timing] = [event for event in events if event["stage"] == f"{name}.timing"]
            assert timing["data"]["ms"] <= (ended - began).total_seconds() * 1000 + 50
