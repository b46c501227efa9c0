"""Nobody meets another team's things, by whatever path of the API; and nobody spends another's budget, or one twice."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from surveyor.service.actions import teams
from surveyor.service.config import Config
from tests.integration.test_api import NOBODYS, SHORT, failed
from tests.integration.test_ui_sessions import Browser
from tests.servers.pipeline import wheel
from tests.servers.ports import Reserved
from tests.servers.service import EVER, Client, Service
from tests.servers.warm import Forked

SERVE = "import sys; from surveyor.service import app, config; sys.exit(app.serve(config.load()))"
PAGE = "http://127.0.0.1:8080/"
#: What a route that takes a body is sent; ``{…}`` is replaced by an id of the other team's. A new route must be named.
BODIES: dict[str, dict[str, Any] | bytes] = {
    "POST /scans/run": {"url": PAGE},
    "POST /uploads": b"PK",
    "PATCH /findings/{finding_id}": {"status": "triaged"},
    "PUT /llm/providers": {"providers": []},
    "POST /tasks": {"finding_id": "{finding_id}"},
    "PATCH /tasks/{task_id}": {"status": "in_progress"},
    "POST /verifications/run": {"task_id": "{task_id}"},
    "POST /verifications/{verification_id}/reopen": {},
    "POST /reports/export": {"format": "json"},
    "POST /webhooks": {"url": "http://127.0.0.1:8080/hook"},
    "PATCH /webhooks/{webhook_id}": {"active": False},
    "POST /schedules": {"url": PAGE, "cron": "0 3 * * *"},
    "PATCH /schedules/{schedule_id}": {"active": False},
    "POST /registries": {"host": "127.0.0.1:8080", "username": "u", "password": "p"},
    "PATCH /registries/{registry_id}": {"password": "p"},
    "PUT /private-hosts": {"hosts": []},
}
#: Acts in the caller's own place by the short path, on nothing of anybody else's.
OWN = {"POST /scans/run", "POST /uploads", "PUT /llm/providers", "POST /reports/export", "POST /webhooks"} | {
    "POST /schedules",
    "POST /registries",
    "PUT /private-hosts",
}
#: What the first team has a provider of; a word, and no id that could be theirs alone.
KIND = "anthropic"
QUERIES = {"POST /uploads": "?filename=a.bin"}


@pytest.fixture
def config(config: Config) -> Config:
    """Pages on this machine may be named."""
    return config.model_copy(update={"scan": {"allow_hosts": "127.0.0.1:8080"}})


async def furnish(service: Service) -> dict[str, str]:
    """One of everything that has an id."""
    client = service.client()
    scan = client.post(f"{SHORT}/scans/run", body={"url": PAGE}).json["data"]["id"]
    client.post(f"{SHORT}/uploads?filename=a.whl", body=wheel())
    async with service.sessions() as session, session.begin():
        finding = (
            await session.execute(
                text(
                    "insert into findings (team_id, project_id, domain, rule, title, description, severity, confidence,"
                    " first_scan_id, last_scan_id, first_seen, last_seen) values (:team, :project, 'security',"
                    " 'security_header_csp', 'Content-Security-Policy missing', 'x', 'high', 1, :scan, :scan, now(),"
                    " now()) returning id"
                ),
                {"team": service.first.team_id, "project": service.first.project_id, "scan": scan},
            )
        ).scalar_one()
        await session.execute(
            text(
                "insert into finding_assets (finding_id, project_id, slot, scope, identity, type, value,"
                " detected_by_scan, first_seen, last_seen) values (:finding, :project, 'security', :scope, 'i', 'url',"
                " :url, :scan, now(), now())"
            ),
            {
                "finding": finding,
                "project": service.first.project_id,
                "scope": f"url:{PAGE}",
                "url": PAGE,
                "scan": scan,
            },
        )
    made = {"scan_id": scan, "finding_id": str(finding)}

    def create(name: str, path: str, body: dict[str, Any]) -> None:
        answer = client.post(SHORT + path, body=body)
        assert answer.status in {201, 202}, answer.text
        made[name] = answer.json["data"]["id"]

    create("task_id", "/tasks", {"finding_id": made["finding_id"]})
    create("verification_id", "/verifications/run", {"task_id": made["task_id"]})
    create("report_id", "/reports/export", {"format": "json"})
    create("webhook_id", "/webhooks", {"url": "http://127.0.0.1:8080/hook"})
    create("schedule_id", "/schedules", {"url": PAGE, "cron": "0 3 * * *"})
    create("registry_id", "/registries", {"host": "127.0.0.1:8080", "username": "u", "password": "p"})
    provider = {"provider": KIND, "key": "sk-ant-0123456789abcdefghijkl"}
    assert client("PUT", f"{SHORT}/llm/providers", body={"providers": [provider]}).status == 200
    return made


def filled(value: Any, ids: dict[str, str]) -> Any:
    """The same with ids in the place of their names."""
    if isinstance(value, dict):
        return {key: filled(item, ids) for key, item in value.items()}
    if isinstance(value, str):
        for name, found in ids.items():
            value = value.replace(f"{{{name}}}", found)
    return value


async def test_every_path_of_the_api_is_404_or_empty_for_another_team(service: Service) -> None:
    ids = await furnish(service)
    await teams.create_team(service.sessions, slug="rival")
    rival = service.client((await teams.create_key(service.sessions, team="rival", name="k")).secret)
    ours = f"/api/v1/orgs/{service.first.team_id}/projects/{service.first.project_id}/audit"
    api = service.stranger().get("/api/v1/openapi.json").json
    before = await rows_of(service)
    tried = 0
    for template, methods in api["paths"].items():
        if not template.startswith(f"{SHORT}/"):
            continue
        for method, operation in methods.items():
            name = f"{method.upper()} {template.removeprefix(SHORT)}"
            if operation.get("requestBody"):
                assert name in BODIES, f"say what {name} is sent"
            body, path = filled(BODIES.get(name), ids), filled(name.partition(" ")[2], {**ids, "provider": KIND})
            assert "{" not in path, f"say what {name} is asked for"
            query = QUERIES.get(name, "")
            # a place that is not theirs is not there at all, whatever is asked of it
            failed(rival(method.upper(), ours + path + query, body=body), 404, "not_found")
            # by the short path they are at home: our things are not there
            if name in OWN:
                continue
            answer = rival(method.upper(), SHORT + path + query, body=body)
            if "{" in name or (body is not None and filled(BODIES[name], ids) != BODIES[name]):
                failed(answer, 404, "not_found")
            else:
                assert answer.status == 200, (name, answer.text)
                _nothing_of_ours(name, answer.text, ids, service)
            tried += 1
    assert tried >= 30
    assert await rows_of(service) == before
    assert [row["provider"] for row in service.client().get(f"{SHORT}/llm/providers").json["data"]["providers"]] == [
        KIND
    ]


def _nothing_of_ours(name: str, told: str, ids: dict[str, str], service: Service) -> None:
    for secret in (*ids.values(), str(service.first.team_id), str(service.first.project_id), "Content-Security-Policy"):
        assert secret not in told, (name, told)


async def rows_of(service: Service) -> dict[str, str]:
    """What the first team has, all of it, but for how often its keys and budgets were used."""
    found = {}
    async with service.sessions() as session:
        tables = await session.execute(
            text(
                "select table_name from information_schema.columns where column_name = 'project_id'"
                " and table_schema = 'public' and table_name <> 'api_keys'"
            )
        )
        for (table,) in tables.all():
            whole = "coalesce(string_agg(md5(t::text), ',' order by md5(t::text)), '')"
            statement = text(f"select {whole} from {table} t where project_id = :id")
            found[table] = (await session.execute(statement, {"id": service.first.project_id})).scalar_one()
    return found


@contextlib.contextmanager
def processes(service: Service, home: Path, count: int, **settings: str) -> Iterator[list[int]]:
    """Web processes of their own on the same database; their ports."""
    assert service.config.database_url is not None
    reserved, running = [Reserved() for _ in range(count)], []
    ports = [one.number for one in reserved]
    for port in ports:
        environment = {
            "PATH": os.environ["PATH"],
            "SURVEYOR_CHROMIUM": "off",
            "PYTHONPATH": "src",
            "SURVEYOR_HOME": str(home),
            "SURVEYOR_PORT": str(port),
            "SURVEYOR_ALLOW_HOSTS": "127.0.0.1:8080",
            "DATABASE_URL": service.config.database_url.get_secret_value(),
            **settings,
        }
        running.append(Forked(SERVE, environment))
    try:
        end = time.monotonic() + 60
        for port in ports:
            while True:
                with contextlib.suppress(OSError):
                    if Client(port).get("/healthz").status == 200:
                        break
                assert time.monotonic() < end
                time.sleep(0.1)
        yield ports
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)
        for one in reserved:
            one.close()


async def test_budgets_are_exact_across_processes(service: Service, tmp_path: Path) -> None:
    settings = {"SURVEYOR_RATE_STRICT": "25", "SURVEYOR_RATE_DEFAULT": "20", "SURVEYOR_RATE_WINDOW_SECONDS": str(EVER)}
    with processes(service, tmp_path / "two", 2, **settings) as ports:
        clients = [service.client() for _ in ports]
        for client, port in zip(clients, ports, strict=True):
            client.port = port

        def kick_off(number: int) -> tuple[int, int]:
            answer = clients[number % 2].post(f"{SHORT}/scans/run", body={"url": f"{PAGE}{number}"})
            return answer.status, int(answer.headers["x-ratelimit-remaining"])

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(kick_off, range(40)))
            taken = sorted(remaining for status, remaining in answers if status == 202)
            # every place of the budget was given away exactly once
            assert taken == list(range(25))
            assert {status for status, _ in answers} == {202, 429}
            reads = list(pool.map(lambda n: clients[n % 2].get(f"{SHORT}/scans?limit=1").status, range(30)))
        assert (reads.count(200), reads.count(429)) == (20, 10)
    async with service.sessions() as session:
        assert (await session.execute(text("select count(*) from audit_scan_runs"))).scalar_one() == 25


async def test_a_refused_address_costs_but_writes_nothing(service: Service) -> None:
    client = service.client()
    first = client.post(f"{SHORT}/scans/run", body={"url": "http://10.0.0.1/"})
    failed(first, 422, "invalid_params")
    assert first.headers["x-ratelimit-remaining"] == "9999"
    failed(client.post(f"{SHORT}/scans/{NOBODYS}/retry"), 404, "not_found")
    async with service.sessions() as session:
        for table in ("audit_scan_runs", "procrastinate_jobs"):
            assert (await session.execute(text(f"select count(*) from {table}"))).scalar_one() == 0


async def test_pages_spend_no_budget_but_their_kick_offs_do(service: Service) -> None:
    token = await teams.create_link(service.sessions, team="default")
    browser = Browser(service)
    assert browser.submit("/sign-in", {"token": token}).status == 303
    for path in ("/", "/findings", "/", "/findings"):
        assert browser.get(path, accept="text/html").status == 200
    counted = text("select bucket, sum(count) from rate_limit_windows group by bucket")
    async with service.sessions() as session:
        assert (await session.execute(counted)).all() == []
    fields = {"csrf": browser.csrf(), "url": PAGE}
    assert browser.submit("/scans", fields).status == 303
    async with service.sessions() as session:
        assert (await session.execute(counted)).all() == [("strict", 1)]
