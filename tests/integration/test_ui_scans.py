"""Scans from the page: a month without units stops none, and an ended one says how the thing is doing."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID, uuid4

from sqlalchemy import text

from surveyor.service.actions import llm
from surveyor.service.actions.llm import Change
from surveyor.service.store import llm_quota
from tests.integration.test_ui_sessions import signed_in
from tests.servers.service import Service

HOSTILE = "<script>alert(1)</script>"
PAGE = "https://example.com/"


async def without_units(service: Service) -> None:
    """A model that could be asked, and no unit to ask it with."""
    platform = service.app.state.platform
    service.app.state.platform = replace(platform, llm=replace(platform.llm, monthly_units=0))
    given = {"key": "sk-ant-0123456789abcdef"}
    await llm.set_providers(platform, team_id=service.first.team_id, changes=[Change(kind="anthropic", given=given)])


async def test_a_month_without_units_stops_no_scan_of_a_page_or_a_file(service: Service) -> None:
    await without_units(service)
    browser = await signed_in(service)
    csrf = browser.csrf()
    started = browser.submit("/scans", {"csrf": csrf, "url": "example.com"})
    assert started.status == 303, started.text
    headers = {"x-csrf-token": csrf, "sec-fetch-site": "same-origin", "accept": "application/json"}
    headers["cookie"] = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    sent = browser.client.post("/uploads?filename=a.jar", body=b"PK\x05\x06" + bytes(18), headers=headers)
    assert sent.status == 202, sent.text
    for path in (started.headers["location"], sent.json["data"]["href"]):
        async with service.sessions() as session:
            state = await llm_quota.state_of(session, purpose="scan", subject_id=UUID(path.rpartition("/")[2]))
        # what the run's end says in its coverage: no model was asked, since no unit was left
        assert state == "refused"


async def test_what_was_typed_stays_as_it_was_typed(service: Service) -> None:
    browser = await signed_in(service)
    csrf = browser.csrf()
    refused = browser.submit("/scans", {"csrf": csrf, "url": "169.254.169.254/x"})
    assert refused.status == 422
    assert 'value="169.254.169.254/x"' in refused.text
    fields = {"csrf": csrf, "url": "169.254.169.254/y", "cron": "1 2 3 * *", "time_zone": "Asia/Tokyo"}
    refused = browser.submit("/schedules", fields)
    assert refused.status == 422
    for name in ("url", "cron", "time_zone"):
        assert f'value="{fields[name]}"' in refused.text


async def ended(service: Service, **summary: object) -> str:
    """A done scan with this summary."""
    given = {
        "id": uuid4(),
        "team": service.first.team_id,
        "project": service.first.project_id,
        "url": PAGE,
        "summary": json.dumps(summary),
        "coverage": json.dumps(
            [
                {"what": "analysis", "state": "skipped", "reason": "quota_exceeded"},
                {"what": "slot.seo", "state": "failed", "reason": "unreachable"},
            ]
        ),
    }
    statement = (
        "insert into audit_scan_runs (id, team_id, project_id, kind, status, trigger, url, name, summary, coverage,"
        " started_at, finished_at) values (:id, :team, :project, 'web', 'done', 'manual', :url, :url,"
        " cast(:summary as jsonb), cast(:coverage as jsonb), now(), now())"
    )
    async with service.sessions() as session, session.begin():
        await session.execute(text(statement), given)
    return f"/scans/{given['id']}"


async def test_an_ended_scan_says_how_it_is_doing_and_who_says_so(service: Service) -> None:
    browser = await signed_in(service)
    counts = {"critical": 0, "high": 1, "medium": 0, "low": 0, "unknown": 1}
    said = {"health_score": 61, "summary": f"Start with the policy. {HOSTILE}", "model": f"m-1 {HOSTILE}"}
    shown = browser.get(await ended(service, findings=counts, computed_health=83, **said)).text
    assert "that Surveyor computes" in shown
    assert "1 finding is unrated and weighs nothing in it." in shown
    assert "Not everything was looked at" in shown
    assert "says 61 of 100" in shown
    assert "Start with the policy." in shown
    assert "<script>alert" not in shown
    assert "units of language models are used, so none was asked" in shown
    bare = browser.get(await ended(service, findings=counts, computed_health=None)).text
    assert 'class="health"' not in bare


async def test_scores_are_shown_with_their_tests_and_what_is_not_known(service: Service) -> None:
    browser = await signed_in(service)
    rows = (
        ("content-security-policy", "csp-not-implemented", -25.0, HOSTILE),
        ("referrer-policy", "referrer-policy-private", 5.0, "x"),
        ("redirection", "not_looked", None, "no answer"),
        ("cookies", "cookies-not-found", 0.0, "y"),
    )
    tests = [dict(zip(("id", "outcome", "modifier", "detail"), row, strict=True), title=row[0]) for row in rows]
    score = {"scanner": "security", "profile": "observatory-6", "lowest": 55, "highest": 75, "tests": tests}
    scores = [score, {"profile": "x", "grade": "B", "score": 70}, "nonsense"]
    shown = browser.get(await ended(service, scores=scores)).text
    words = ("HTTP Observatory", "55 to 75", "-25", "+5", "Not looked at: no answer", "1 test without points", ">B<")
    assert [word for word in words if word not in shown] == []
    assert "<script>alert" not in shown
    assert 'aria-label="Scores"' not in browser.get(await ended(service)).text
