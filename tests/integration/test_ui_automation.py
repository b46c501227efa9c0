"""The forms of webhooks and schedules, as another site's page or another team would use them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.routing import Route

from surveyor.service import ui
from surveyor.service.actions import schedules as plans
from surveyor.service.actions import teams, webhooks
from surveyor.service.config import Config
from tests.integration.test_ui_sessions import Browser, signed_in
from tests.servers.service import Service
from tests.servers.webhook import Receiver

NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def config(config: Config, receiver: Receiver) -> Config:
    return config.model_copy(update={"scan": {"allow_hosts": f"127.0.0.1:{receiver.port}"}})


def forms() -> list[str]:
    """Every form that there is, so that a new one is judged too; signing in has tests of its own, uploads no form."""
    found = [r.path for r in ui.routes() if isinstance(r, Route) and "POST" in (r.methods or ())]
    return [path for path in found if path not in {"/sign-in", "/uploads", "/sign-out"}]


def of(path: str, **ids: object) -> str:
    for name in ("webhook_id", "schedule_id"):
        path = path.replace(f"{{{name}}}", str(ids.get(name, NOBODYS)))
    return "/".join(NOBODYS if part.startswith("{") else part for part in path.split("/"))


async def test_every_form_needs_the_sessions_own_token_and_site(service: Service) -> None:
    browser = await signed_in(service)
    other = (await signed_in(service)).csrf()
    mine = browser.csrf()
    assert len(forms()) >= 12
    for path in map(of, forms()):
        for fields in ({}, {"csrf": other}):
            assert browser.submit(path, fields).status == 403, path
        assert browser.submit(path, {"csrf": mine}, headers={"sec-fetch-site": "cross-site"}).status == 403, path
        assert Browser(service).submit(path, {"csrf": mine}).status in {303, 401}, path


async def test_another_teams_webhook_and_schedule_are_not_there(service: Service, receiver: Receiver) -> None:
    platform = service.app.state.platform
    team = await teams.create_team(service.sessions, slug="other")
    (project,) = await teams.list_projects(service.sessions, team="other")
    place = {"team_id": team.id, "project_id": project.id}
    hook = (await webhooks.create(platform, **place, url=receiver.url())).webhook
    plan = await plans.create(platform, **place, subject=plans.Subject(url=receiver.url()), cron="0 1 * * *")
    browser = await signed_in(service)
    fields = {"csrf": browser.csrf(), "url": receiver.url(), "cron": "0 2 * * *", "time_zone": "UTC"}
    fields["event:scan.done"] = "on"
    for path in forms():
        if "{webhook_id}" in path or "{schedule_id}" in path:
            whole = of(path, webhook_id=hook.id, schedule_id=plan.id)
            assert browser.submit(whole, fields).status == 404, path
            assert browser.submit(path.replace("{webhook_id}", "x").replace("{schedule_id}", "x"), fields).status == 404
    assert browser.get(f"/schedules/{plan.id}").status == 404
    assert browser.get(f"/webhooks/{hook.id}/deliveries").status == 404
    assert receiver.url() not in browser.get("/webhooks").text
    assert receiver.url() not in browser.get("/schedules").text
    held = await webhooks.find(service.sessions, **place, webhook_id=hook.id)
    assert (held.active, held.events) == (True, webhooks.EVENTS)


async def test_the_secret_is_on_one_page_once(service: Service, receiver: Receiver) -> None:
    browser = await signed_in(service)
    fields = {"csrf": browser.csrf(), "url": receiver.url(), "event:scan.done": "on"}
    made = browser.submit("/webhooks", fields)
    assert made.status == 200
    assert made.headers["cache-control"] == "no-store"
    secret = made.text.split('id="secret"')[1].split(">")[1].split("<")[0]
    assert secret.startswith("whsec_")
    for path in ("/webhooks", "/"):
        assert secret not in browser.get(path).text
    again = browser.submit("/webhooks", fields)
    assert again.status == 409
    assert "whsec_" not in again.text


async def test_hostile_values_stay_text(service: Service, receiver: Receiver) -> None:
    browser = await signed_in(service)
    hostile = 'http://127.0.0.1/"><script>alert(1)</script>'
    fields = {"csrf": browser.csrf(), "url": hostile, "cron": "<u>", "time_zone": "'><s>", "event:scan.done": "on"}
    for path in ("/webhooks", "/schedules"):
        answer = browser.submit(path, fields)
        assert answer.status == 422
        assert "<script>alert" not in answer.text
        assert "<u>" not in answer.text
        assert "<s>" not in answer.text


async def test_who_switched_something_off_is_said(service: Service, receiver: Receiver) -> None:
    platform, place = service.app.state.platform, {"team_id": service.first.team_id}
    place["project_id"] = service.first.project_id
    hook = (await webhooks.create(platform, **place, url=receiver.url())).webhook
    plan = await plans.create(platform, **place, subject=plans.Subject(url=receiver.url()), cron="0 1 * * *")
    browser = await signed_in(service)
    csrf = browser.csrf()
    pages = {f"schedules/{plan.id}": ("/schedules", f"/schedules/{plan.id}"), f"webhooks/{hook.id}": ("/webhooks",)}
    for path, shown in pages.items():
        assert service.client()("PATCH", f"/api/v1/audit/{path}", body={"active": False}).status == 200
        for page in shown:
            text = browser.get(page).text
            assert "witched off by the API key sv_live_" in text, page
            # somebody wanted it so: that is no failure
            assert "pill failed" not in text, page
        assert browser.submit(f"/{path}/switch", {"csrf": csrf, "active": "on"}).status == 303
        assert browser.submit(f"/{path}/switch", {"csrf": csrf, "active": ""}).status == 303
        assert "witched off by a person" in browser.get(shown[0]).text


async def test_a_wrong_cron_is_named_and_stays(service: Service, receiver: Receiver) -> None:
    browser = await signed_in(service)
    fields = {"csrf": browser.csrf(), "url": receiver.url(), "cron": "61 * * * *", "time_zone": "UTC"}
    answer = browser.submit("/schedules", fields)
    assert answer.status == 422
    assert "The minute is 0 to 59, not 61." in answer.text
    assert 'value="61 * * * *"' in answer.text


async def test_how_a_page_is_scanned_is_chosen_and_changed(service: Service, receiver: Receiver) -> None:
    browser = await signed_in(service)
    fields = {"csrf": browser.csrf(), "url": receiver.url(), "cron": "0 1 * * *", "time_zone": "UTC"}
    asked = {"pages": "7", "device": "desktop", "engine": "lab", "headers": "X-Stage: open-sesame-4711"}
    wrong = browser.submit("/schedules", {**fields, **asked, "headers": "no header"})
    assert wrong.status == 422
    assert "Header 1: one a line" in wrong.text
    assert 'value="7"' in wrong.text
    assert browser.submit("/schedules", {**fields, **asked}).status == 303
    listed = browser.get("/schedules").text
    assert "up to 7 pages of the site, loaded as desktop, measured by the laboratory, with X-Stage" in listed
    one = listed.split('href="/schedules/')[1].split('"')[0]
    shown = browser.get(f"/schedules/{one}").text
    assert 'value="7"' in shown
    assert "Kept now: X-Stage" in shown
    assert "sesame" not in listed + shown
    path = f"/schedules/{one}/options"
    assert browser.submit(path, {"csrf": browser.csrf(), "device": "watch"}).status == 422
    assert browser.submit(path, {"csrf": browser.csrf(), "device": "mobile"}).status == 303
    assert "with X-Stage" in browser.get(f"/schedules/{one}").text
    assert browser.submit(path, {"csrf": browser.csrf(), "forget_headers": "on"}).status == 303
    assert "X-Stage" not in browser.get(f"/schedules/{one}").text
