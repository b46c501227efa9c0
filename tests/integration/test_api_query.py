"""What the API counts and what it refuses to overlook: budgets, parameters given twice, bodies that nobody reads."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from surveyor.service import auth
from surveyor.service.actions import teams
from surveyor.service.actions.links import PATH
from surveyor.service.config import Config
from tests.integration.test_api import NOBODYS, SHORT, failed, scan
from tests.servers.service import Service, running


@pytest.fixture
def config(config: Config) -> Config:
    """Pages on this machine may be scanned here; nothing is, since no worker runs."""
    return config.model_copy(update={"scan": {"allow_hosts": "127.0.0.1:8080"}})


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Now, for as long as a test takes: windows are aligned to the minute, and one that ends would be two budgets."""
    now = datetime.now(UTC)
    monkeypatch.setattr(auth, "_now", lambda: now)
    return now


async def test_budgets_are_counted_per_team_and_told(config: Config, moment: datetime) -> None:
    async with running(config.model_copy(update={"rate_default": 3, "rate_strict": 2})) as service:
        start = service.client().post
        first = start(f"{SHORT}/scans/run", body={"url": "http://127.0.0.1:8080/"})
        assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("2", "1")
        assert 0 < int(first.headers["x-ratelimit-reset"]) - moment.timestamp() <= 60
        assert int(first.headers["x-ratelimit-reset"]) % 60 == 0
        # another key of the same team draws on the same budget
        other = await teams.create_key(service.sessions, team="default", name="other")
        second = service.client(other.secret).post(f"{SHORT}/scans/run", body={"url": "http://127.0.0.1:8080/"})
        assert second.headers["x-ratelimit-remaining"] == "0"
        third = start(f"{SHORT}/scans/run", body={"url": "http://127.0.0.1:8080/"})
        failed(third, 429, "rate_limited")
        assert 0 < int(third.headers["retry-after"]) <= 60
        assert third.headers["x-ratelimit-limit"] == "2"
        assert int(third.headers["x-ratelimit-reset"]) % 60 == 0
        # reading goes on, on the budget for everything, until that is used up too
        left = service.client().get(f"{SHORT}/scans")
        assert (left.headers["x-ratelimit-limit"], left.headers["x-ratelimit-remaining"]) == ("3", "2")
        # a refused scope costs, an unknown key does not
        service.stranger().get(f"{SHORT}/scans")
        for _ in range(2):
            assert service.client().get(f"{SHORT}/scans").status == 200
        failed(service.client().get(f"{SHORT}/scans"), 429, "rate_limited")
        await teams.create_team(service.sessions, slug="rival")
        rival = service.client((await teams.create_key(service.sessions, team="rival", name="k")).secret)
        assert rival.get(f"{SHORT}/scans").status == 200


@pytest.mark.usefixtures("moment")
async def test_a_kick_off_spends_its_own_budget_and_no_other(config: Config) -> None:
    async with running(config.model_copy(update={"rate_default": 3, "rate_strict": 2})) as service:
        await teams.create_team(service.sessions, slug="rival")
        reading = await teams.create_key(service.sessions, team="default", name="r", scopes=(auth.READ,))
        client, body = service.client(), {"url": "http://127.0.0.1:8080/"}
        # what may not act, or names no project of the team's, is bounded as any request is
        refused = service.client(reading.secret).post(f"{SHORT}/scans/run", body=body)
        assert (refused.status, refused.headers["x-ratelimit-limit"]) == (403, "3")
        elsewhere = client.post("/api/v1/orgs/rival/projects/default/audit/scans/run", body=body)
        assert (elsewhere.status, elsewhere.headers["x-ratelimit-remaining"]) == (404, "1")
        assert client.get(f"{SHORT}/scans").status == 200
        spent = client.get(f"{SHORT}/scans")
        failed(spent, 429, "rate_limited")
        assert "3 requests" in spent.json["error"]["message"]
        for left in ("1", "0"):
            started = client.post(f"{SHORT}/scans/run", body=body)
            assert (started.status, started.headers["x-ratelimit-remaining"]) == (202, left)
            assert started.headers["x-ratelimit-limit"] == "2"
        over = client.post(f"{SHORT}/scans/run", body=body)
        failed(over, 429, "rate_limited")
        assert "2 kick-offs" in over.json["error"]["message"]
        assert over.json["error"]["details"]["limit"] == 2


@pytest.mark.parametrize(
    ("method", "path", "named"),
    [
        ("GET", "/findings?severity=high&severity=low", "severity"),
        ("GET", "/scans?limit=5&limit=7", "limit"),
        ("GET", "/scans?limit=5&%6cimit=5", "limit"),
        ("GET", "/scans?nonsense=1", "nonsense"),
        ("GET", f"/scans/{NOBODYS}?limit=1", "limit"),
        ("POST", f"/scans/{NOBODYS}/retry?slot=seo", "slot"),
        ("POST", f"/scans/{NOBODYS}/cancel?force", "force"),
        ("POST", "/uploads?filename=a&filename=b", "filename"),
        ("GET", "/reports/summary?date_from=2026-01-01&date_from=2026-01-02", "date_from"),
    ],
)
async def test_a_parameter_is_given_once_and_is_one_of_the_paths(
    service: Service, method: str, path: str, named: str
) -> None:
    error = failed(service.client()(method, SHORT + path), 422, "invalid_params")
    assert list(error["details"]) == [named]
    assert named in str(error["message"])
    # who may not ask is not told what might be asked
    failed(service.stranger()(method, SHORT + path), 401, "unauthorized")


async def test_a_signed_address_is_taken_as_it_was_signed(service: Service) -> None:
    path = f"{PATH}/{NOBODYS}?expires=1&signature={'a' * 43}"
    assert "expires" in failed(service.stranger().get(f"{path}&expires=2"), 422, "invalid_params")["details"]
    assert "team" in failed(service.stranger().get(f"{path}&team=1"), 422, "invalid_params")["details"]


async def test_every_path_refuses_what_it_does_not_take(service: Service) -> None:
    paths = service.stranger().get("/api/v1/openapi.json").json["paths"]
    asked = 0
    for path, verbs in paths.items():
        place = re.sub(r"\{(org_id|project_id)\}", "default", path)
        place = re.sub(r"\{\w+\}", NOBODYS, place)
        for method, told in verbs.items():
            asked += 1
            assert not [p for p in told.get("parameters", []) if p["schema"].get("type") == "array"], path
            error = failed(service.client()(method.upper(), f"{place}?odd=1&odd=2"), 422, "invalid_params")
            assert "odd" in error["details"], (method, path)
    assert asked > 80


@pytest.mark.parametrize("verb", ["cancel", "retry"])
async def test_a_body_where_none_is_taken_is_refused_unless_it_says_nothing(service: Service, verb: str) -> None:
    (run,) = await scan(service)
    path, client = f"{SHORT}/scans/{run['id']}/{verb}", service.client()
    for body in (b'{"force": true}', b"[]", b"{", b"force=1"):
        error = failed(client.post(path, body=body), 422, "invalid_params")
        assert error["details"] == {"body": ["this path takes none"]}
    assert client.get(f"{SHORT}/scans/{run['id']}").json["data"]["status"] == "queued"
    assert client.post(path, body={}).status == {"cancel": 202, "retry": 409}[verb]
