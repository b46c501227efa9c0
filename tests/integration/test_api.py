"""The API as a program meets it: envelopes, budgets, cursors, teams that do not see each other."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from surveyor.service import auth
from surveyor.service.actions import teams
from surveyor.service.config import Config
from surveyor.service.errors import CODES
from surveyor.service.store import keys
from tests.servers.service import Answer, Client, Service

#: Fixed, so that every process of a parallel run collects the same tests.
NOBODYS = "00000000-0000-4000-8000-000000000000"
SHORT = "/api/v1/audit"


def failed(answer: Answer, status: int, code: str) -> dict[str, object]:
    """Every failure has one shape, whoever made it."""
    told = answer.json
    assert (answer.status, told["error"]["code"]) == (status, code), told
    assert told["data"] is None
    assert told["meta"]["request_id"] == answer.headers["x-request-id"]
    assert set(told["error"]) <= {"code", "message", "details"}
    assert told["error"]["message"]
    assert CODES[code][0] == status
    return told["error"]


async def scan(service: Service, n: int = 1, client: Client | None = None) -> list[dict[str, object]]:
    made = []
    for index in range(n):
        answer = (client or service.client()).post(f"{SHORT}/scans/run", body={"url": f"http://127.0.0.1:8080/{index}"})
        assert answer.status == 202, answer.text
        made.append(answer.json["data"])
    return made


@pytest.fixture
def config(config: Config) -> Config:
    """Pages on this machine may be scanned here; nothing is, since no worker runs."""
    return config.model_copy(update={"scan": {"allow_hosts": "127.0.0.1:8080"}})


async def test_starting_a_scan_answers_202_with_the_queued_run(service: Service) -> None:
    answer = service.client().post(
        f"{SHORT}/scans/run", body={"url": "http://127.0.0.1:8080/", "trigger": "post_deploy"}
    )
    assert answer.status == 202
    run = answer.json["data"]
    assert (run["status"], run["kind"], run["trigger"]) == ("queued", "web", "post_deploy")
    assert run["url"] == "http://127.0.0.1:8080/"
    assert answer.json["error"] is None
    assert not {"event_offsets", "report_keys", "job_ids"} & set(run)
    again = service.client().get(f"{SHORT}/scans/{run['id']}")
    assert {**again.json["data"], "updated_at": run["updated_at"]} == run


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/",
        "http://127.0.0.1/",
        "http://169.254.169.254/latest",
        "http://[::1]/",
        "file:///etc/passwd",
        "nonsense",
    ],
)
async def test_a_refused_url_is_422_and_names_the_rule(service: Service, url: str) -> None:
    error = failed(service.client().post(f"{SHORT}/scans/run", body={"url": url}), 422, "invalid_params")
    assert error["details"]["url"][0]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/scans/run", b"{", 400, "bad_request"),
        ("POST", "/scans/run", b"[]", 422, "invalid_params"),
        ("POST", "/scans/run", b'{"url": 7}', 422, "invalid_params"),
        ("POST", "/scans/run", b'{"url": "https://a.example/", "extra": 1}', 422, "invalid_params"),
        ("POST", "/scans/run", b'{"url": "https://a.example/' + b"a" * 3000 + b'"}', 422, "invalid_params"),
        ("POST", "/scans/run", b'{"url": "https://a.example/", "trigger": "x"}', 422, "invalid_params"),
        ("GET", "/scans/nope", None, 422, "invalid_params"),
        ("GET", f"/scans/{NOBODYS}", None, 404, "not_found"),
        ("GET", f"/scans/{NOBODYS}/events", None, 404, "not_found"),
        ("GET", f"/scans/{NOBODYS}/report", None, 404, "not_found"),
        ("POST", f"/scans/{NOBODYS}/cancel", None, 404, "not_found"),
        ("GET", f"/findings/{NOBODYS}", None, 404, "not_found"),
        ("GET", "/scans?limit=0", None, 422, "invalid_params"),
        ("GET", "/scans?limit=101", None, 422, "invalid_params"),
        ("GET", "/scans?status=odd", None, 422, "invalid_params"),
        ("GET", "/findings?severity=odd", None, 422, "invalid_params"),
        ("GET", "/findings?nonsense=1", None, 422, "invalid_params"),
        ("GET", "/scans?cursor=%00", None, 422, "invalid_params"),
        ("GET", "/scans?cursor=bm9wZQ", None, 422, "invalid_params"),
        ("GET", "/findings?cursor=WzEsMl0", None, 422, "invalid_params"),
        ("GET", "/nowhere", None, 404, "not_found"),
        ("DELETE", "/scans", None, 405, "method_not_allowed"),
        ("POST", "/uploads", b"x", 422, "invalid_params"),
        ("POST", "/uploads?filename=..", b"x", 422, "invalid_params"),
        ("POST", "/uploads?filename=a", b"", 422, "invalid_params"),
    ],
)
async def test_every_failure_is_enveloped(
    service: Service, method: str, path: str, body: bytes | None, status: int, code: str
) -> None:
    answer = service.client()(method, SHORT + path, body=body, headers={"content-type": "application/json"})
    failed(answer, status, code)


async def test_a_long_json_body_is_refused_before_it_is_read(service: Service) -> None:
    answer = service.client().post(f"{SHORT}/scans/run", headers={"content-length": str(1 << 30)})
    assert failed(answer, 413, "too_large")["details"]["limit_bytes"] == 1 << 20


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nope", "Basic eDp5", "Bearer sv_live_" + "x" * 43])
async def test_without_a_known_key_every_route_is_401(service: Service, header: str | None) -> None:
    stranger = service.stranger()
    if header:
        stranger.headers["authorization"] = header
    for method, path in (
        ("GET", "/scans"),
        ("POST", "/scans/run"),
        ("POST", "/uploads?filename=a"),
        ("GET", "/findings"),
    ):
        answer = stranger(method, SHORT + path)
        failed(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_keys_expire_and_are_revoked(service: Service) -> None:
    made = await teams.create_key(service.sessions, team=str(service.first.team_id), name="short", days=1)
    client = service.client(made.secret)
    assert client.get(f"{SHORT}/scans").status == 200
    async with service.sessions() as session, session.begin():
        await session.execute(
            keys.api_keys.update()
            .where(keys.api_keys.c.id == made.key.id)
            .values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )
    failed(client.get(f"{SHORT}/scans"), 401, "unauthorized")
    other = await teams.create_key(service.sessions, team=str(service.first.team_id), name="other")
    await teams.revoke_key(service.sessions, team=str(service.first.team_id), key=str(other.key.id))
    failed(service.client(other.secret).get(f"{SHORT}/scans"), 401, "unauthorized")


async def test_a_keys_use_is_stamped_and_only_its_digest_is_kept(service: Service) -> None:
    service.client().get(f"{SHORT}/scans")
    async with service.sessions() as session:
        found = await keys.by_digest(session, auth.digest(service.key), now=datetime.now(UTC))
        rows = [str(row) for row in await session.execute(keys.api_keys.select())]
    assert found is not None
    assert found.last_used_at is not None
    assert not any(service.key[20:] in row for row in rows)


async def test_a_reading_key_cannot_write(service: Service) -> None:
    reading = await teams.create_key(service.sessions, team=str(service.first.team_id), name="ro", scopes=(auth.READ,))
    client = service.client(reading.secret)
    assert client.get(f"{SHORT}/scans").status == 200
    for path in ("/scans/run", "/uploads?filename=a", f"/scans/{uuid4()}/cancel"):
        error = failed(client.post(SHORT + path, body={"url": "https://a.example/"}), 403, "forbidden")
        assert error["details"] == {"scope": auth.WRITE}


async def test_the_canonical_path_takes_ids_and_slugs(service: Service) -> None:
    (run,) = await scan(service)
    for org in (str(service.first.team_id), "default"):
        for project in (str(service.first.project_id), "default"):
            base = f"/api/v1/orgs/{org}/projects/{project}/audit"
            assert service.client().get(f"{base}/scans/{run['id']}").json["data"]["id"] == run["id"]
    failed(service.client().get("/api/v1/orgs/default/projects/other/audit/scans"), 404, "not_found")


async def test_another_team_sees_nothing_of_ours(service: Service) -> None:
    (run,) = await scan(service)
    await teams.create_team(service.sessions, slug="rival")
    rival = service.client((await teams.create_key(service.sessions, team="rival", name="k")).secret)
    ours = f"/api/v1/orgs/{service.first.team_id}/projects/{service.first.project_id}/audit"
    for base in (SHORT, ours):
        for path in (f"/scans/{run['id']}", f"/scans/{run['id']}/events", f"/scans/{run['id']}/report"):
            failed(rival.get(base + path), 404, "not_found")
        failed(rival.post(f"{base}/scans/{run['id']}/cancel"), 404, "not_found")
    stream = rival.get(f"{SHORT}/scans/{run['id']}/events", headers={"accept": "text/event-stream"})
    failed(stream, 404, "not_found")
    failed(rival.get(f"{ours}/scans"), 404, "not_found")
    assert rival.get(f"{SHORT}/scans").json["data"] == []


async def test_a_project_does_not_see_another_projects_scans(service: Service) -> None:
    (run,) = await scan(service)
    await teams.create_project(service.sessions, team="default", slug="two")
    base = "/api/v1/orgs/default/projects/two/audit"
    failed(service.client().get(f"{base}/scans/{run['id']}"), 404, "not_found")
    assert service.client().get(f"{base}/scans").json["meta"]["total"] == 0


async def test_lists_are_paged_without_gap_or_repeat(service: Service) -> None:
    made = [run["id"] for run in await scan(service, 5)]
    seen: list[object] = []
    cursor = ""
    while True:
        page = service.client().get(f"{SHORT}/scans?limit=2{cursor}").json
        assert page["meta"]["total"] == 5
        assert page["meta"]["total_is_estimate"] is False
        seen += [run["id"] for run in page["data"]]
        if page["meta"]["next_cursor"] is None:
            break
        cursor = f"&cursor={page['meta']['next_cursor']}"
        await scan(service, 0)
    assert seen == made[::-1]


async def test_cancelling_twice_is_409(service: Service) -> None:
    (run,) = await scan(service)
    first = service.client().post(f"{SHORT}/scans/{run['id']}/cancel")
    assert (first.status, first.json["data"]["status"]) == (202, "cancelled")
    failed(service.client().post(f"{SHORT}/scans/{run['id']}/cancel"), 409, "conflict")


async def test_a_report_is_409_while_the_scan_runs_and_404_when_it_left_none(service: Service) -> None:
    (run,) = await scan(service)
    error = failed(service.client().get(f"{SHORT}/scans/{run['id']}/report"), 409, "conflict")
    assert "queued" in str(error["message"])
    service.client().post(f"{SHORT}/scans/{run['id']}/cancel")
    failed(service.client().get(f"{SHORT}/scans/{run['id']}/report"), 404, "not_found")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8600", "127.0.0.1.evil.example", "[::1].evil", ""])
@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/metrics", "/sign-in", "/api/v1/audit/scans", "/static/x/surveyor.css"]
)
async def test_a_rebound_name_is_refused_on_every_path(service: Service, host: str, path: str) -> None:
    answer = service.client().get(path, headers={"host": host})
    assert answer.status == 400
    assert "evil" not in answer.text


async def test_a_rebound_name_gets_no_stream(service: Service) -> None:
    (run,) = await scan(service)
    headers = {"host": "evil.example", "accept": "text/event-stream"}
    failed(service.client().get(f"{SHORT}/scans/{run['id']}/events", headers=headers), 400, "bad_request")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST:1", "[::1]:8600", "localhost."])
async def test_our_own_names_are_served(service: Service, host: str) -> None:
    assert service.stranger().get("/healthz", headers={"host": host}).status == 200


async def test_every_answer_carries_the_headers(service: Service) -> None:
    paths = (
        "/healthz",
        "/nowhere",
        "/sign-in",
        "/static/x/surveyor.css",
        f"{SHORT}/scans",
        "/api/v1/openapi.json",
        "/metrics",
    )
    for path in paths:
        headers = service.stranger().get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert re.fullmatch(r"r-[A-Za-z0-9_-]{16}", headers["x-request-id"])


async def test_an_error_of_ours_is_a_500_that_tells_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(service.app.state.auth, "by_key", broken)
    answer = service.client().get(f"{SHORT}/scans")
    failed(answer, 500, "internal_error")
    assert "secret" not in answer.text
    assert "content-security-policy" in answer.headers


async def test_health_and_readiness(service: Service) -> None:
    assert service.stranger().get("/healthz").json == {"status": "ok"}
    ready = service.stranger().get("/readyz")
    assert (ready.status, ready.json["parts"]) == (200, {"database": "ok", "storage": "ok"})


async def test_the_description_bounds_every_list_string_and_number_that_comes_in(service: Service) -> None:
    api = service.stranger().get("/api/v1/openapi.json").json
    assert api["info"]["title"] == "Surveyor"
    bad, unguarded = [], []
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"]
            if not operation.get("security"):
                unguarded.append((method, path))
            for parameter in operation.get("parameters", []):
                schemas = parameter["schema"].get("anyOf", [parameter["schema"]])
                bad += [(method, path, parameter["name"]) for schema in schemas if _unbounded(schema)]
    assert not bad
    # a report's link is signed, and needs no key
    assert unguarded == [("get", "/api/v1/exports/{report_id}")]
    assert not _unbounded(api["components"]["schemas"]["RunScan"]["properties"]["url"])


def _unbounded(schema: dict[str, object]) -> bool:
    if schema.get("type") == "string":
        return not ({"maxLength", "enum", "format", "pattern", "const"} & set(schema))
    if schema.get("type") == "integer":
        return "maximum" not in schema
    return schema.get("type") == "array" and "maxItems" not in schema


#: What reads hostile bytes, and what belongs to other rooms.
_HOSTILE = tuple(f"surveyor.scan.{part}" for part in ("engine", "acquire", "gather", "catalog", "check", "tree"))
_FOREIGN = {"selectolax", "isal", "zstandard", "pydantic_ai", "anthropic", "openai", "playwright"}


def test_importing_the_api_loads_no_parser_and_no_model_library() -> None:
    code = "import sys, surveyor.service.api.v1, surveyor.service.ui, surveyor.service.app; print(*sys.modules)"
    source = Path(__file__).parents[2] / "src"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(source)}
    )
    loaded = run.stdout.split()
    assert "surveyor.service.api.v1.scans" in loaded
    assert not [name for name in loaded if name.startswith(_HOSTILE) or name.partition(".")[0] in _FOREIGN]


def test_a_body_that_does_not_say_that_it_is_json_is_told_so(service: Service) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = service.client().post(f"{SHORT}/scans/run", body=b'{"url": "http://127.0.0.1:8080/"}', headers=headers)
    assert "application/json" in failed(answer, 415, "unsupported_media_type")["message"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("OPTIONS", f"/findings/{NOBODYS}", "GET, PATCH"),
        ("GET", "/scans/run", "POST"),
        ("GET", "/verifications/run", "POST"),
        ("PUT", "/tasks", "GET, POST"),
    ],
)
@pytest.mark.parametrize("prefix", [SHORT, "/api/v1/orgs/default/projects/default/audit"])
def test_an_address_names_every_method_that_it_answers(
    service: Service, method: str, path: str, allow: str, prefix: str
) -> None:
    answer = service.client()(method, prefix + path)
    failed(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allow
