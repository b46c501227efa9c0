"""What monitoring reads: this process's own counters, and what the database says about work that waits."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from surveyor.service.actions import clock, units
from surveyor.service.app import edge, watch
from surveyor.service.app.metrics import PROCESS, SHARED
from surveyor.service.app.watch import SERIES, Watch
from surveyor.service.config import Config
from surveyor.service.store import gauges, llm_quota
from surveyor.service.store.database import open_engine, sessions
from tests.integration.test_api import SHORT, failed, scan
from tests.servers.pipeline import wheel
from tests.servers.service import Service

DOCUMENTED = Path(__file__).resolve().parents[2] / "docs/reference/metrics.md"
Values = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def config(config: Config) -> Config:
    """Pages on this machine may be scanned here; nothing is, since no worker runs."""
    return config.model_copy(update={"scan": {"allow_hosts": "127.0.0.1:8080"}})


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that a busy machine takes its time for is answered, and a body that comes late is read."""
    monkeypatch.setattr(gauges, "STATEMENT_MS", 20_000)
    monkeypatch.setattr(watch, "_SECONDS", 25.0)
    monkeypatch.setattr(edge, "_DRAIN_SECONDS", 20.0)


def scraped(service: Service) -> Values:
    """Every sample by its name and labels."""
    service.app.state.watch.fresh = 0.0
    answer = service.stranger().get("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    values: Values = {}
    for line in answer.text.splitlines():
        if found := re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? (\S+)", line):
            labels = frozenset(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
            assert (found[1], labels) not in values
            values[found[1], labels] = float(found[3])
    return values


def value(values: Values, name: str, **labels: str) -> float:
    return values[f"surveyor_{name}", frozenset(labels.items())]


async def test_metrics_count_by_route_and_never_by_path(service: Service) -> None:
    service.client().get(f"{SHORT}/scans/{uuid4()}")
    service.stranger().get("/guess/1")
    page = service.stranger().get("/metrics").text
    assert 'route="/api/v1/audit/scans/{scan_id}"' in page
    assert "/guess" not in page
    assert 'surveyor_http_requests_total{method="GET",route="none",status="404"}' in page


async def test_what_waits_and_who_works_can_be_watched(service: Service) -> None:
    client = service.client()
    idle = scraped(service)
    for kind in ("web", "artifact"):
        for status in ("queued", "running"):
            assert value(idle, "scan_runs", kind=kind, status=status) == 0
    assert value(idle, "scan_runs_oldest_queued_seconds") == 0
    first, _ = await scan(service, 2)
    assert client.post(f"{SHORT}/uploads?filename=demo.whl", body=wheel()).status == 202
    month = units.month_of(clock.now())
    async with service.sessions() as session, session.begin():
        await session.execute(
            text("update audit_scan_runs set inserted_at = inserted_at - interval '90 s' where id = :id"),
            {"id": first["id"]},
        )
        await session.execute(text("insert into procrastinate_workers default values"))
        await session.execute(
            text("insert into procrastinate_workers (last_heartbeat) values (now() - interval '2 minutes')")
        )
        held = {"team_id": service.first.team_id, "month": month, "used": 3, "reserved": 2}
        await session.execute(llm_quota.llm_months.insert(), [held, {**held, "month": month - timedelta(days=31)}])
    busy = scraped(service)
    assert value(busy, "database_up") == 1
    assert value(busy, "scan_runs", kind="web", status="queued") == 2
    assert value(busy, "scan_runs", kind="artifact", status="queued") == 1
    assert 90 <= value(busy, "scan_runs_oldest_queued_seconds") < 150
    waiting = sum(n for (name, labels), n in busy.items() if name == "surveyor_jobs" and ("state", "todo") in labels)
    assert waiting == 3
    assert value(busy, "worker_loops") == 1
    assert (value(busy, "llm_units", state="used"), value(busy, "llm_units", state="reserved")) == (3, 2)
    for name in ("verifications_pending", "reports_queued", "webhook_deliveries_waiting", "webhooks_switched_off"):
        assert value(busy, name) == 0


async def test_failures_are_counted_by_code_and_bodies_by_bytes(service: Service) -> None:
    before = scraped(service)
    failed(service.stranger().get(f"{SHORT}/scans"), 401, "unauthorized")
    failed(service.client().get(f"{SHORT}/scans/{uuid4()}"), 404, "not_found")
    failed(service.client().post(f"{SHORT}/uploads?filename=..", body=b"x" * 1000), 422, "invalid_params")
    after = scraped(service)
    for code in ("unauthorized", "not_found", "invalid_params"):
        assert value(after, "failures_total", code=code) == 1
    assert value(after, "http_received_bytes_total") - value(before, "http_received_bytes_total") == 1000
    assert value(after, "event_streams_open") == 0


async def test_without_a_database_the_process_tells_its_own_and_says_so(service: Service) -> None:
    scraped(service)
    engine = open_engine("postgresql://nobody@127.0.0.1:1/nowhere?connect_timeout=2", pool=1)
    service.app.state.watch = Watch(sessions=sessions(engine), stalled=60.0)
    values = scraped(service)
    assert value(values, "database_up") == 0
    assert any(name == "surveyor_http_requests_total" for name, _ in values)
    # what is not known is not nought
    assert not any(name == "surveyor_scan_runs" for name, _ in values)
    await engine.dispose()


async def test_a_look_that_takes_too_long_ends_and_the_others_stay(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauges, "STATEMENT_MS", 2_000)
    monkeypatch.setattr(gauges, "_LOOKS", {**gauges._LOOKS, "reports": "select count(pg_sleep(600))"})
    values = scraped(service)  # whose client waits for less than that
    assert value(values, "database_up") == 0
    assert value(values, "scan_runs_oldest_queued_seconds") == 0
    assert value(values, "webhooks_switched_off") == 0
    assert not any(name == "surveyor_reports_queued" for name, _ in values)


async def test_many_scrapes_cost_no_more_than_one(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.app.state.watch.fresh = 60.0
    assert 'surveyor_scan_runs{kind="web",status="queued"} 0.0' in service.stranger().get("/metrics").text
    await scan(service)
    assert 'surveyor_scan_runs{kind="web",status="queued"} 0.0' in service.stranger().get("/metrics").text


async def test_every_look_at_work_uses_an_index(service: Service) -> None:
    """On a database of any size: the planner is asked with sequential scans priced out."""
    async with service.sessions() as session, session.begin():
        await session.execute(text("set local enable_seqscan = off"))
        for name in ("runs", "oldest_queued", "jobs", "verifications", "reports", "deliveries", "worker_loops"):
            given = {"now": clock.now(), "stalled": 60.0, "deliver": "deliver_webhook"}
            statement = text(f"explain {gauges._LOOKS[name]}")
            used = {key: item for key, item in given.items() if key in statement.compile().params}
            plan = "\n".join((await session.execute(statement, used)).scalars())
            assert "Seq Scan on" not in plan, (name, plan)


async def test_the_reference_names_every_series_and_no_other(service: Service) -> None:
    named = set(re.findall(r"^\| `(surveyor_\w+)` ", DOCUMENTED.read_text("utf-8"), re.MULTILINE))
    assert named == {series.name for series in (*PROCESS, *SHARED)}
    await scan(service)
    failed(service.stranger().get("/nowhere"), 404, "not_found")
    shown = {name for name, _ in scraped(service) if name.startswith("surveyor_")}
    ours = {re.sub(r"(_created|(?<=seconds)_(bucket|count|sum))$", "", name) for name in shown}
    assert {name for name in ours if f"{name}_total" not in ours} == named
    helped = service.stranger().get("/metrics").text
    for series in SERIES:
        assert f"# HELP {series.name} {series.words}" in helped
