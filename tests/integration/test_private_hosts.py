"""Private hosts of one project: who may name them, in which forms, and that they are nobody else's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from surveyor.scan.settings import AllowedHost
from surveyor.service.actions import hosts, registries, scans, schedules, teams, webhooks
from surveyor.service.actions.schedules import Subject
from surveyor.service.errors import InvalidParams, NotFound
from tests.integration.test_api import SHORT, failed
from tests.integration.test_llm_providers import keeper
from tests.servers.pipeline import Ground
from tests.servers.service import Service

PATH = f"{SHORT}/private-hosts"
URL = "http://10.0.0.1:3000/"


async def test_a_host_is_allowed_to_one_project_and_to_no_other(ground: Ground) -> None:
    platform, sessions = ground.platform, ground.platform.sessions
    other = await teams.create_project(sessions, team=str(ground.team_id), slug="other")
    mine, theirs = ground.place, {"team_id": ground.team_id, "project_id": other.id}
    names = {"team": str(ground.team_id), "project": str(ground.project_id)}
    assert await hosts.allow(sessions, **names, host=" 10.0.0.1:3000 ") == ["10.0.0.1:3000"]
    assert await hosts.allow(sessions, **names, host="Intranet.") == ["10.0.0.1:3000", "intranet"]
    assert (await scans.start_web(platform, **mine, url=URL)).status == "queued"
    assert (await schedules.create(platform, **mine, subject=Subject(url=URL), cron="0 3 * * *")).active
    assert (await scans.start_image(platform, **mine, image="10.0.0.1:3000/app:1")).status == "queued"
    assert await registries.create(platform, **mine, host="10.0.0.1:3000", username="u", password="p")
    for place, url in ((theirs, URL), (mine, "http://10.0.0.1:3001/"), (mine, "http://10.0.0.2:3000/")):
        with pytest.raises(InvalidParams, match="surveyor admin host allow"):
            await scans.start_web(platform, **place, url=url)
    # a receiver of webhooks is no target
    with pytest.raises(InvalidParams, match=r"SURVEYOR_ALLOW_HOSTS$"):
        await webhooks.create(platform, **mine, url=URL, events=["scan.done"])
    # what the settings of the service allow is everybody's, and stays so
    near = replace(platform, scan=replace(platform.scan, allow_hosts=(AllowedHost(host="10.0.0.9"),)))
    allowed = (await hosts.settings_of(near, ground.project_id)).allow_hosts
    assert {one.host for one in allowed} == {"10.0.0.9", "10.0.0.1", "intranet"}
    assert await hosts.settings_of(near, other.id) is near.scan
    assert await hosts.forbid(sessions, **names, host="10.0.0.1:3000") == ["intranet"]
    with pytest.raises(InvalidParams):
        await scans.start_web(platform, **mine, url=URL)
    with pytest.raises(NotFound):
        await hosts.forbid(sessions, **names, host="10.0.0.1:3000")
    with pytest.raises(NotFound):
        await hosts.allow(sessions, team="nobody", project="default", host="a.example")


async def test_only_who_runs_the_service_may_name_them_by_the_api(service: Service) -> None:
    body = {"hosts": ["[FD00::1]:8080", "shop.internal", "shop.internal"]}
    failed(service.client()("PUT", PATH, body=body), 403, "forbidden")
    operator = await keeper(service)
    kept = operator("PUT", PATH, body=body)
    assert (kept.status, kept.json["data"]["hosts"]) == (200, ["[fd00::1]:8080", "shop.internal"])
    assert service.client().get(PATH).json["data"] == kept.json["data"]
    for wrong in ("http://a.example/", "a:b", "a:0", "", "a/b", "*"):
        failed(operator("PUT", PATH, body={"hosts": [wrong]}), 422, "invalid_params")
    assert operator("PUT", PATH, body={"hosts": []}).json["data"] == {"hosts": []}
