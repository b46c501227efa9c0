"""Images by name in the service: judged before anything is queued, pulled by the worker with the project's login."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from surveyor.scan.formats.reference import parse
from surveyor.service.actions import advisories, registries, scans, sealing
from surveyor.service.config import Config
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.store import registry_logins, teams
from surveyor.service.vault import Vault
from tests import images
from tests.integration.test_ui_sessions import signed_in
from tests.servers.distribution import Distribution, Realm
from tests.servers.pipeline import Ground, open_ground, worker
from tests.servers.registry import RealRegistry
from tests.servers.service import Service

SYSTEM = images.tar({"etc/os-release": images.DEBIAN, "var/lib/dpkg/status": images.deb("bash", "1")})
LAYER = images.pack(SYSTEM, "gzip")
#: Told nowhere but to the realm.
PASSWORD = "a-secret-nobody-may-see"
SHORT = "/api/v1/audit"


@pytest.fixture
def server() -> Iterator[Distribution]:
    """A registry that gives tokens to whom it knows."""
    with Realm(login=f"robot:{PASSWORD}") as realm, Distribution(realm=realm) as made:
        made.image([made.blob(LAYER)], "1")
        yield made


def allowing(config: Config, *hosts: str) -> Config:
    return config.model_copy(update={"scan": {"allow_hosts": " ".join(hosts)}})


def near(config: Config, server: Distribution) -> Config:
    assert server.realm is not None
    return allowing(config, server.reference.host, f"127.0.0.1:{server.realm.port}")


async def test_an_image_is_scanned_with_the_projects_login_and_nothing_tells_it(
    config: Config, server: Distribution
) -> None:
    async with open_ground(near(config, server)) as ground:
        await registries.create(
            ground.platform, **ground.place, host=server.reference.host, username="robot", password=PASSWORD
        )
        scan = await scans.start_image(ground.platform, **ground.place, image=str(server.reference))
        assert (scan.status, scan.kind, scan.image) == ("queued", "artifact", str(server.reference))
        with worker(ground.config, SURVEYOR_ALLOW_HOSTS=ground.config.scan["allow_hosts"]):
            ended = await ground.ended(scan.id)
        assert (ended.status, ended.error) == ("done", None)
        assert ended.summary["packages"] == 1
        events = await ground.events(scan.id)
        assert "container.pull.done" in [event.stage for event in events]
        report = await ground.platform.storage.get_bytes(ended.report_keys["artifact"])
        target = json.loads(report)["target"]
        assert target["source"] == str(server.reference)
        assert target["type"] == "container"
        assert target["digest"] == images.sha256(server.manifests["1"][1])
        assert target["name"] == str(server.reference)
        assert PASSWORD.encode() not in report
        assert PASSWORD not in repr(events)
        assert PASSWORD not in repr(ended)
        for path in ground.config.home.rglob("*"):
            assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path
        again = await advisories.unmatched(ground.platform.sessions, **ground.place)
        assert [(one.id, one.name) for one in again] == [(scan.id, str(server.reference))]
        retried = await scans.retry(ground.platform, **ground.place, scan_id=scan.id)
        assert (retried.image, retried.retry_of, retried.name) == (scan.image, scan.id, scan.name)


async def test_without_a_login_the_scan_fails_and_says_where_one_was_looked_for(
    config: Config, server: Distribution
) -> None:
    async with open_ground(near(config, server)) as ground:
        scan = await scans.start_image(ground.platform, **ground.place, image=str(server.reference))
        with worker(ground.config, SURVEYOR_ALLOW_HOSTS=ground.config.scan["allow_hosts"]):
            ended = await ground.ended(scan.id)
        assert ended.status == "failed"
        assert f"no login for {server.reference.host} was found in this project's registries" in (ended.error or "")
        assert ended.coverage[0]["reason"] == "denied"


async def test_a_login_that_cannot_be_opened_fails_the_scan(config: Config, server: Distribution) -> None:
    async with open_ground(near(config, server)) as ground:
        made = await registries.create(
            ground.platform, **ground.place, host=server.reference.host, username="robot", password=PASSWORD
        )
        async with ground.platform.sessions() as session, session.begin():
            await registry_logins.change(session, **ground.place, login_id=made.id, sealed=b"\x01" + bytes(60))
        scan = await scans.start_image(ground.platform, **ground.place, image=str(server.reference))
        with worker(ground.config, SURVEYOR_ALLOW_HOSTS=ground.config.scan["allow_hosts"]):
            ended = await ground.ended(scan.id)
        assert ended.status == "failed"
        assert "cannot be read with this installation's key" in (ended.error or "")
        assert server.requests == []


@pytest.mark.registry
async def test_one_platform_of_a_real_registrys_image_is_scanned(config: Config, tmp_path: Path) -> None:
    arm = images.tar({"app/node_modules/left-pad/package.json": images.npm("left-pad", "1.3.0")})
    with RealRegistry(tmp_path) as registry:
        both = [registry.push("many", "", [SYSTEM]), registry.push("many", "", [arm], platform="linux/arm64/v8")]
        registry.index("many", "1", both)
        async with open_ground(allowing(config, registry.name)) as ground:
            name = f"{registry.name}/many:1"
            scan = await scans.start_image(ground.platform, **ground.place, image=name, image_platform="linux/arm64")
            assert scan.name == f"{name} (linux/arm64)"
            with worker(ground.config, SURVEYOR_ALLOW_HOSTS=ground.config.scan["allow_hosts"]):
                ended = await ground.ended(scan.id)
    assert ended.status == "done"
    assert "not_chosen" in [entry.get("reason") for entry in ended.coverage]


@pytest.mark.parametrize(
    ("image", "rule"),
    [
        ("localhost:5000/app", "host_local"),
        ("10.0.0.1/app", "address_private"),
        ("169.254.169.254/app", "address_metadata"),
        ("registry.example:22/app", "port"),
        ("App", "form"),
        ("docker://app", "form"),
        ("https://registry.example/app", "form"),
        ("me:secret@registry.example/app", "form"),
        ("/etc/passwd", "form"),
        ("../app", "form"),
    ],
)
async def test_an_image_that_must_not_be_asked_for_is_refused_by_its_rule(
    ground: Ground, image: str, rule: str
) -> None:
    with pytest.raises(InvalidParams) as refused:
        await scans.start_image(ground.platform, **ground.place, image=image)
    assert refused.value.details == {"image": [rule]}
    assert ("SURVEYOR_ALLOW_HOSTS" in refused.value.message) == (rule in {"host_local", "address_private", "port"})
    with pytest.raises(InvalidParams, match="no platform"):
        await scans.start_image(ground.platform, **ground.place, image="app:1", image_platform="arm")


async def test_a_login_is_kept_exchanged_and_forgotten(ground: Ground) -> None:
    made = await registries.create(
        ground.platform, **ground.place, host="Index.docker.io", username="me", password="first"
    )
    assert made.host == "docker.io"
    with pytest.raises(Conflict, match="already"):
        await registries.create(ground.platform, **ground.place, host="docker.io", username="me", password="x")

    async def shown() -> list[tuple[str, str]]:
        found = await registries.logins_for(ground.platform, project_id=ground.project_id, named=parse("debian"))
        return [(login.username, login.password) for login in found.found]

    assert await shown() == [("me", "first")]
    await registries.change(ground.platform, **ground.place, login_id=made.id, username="you", password="second")
    assert await shown() == [("you", "second")]
    await registries.change(ground.platform, **ground.place, login_id=made.id, password="third")
    assert await shown() == [("you", "third")]
    old, new = ground.platform.vault, Vault(b"n" * 32)
    assert await sealing.reseal(ground.platform.sessions, old=old, new=new) == 1
    async with ground.platform.sessions() as session:
        [held] = await registry_logins.of_project(session, **ground.place)
    assert new.open(held.sealed, owner=registries.owner(held.id)) == "third"
    await registries.remove(ground.platform.sessions, **ground.place, login_id=made.id)
    with pytest.raises(NotFound):
        await registries.remove(ground.platform.sessions, **ground.place, login_id=made.id)
    assert await shown() == []


async def test_a_login_is_shown_for_scans_of_its_own_project_only(ground: Ground) -> None:
    async with ground.platform.sessions() as session, session.begin():
        team = await teams.add_team(session, slug="others", name="Others")
        assert team is not None
        theirs = await teams.add_project(session, team_id=team.id, slug="theirs", name="Theirs")
        near = await teams.add_project(session, team_id=ground.team_id, slug="near", name="Near")
        assert theirs is not None
        assert near is not None
    who = {"host": "registry.example", "username": "me", "password": PASSWORD}
    await registries.create(ground.platform, **ground.place, **who)
    shown = [
        [login.password for login in (await registries.logins_for(ground.platform, project_id=one, named=named)).found]
        for one in (ground.project_id, near.id, theirs.id)
        for named in (parse("registry.example/app"), parse("other.example/app"))
    ]
    assert shown == [[PASSWORD], [], [], [], [], []]


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"host": "registry"}, "host", "form"),
        ({"host": "registry.example/team"}, "host", "form"),
        ({"host": "https://registry.example"}, "host", "form"),
        ({"host": ""}, "host", "form"),
        ({"host": "10.0.0.1:5000"}, "host", "address_private"),
        ({"username": "a:b"}, "username", "form"),
        ({"username": "a\nb"}, "username", "form"),
        ({"password": ""}, "password", "form"),
        ({"password": "a\0b"}, "password", "form"),
    ],
)
async def test_a_login_that_cannot_be_is_refused(
    ground: Ground, changes: dict[str, str], field: str, rule: str
) -> None:
    given = {"host": "registry.example", "username": "me", "password": "hidden-away", **changes}
    with pytest.raises(InvalidParams) as refused:
        await registries.create(ground.platform, **ground.place, **given)
    assert refused.value.details == {field: [rule]}
    assert "hidden-away" not in refused.value.message


async def test_there_are_not_endlessly_many(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "MOST", 2)
    for number in range(2):
        host = f"registry{number}.example"
        await registries.create(ground.platform, **ground.place, host=host, username="me", password="x")
    with pytest.raises(Conflict, match="at most 2"):
        await registries.create(ground.platform, **ground.place, host="r9.example", username="me", password="x")


async def test_the_api_starts_an_image_and_keeps_logins(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    client, answered, look_up = service.client(service.key), threading.Event(), socket.getaddrinfo

    def hanging(host: str, *more: Any, **named: Any) -> Any:
        if host == "registry.example":
            answered.wait(120)  # which is longer than the client waits
        return look_up(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    try:
        answer = client.post(f"{SHORT}/scans/run", body={"image": "registry.example/app:1", "platform": "linux/arm64"})
    finally:
        answered.set()
    assert answer.status == 202, answer.text
    data = answer.json["data"]
    assert (data["kind"], data["image"], data["platform"]) == ("artifact", "registry.example/app:1", "linux/arm64")
    assert (data["url"], data["artifact_id"]) == (None, None)
    again = client.get(f"{SHORT}/scans/{data['id']}").json["data"]
    assert again["name"] == "registry.example/app:1 (linux/arm64)"
    refused = client.post(f"{SHORT}/scans/run", body={"image": "10.0.0.1:5000/app"})
    assert (refused.status, refused.json["error"]["details"]) == (422, {"image": ["address_private"]})
    assert "SURVEYOR_ALLOW_HOSTS" in refused.json["error"]["message"]
    for body in (
        {},
        {"url": "https://shop.example/", "image": "app:1"},
        {"url": "https://shop.example/", "platform": "linux/arm64"},
    ):
        wrong = client.post(f"{SHORT}/scans/run", body=body)
        assert (wrong.status, wrong.json["error"]["code"]) == (422, "invalid_params")
    made = client.post(
        f"{SHORT}/registries", body={"host": "registry.example", "username": "robot", "password": PASSWORD}
    )
    assert made.status == 201
    one = made.json["data"]["id"]
    listed = client.get(f"{SHORT}/registries")
    assert [login["host"] for login in listed.json["data"]["registries"]] == ["registry.example"]
    changed = client("PATCH", f"{SHORT}/registries/{one}", body={"password": PASSWORD, "username": "other"})
    assert changed.json["data"]["username"] == "other"
    gone = client("DELETE", f"{SHORT}/registries/{one}")
    assert gone.json["data"] == {"registries": []}
    for told in (made, listed, changed, gone):
        assert PASSWORD not in told.text
    assert client("DELETE", f"{SHORT}/registries/{one}").status == 404


async def test_what_is_stored_cannot_be_read(service: Service, database_url: str) -> None:
    client = service.client(service.key)
    body = {"host": "registry.example", "username": "robot", "password": PASSWORD}
    assert client.post(f"{SHORT}/registries", body=body).status == 201
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("select sealed, host from registry_logins").fetchall()
    assert [host for _, host in rows] == ["registry.example"]
    assert PASSWORD.encode() not in bytes(rows[0][0])


async def test_pages_start_an_image_and_keep_logins(service: Service) -> None:
    browser = await signed_in(service)
    token = browser.csrf()
    assert 'action="/images"' in browser.get("/").text
    started = browser.submit("/images", {"csrf": token, "image": "registry.example/app:1", "platform": ""})
    assert started.status == 303
    shown = browser.get(started.headers["location"]).text
    assert "registry.example/app:1" in shown
    assert "<small>Image</small>" in browser.get("/").text
    refused = browser.submit("/images", {"csrf": token, "image": "10.0.0.1/<b>", "platform": "linux/arm64"})
    assert refused.status == 422
    assert "10.0.0.1/&lt;b&gt;" in refused.text
    assert "linux/arm64" in refused.text
    assert browser.submit("/images", {"image": "registry.example/app:1"}).status == 403
    empty = browser.get("/registries").text
    assert "No login is kept" in empty
    fields = {"csrf": token, "host": "registry.example", "username": "robot", "password": PASSWORD}
    assert browser.submit("/registries", fields).status == 303
    page = browser.get("/registries").text
    assert "registry.example" in page
    assert PASSWORD not in page
    twice = browser.submit("/registries", fields)
    assert twice.status == 409
    assert "already" in twice.text
    assert PASSWORD not in twice.text
    one = page.partition('action="/registries/')[2].partition('"')[0]
    wrong = browser.submit(f"/registries/{one}", {"csrf": token, "username": "a:b", "password": PASSWORD})
    assert wrong.status == 422
    assert PASSWORD not in wrong.text
    changed = browser.submit(f"/registries/{one}", {"csrf": token, "username": "other", "password": "new"})
    assert changed.status == 303
    assert "other" in browser.get("/registries").text
    assert browser.submit(f"/registries/{one}/delete", {"csrf": token}).status == 303
    assert "No login is kept" in browser.get("/registries").text
    assert browser.submit("/registries/nothing/delete", {"csrf": token}).status == 404
