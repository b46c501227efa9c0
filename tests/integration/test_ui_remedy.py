"""The pages of findings, tasks and verifications as another team, a crooked form or hostile text would meet them."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import text

from surveyor.service.actions import tasks, teams, verifications
from tests.integration.test_api_remedy import add
from tests.integration.test_ui_sessions import signed_in
from tests.servers.service import Service

HOSTILE = '"><script>alert(1)</script>'


async def work(service: Service, finding: str, **place: UUID) -> tuple[UUID, UUID]:
    """A task of a finding, and a verification of that."""
    task = await tasks.create(
        service.sessions, team_id=place["team_id"], project_id=place["project_id"], finding_id=UUID(finding)
    )
    proof = await verifications.start(
        service.app.state.platform,
        team_id=place["team_id"],
        project_id=place["project_id"],
        task_id=task.id,
        who="person",
    )
    return task.id, proof.id


async def test_what_is_another_teams_is_not_there(service: Service) -> None:
    team = await teams.create_team(service.sessions, slug="other")
    (project,) = await teams.list_projects(service.sessions, team="other")
    place = {"team_id": team.id, "project_id": project.id}
    finding = await add(service, title="A secret of others", **place)
    task, proof = await work(service, finding, **place)
    browser = await signed_in(service)
    for path in (
        f"/findings/{finding}",
        f"/tasks/{task}",
        f"/verifications/{proof}",
        f"/verifications/{proof}/live?seen=x",
        "/findings/x",
        "/tasks/x",
        "/verifications/x",
    ):
        assert browser.get(path).status == 404, path
    for path in (
        f"/findings/{finding}",
        f"/findings/{finding}/tasks",
        f"/tasks/{task}",
        f"/tasks/{task}/move",
        f"/tasks/{task}/verify",
        f"/verifications/{proof}/again",
        f"/verifications/{proof}/reopen",
    ):
        fields = {"csrf": browser.csrf(), "status": "in_progress"}
        assert browser.submit(path, fields).status == 404, path
    for path in ("/findings", "/tasks", "/verifications"):
        assert "A secret of others" not in browser.get(path).text
    held = await tasks.find(service.sessions, **place, task_id=task)
    assert held.status == "backlog"


async def test_illegal_moves_are_refused_with_the_reason_and_change_nothing(service: Service) -> None:
    finding = await add(service)
    task, proof = await work(service, finding, team_id=service.first.team_id, project_id=service.first.project_id)
    browser = await signed_in(service)
    csrf = browser.csrf()
    for fields, status in (
        ({"status": "resolved"}, 409),
        ({"status": "gone"}, 422),
        ({"status": "dismissed", "reason": " "}, 422),
        ({"status": "dismissed", "reason": "x" * 2001}, 422),
        ({"severity": "unknown"}, 422),
        ({"priority": "101"}, 422),
        ({"priority": "²"}, 422),
        ({"status": "triaged", "updated_at": "2020-01-01T00:00:00+00:00"}, 409),
    ):
        answer = browser.submit(f"/findings/{finding}", {"csrf": csrf, **fields})
        assert answer.status == status, fields
        assert "Nothing was changed." in answer.text
        assert "Nobody has decided anything yet." in answer.text
    assert browser.submit(f"/tasks/{task}/move", {"csrf": csrf, "status": "done"}).status == 409
    assert browser.submit(f"/tasks/{task}/move", {"csrf": csrf, "status": "gone"}).status == 422
    # one is under way: asking again shows that one, and what is not proved cannot be taken back
    again = browser.submit(f"/tasks/{task}/verify", {"csrf": csrf})
    assert (again.status, again.headers["location"]) == (303, f"/verifications/{proof}")
    assert browser.submit(f"/verifications/{proof}/reopen", {"csrf": csrf}).status == 409
    assert browser.get(f"/verifications/{proof}/live?seen=pending-0").status == 204
    assert browser.get(f"/verifications/{proof}/live?seen=other").status == 200
    # its page offers the same checks once more when it has ended, and while one runs shows that one
    assert "Verify again" not in browser.get(f"/verifications/{proof}").text
    assert browser.submit(f"/verifications/{proof}/again", {"csrf": csrf}).headers["location"].endswith(str(proof))
    async with service.sessions() as session, session.begin():
        statement = text("update audit_verifications set result = 'failed', checks = cast(:checks as jsonb)")
        await session.execute(statement, {"checks": '[{"key": "seo_title", "status": "failed"}]'})
    assert f'action="/verifications/{proof}/again"' in browser.get(f"/verifications/{proof}").text
    made = browser.submit(f"/verifications/{proof}/again", {"csrf": csrf})
    assert made.status == 303
    assert str(proof) not in made.headers["location"]
    assert {"seo_title", "Looking"} <= set(re.findall(r"seo_title|Looking", browser.get(made.headers["location"]).text))


async def test_hostile_text_stays_text_and_the_unknown_is_drawn(service: Service) -> None:
    finding = await add(
        service, title=HOSTILE, domain="vulnerability", severity="unknown", rule="CVE-2026-1", description=HOSTILE
    )
    task, proof = await work(service, finding, team_id=service.first.team_id, project_id=service.first.project_id)
    async with service.sessions() as session, session.begin():
        statement = text("update audit_tasks set pr_url = 'javascript:alert(1)', external_ticket_key = :key")
        await session.execute(statement, {"key": HOSTILE})
    browser = await signed_in(service)
    pages = (
        f"/findings/{finding}",
        f"/tasks/{task}",
        f"/verifications/{proof}",
        "/findings",
        "/tasks",
        "/verifications",
    )
    for path in pages:
        answer = browser.get(path)
        assert answer.status == 200, path
        assert "<script>alert" not in answer.text, path
        assert 'href="javascript' not in answer.text, path
        assert "style=" not in answer.text, path
    shown = browser.get(f"/findings/{finding}").text
    assert "not scored" in shown
    assert "stroke-unknown" in shown


async def test_the_list_is_narrowed_and_sorted_by_its_address(service: Service) -> None:
    await add(service, title="First", rule="rule_a", severity="low", priority_score=90, asset="http://a.example/")
    await add(service, title="Second", rule="rule_b", severity="high", priority_score=10, asset="http://b.example/")
    browser = await signed_in(service)

    def titles(query: str) -> list[str]:
        answer = browser.get(f"/findings{query}")
        assert answer.status == 200, query
        return re.findall(r'<span class="t">([^<]+)</span>', answer.text)

    assert titles("") == titles("?sort=priority") == ["First", "Second"]
    assert titles("?sort=severity") == ["Second", "First"]
    assert titles("?sort=newest") == ["Second", "First"]
    assert titles("?rule=rule_a") == titles("?asset=http://a.example/") == ["First"]
    assert "Priority 90" in browser.get("/findings").text
    # the order is kept, and so is what was typed
    shown = browser.get("/findings?sort=severity&rule=rule_a&asset=http://a.example/").text
    assert re.search(r'value="severity" selected', shown)
    assert 'value="rule_a"' in shown
    assert 'value="http://a.example/"' in shown


async def test_what_is_not_known_in_an_address_is_said(service: Service) -> None:
    await add(service)
    browser = await signed_in(service)
    for path, said in (
        ("/findings?severity=bogus", "There is no severity “bogus”; it can be critical, high"),
        ("/findings?sort=worst", "There is no order “worst”"),
        ("/findings?q=a%00b", "A search has at most 200 readable characters."),
        (f"/findings?rule={'x' * 201}", "A rule has at most 200 readable characters."),
        ("/findings?sevrity=high", "There is no filter called “sevrity”."),
        ("/tasks?status=bogus", "There is no status “bogus”"),
        ("/verifications?result=bogus", "There is no result “bogus”"),
        (f"/findings?severity={HOSTILE}", "There is no severity"),
    ):
        answer = browser.get(path.replace(" ", "%20").replace("<", "%3C").replace(">", "%3E").replace('"', "%22"))
        assert answer.status == 200, path
        assert said in answer.text, path
        assert "<script>alert" not in answer.text
    assert "is known." not in browser.get("/findings?severity=high&sort=newest&q=x").text


async def test_uploads_that_hold_one_package_are_told_apart(service: Service) -> None:
    finding = await add(service, domain="vulnerability", rule="CVE-2026-1", package="pkg:pypi/x@1")
    async with service.sessions() as session, session.begin():
        for name in ("x-1.whl", "x-2.whl"):
            await session.execute(
                text(
                    "insert into finding_assets (finding_id, project_id, scope, slot, identity, type, value, path,"
                    " detected_by_scan, first_seen, last_seen) values (:id, :project, :scope, 'artifact', :name,"
                    " 'package', 'pkg:pypi/x@1', 'x/METADATA', gen_random_uuid(), now(), now())"
                ),
                {
                    "id": UUID(finding),
                    "project": service.first.project_id,
                    "scope": f"artifact:{name}",
                    "name": name.encode(),
                },
            )
    browser = await signed_in(service)
    for path in (f"/findings/{finding}", "/findings"):
        shown = browser.get(path).text
        assert "x-1.whl" in shown, path
        assert "x-2.whl" in shown, path
    assert "CVE-2026-1" in browser.get("/findings?asset=x-2.whl").text
    assert "No finding matches" in browser.get("/findings?asset=x-3.whl").text


async def test_a_tasks_form_keeps_what_was_typed_and_leaves_its_owner_alone(service: Service) -> None:
    finding = await add(service)
    place = {"team_id": service.first.team_id, "project_id": service.first.project_id}
    task, _ = await work(service, finding, **place)
    owner = UUID(int=7)
    await tasks.change(service.sessions, **place, task_id=task, given={"owner_id": owner})
    browser = await signed_in(service)
    shown = browser.get(f"/tasks/{task}").text
    assert "Owner" not in shown
    assert str(owner) not in shown + browser.get("/tasks").text
    fields = {"csrf": browser.csrf(), "title": "Typed", "priority": "low", "due": "2027-01-02", "ticket": "SEC-7"}
    stale = browser.submit(f"/tasks/{task}", {**fields, "updated_at": "2020-01-01T00:00:00+00:00"})
    assert stale.status == 409
    assert "Somebody has changed it meanwhile" in stale.text
    for value in ("Typed", "2027-01-02", "SEC-7"):
        assert f'value="{value}"' in stale.text
    # what is shown now was seen: the same form is taken
    seen = re.search(r'name="updated_at" value="([^"]+)"', stale.text)
    assert seen is not None
    assert browser.submit(f"/tasks/{task}", {**fields, "updated_at": seen.group(1)}).status == 303
    held = await tasks.find(service.sessions, **place, task_id=task)
    assert (held.title, held.owner_id) == ("Typed", owner)


async def test_every_list_leads_back_to_its_first_page(service: Service) -> None:
    for number in range(51):
        await add(service, title=f"Finding {number}", priority_score=50)
    browser = await signed_in(service)
    first = browser.get("/findings?sort=newest").text
    assert "First page" not in first
    following = re.search(r'href="(/findings\?[^"]+cursor=[^"]+)"', first)
    assert following is not None
    later = browser.get(following.group(1).replace("&amp;", "&")).text
    assert 'href="/findings?sort=newest">First page' in later
