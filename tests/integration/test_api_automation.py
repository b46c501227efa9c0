"""Webhooks and schedules as a program meets them: one each, secrets once, other teams see nothing."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from surveyor.service.actions import bootstrap, teams
from surveyor.service.config import Config
from tests.servers.service import Client, Service
from tests.servers.webhook import Receiver

SHORT = "/api/v1/audit"
NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def config(config: Config, receiver: Receiver) -> Config:
    return config.model_copy(update={"scan": {"allow_hosts": f"127.0.0.1:{receiver.port}"}})


async def other_team(service: Service) -> Client:
    await teams.create_team(service.sessions, slug="other")
    return service.client((await teams.create_key(service.sessions, team="other", name="k")).secret)


async def reader(service: Service) -> Client:
    key = await teams.create_key(service.sessions, team=bootstrap.TEAM, name="r", scopes=("audit:read",))
    return service.client(key.secret)


def make(client: Client, receiver: Receiver) -> dict[str, str]:
    answer = client.post(f"{SHORT}/webhooks", body={"url": receiver.url()})
    assert answer.status == 201, answer.text
    made: dict[str, str] = answer.json["data"]
    return made


async def test_a_webhook_from_its_making_to_its_end(service: Service, receiver: Receiver) -> None:
    client = service.client()
    made = make(client, receiver)
    assert made["secret"].startswith("whsec_")
    path = f"{SHORT}/webhooks/{made['id']}"
    assert client.post(f"{SHORT}/webhooks", body={"url": receiver.url()}).status == 409
    listed = client.get(f"{SHORT}/webhooks")
    assert (listed.json["meta"]["total"], listed.json["meta"]["next_cursor"]) == (1, None)
    changed = client("PATCH", path, body={"events": ["scan.failed"], "active": False})
    assert changed.json["data"]["events"] == ["scan.failed"]
    assert changed.json["data"]["active"] is False
    rotated = client.post(f"{path}/rotate")
    assert rotated.json["data"]["secret"] != made["secret"]
    assert rotated.json["data"]["previous_secret_until"] is not None
    sent = client.post(f"{path}/test")
    assert (sent.status, sent.json["data"]["status"], sent.json["data"]["event"]) == (202, "pending", "webhook.test")
    deliveries = client.get(f"{path}/deliveries?limit=1")
    assert deliveries.json["data"][0]["id"] == sent.json["data"]["id"]
    secrets = (made["secret"], rotated.json["data"]["secret"])
    for answer in (listed, changed, sent, deliveries, client.get(path), client("DELETE", path)):
        assert answer.status in {200, 202}
        assert not any(secret in answer.text for secret in secrets)
        assert '"secret"' not in answer.text
    assert client.get(path).status == 404


async def test_a_page_of_deliveries_is_followed_by_the_next(service: Service, receiver: Receiver) -> None:
    client = service.client()
    made = make(client, receiver)
    path = f"{SHORT}/webhooks/{made['id']}"
    sent = [client.post(f"{path}/test").json["data"]["id"] for _ in range(5)]
    seen, cursor = [], ""
    for _ in range(3):
        answer = client.get(f"{path}/deliveries?limit=2{cursor}")
        seen += [row["id"] for row in answer.json["data"]]
        cursor = f"&cursor={answer.json['meta']['next_cursor']}"
    assert answer.json["meta"]["next_cursor"] is None
    assert seen == sent[::-1]


async def test_a_schedule_from_its_making_to_its_end(service: Service, receiver: Receiver) -> None:
    client = service.client()
    wish = {"url": receiver.url("/"), "cron": "0 7 * * mon-fri", "time_zone": "Europe/Berlin"}
    wish["options"] = {"device": "desktop", "engine": "lab", "headers": {"X-Stage": "open-sesame-4711"}}
    answer = client.post(f"{SHORT}/schedules", body=wish)
    assert answer.status == 201, answer.text
    made = answer.json["data"]
    assert made["next_run_at"] is not None
    assert client.post(f"{SHORT}/schedules", body=wish).status == 409
    path = f"{SHORT}/schedules/{made['id']}"
    assert client("PATCH", path, body={"cron": "5 5 * * *"}).json["data"]["cron"] == "5 5 * * *"
    assert made["options"] == {"device": "desktop", "engine": "lab", "headers": ["X-Stage"]}
    for change, left in (({"device": "mobile"}, {"headers": ["X-Stage"]}), ({"headers": {}}, {})):
        answer = client("PATCH", path, body={"options": change})
        assert answer.json["data"]["options"] == left
        assert "sesame" not in answer.text
    assert client("PATCH", path, body={"options": {"engine": "stopwatch"}}).status == 422
    assert client("PATCH", path, body={"active": False}).json["data"]["next_run_at"] is None
    assert client.get(f"{SHORT}/schedules").json["meta"]["total"] == 1
    assert client("DELETE", path).status == 200
    assert client.get(path).status == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("webhooks", {"url": "http://10.0.0.1/"}),
        ("webhooks", {"url": "http://127.0.0.1:1/"}),
        ("webhooks", {"url": "https://example.com/", "events": []}),
        ("webhooks", {"url": "https://example.com/", "events": ["scan.begun"]}),
        ("webhooks", {"url": "https://example.com/", "secret": "mine"}),
        ("webhooks", {"url": "https://example.com/" + "x" * 2048}),
        ("schedules", {"url": "http://10.0.0.1/", "cron": "0 1 * * *"}),
        ("schedules", {"url": "https://example.com/", "cron": "@reboot yes"}),
        ("schedules", {"url": "https://example.com/", "cron": "0 0 31 2 *"}),
        ("schedules", {"url": "https://example.com/", "cron": "0 1 * * *", "time_zone": "Mars"}),
        ("schedules", {"url": "https://example.com/", "cron": "0 1 * * *", "trigger": "manual"}),
    ],
)
async def test_what_is_not_acceptable_is_422(service: Service, path: str, body: dict[str, object]) -> None:
    answer = service.client().post(f"{SHORT}/{path}", body=body)
    assert (answer.status, answer.json["error"]["code"]) == (422, "invalid_params")
    assert service.client().get(f"{SHORT}/{path}").json["meta"]["total"] == 0


async def test_other_teams_and_readers(service: Service, receiver: Receiver) -> None:
    client = service.client()
    hook = make(client, receiver)["id"]
    schedule = client.post(f"{SHORT}/schedules", body={"url": receiver.url(), "cron": "0 1 * * *"}).json["data"]["id"]
    calls = [
        ("GET", f"webhooks/{hook}", None),
        ("GET", f"webhooks/{hook}/deliveries", None),
        ("PATCH", f"webhooks/{hook}", {"active": False}),
        ("POST", f"webhooks/{hook}/test", None),
        ("POST", f"webhooks/{hook}/rotate", None),
        ("DELETE", f"webhooks/{hook}", None),
        ("GET", f"schedules/{schedule}", None),
        ("PATCH", f"schedules/{schedule}", {"active": False}),
        ("DELETE", f"schedules/{schedule}", None),
    ]
    other, only_reads = await other_team(service), await reader(service)
    for method, path, body in calls:
        assert other(method, f"{SHORT}/{path}", body=body).status == 404, path
        wanted = 200 if method == "GET" else 403
        assert only_reads(method, f"{SHORT}/{path}", body=body).status == wanted, path
        assert service.stranger()(method, f"{SHORT}/{path}", body=body).status == 401, path
        nobodys = path.replace(hook, NOBODYS).replace(schedule, NOBODYS)
        assert client(method, f"{SHORT}/{nobodys}", body=body).status == 404, path
    for path in ("webhooks", "schedules"):
        assert other.get(f"{SHORT}/{path}").json["data"] == []
    assert UUID(client.get(f"{SHORT}/webhooks").json["data"][0]["id"]) == UUID(hook)
