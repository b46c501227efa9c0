"""The pages of findings, tasks and verifications as another team, a crooked form or hostile text would meet them."""

from __future__ import annotations

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
