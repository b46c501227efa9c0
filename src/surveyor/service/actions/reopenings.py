"""Take a proof back, in one transaction."""

from __future__ import annotations

from uuid import UUID

from surveyor.remedy import lifecycle, verify
from surveyor.remedy.lifecycle import Standing
from surveyor.service.actions import clock, webhooks
from surveyor.service.actions.verifications import move
from surveyor.service.errors import Conflict, NotFound
from surveyor.service.store import findings, regressions, tasks, verifications
from surveyor.service.store.database import Sessions
from surveyor.service.store.verifications import Verification


async def reopen(
    sessions: Sessions, *, team_id: UUID, project_id: UUID, verification_id: UUID, who: str, reason: str | None = None
) -> Verification:
    """Take a proof back: task and finding as they were before it, the checks kept, a regression opened."""
    async with sessions() as session, session.begin():
        held = await verifications.lock(session, verification_id, team_id=team_id, project_id=project_id)
        if held is None:
            raise NotFound("no such verification")
        if held.reopened_at is not None:
            raise Conflict("the verification was reopened already")
        if held.result != verify.PASSED:
            raise Conflict(f"the verification is {held.result}; only a passed one can be reopened")
        task = await tasks.lock(session, team_id, project_id, held.task_id)
        # the task's row is held, so none can begin; one that has begun would undo this in its own moment
        if (pending := await verifications.pending_of(session, held.task_id)) is not None:
            raise Conflict("another verification of this task is running", details={"verification_id": str(pending)})
        finding = await findings.lock(session, team_id, project_id, held.finding_id)
        assert task is not None
        assert finding is not None
        now = clock.now()
        was = Standing(task=task.status, finding=finding.status)
        before = Standing(task=held.task_before or was.task, finding=held.finding_before or was.finding)
        to = lifecycle.reopened(was, before)
        if to.task != was.task:
            await tasks.change(session, task.id, status=to.task, done_at=None)
        if to.finding != was.finding:
            await move(session, finding, to.finding, who=who, reason=reason or "verification reopened", at=now)
        await regressions.add(session, [_regression(held)])
        await webhooks.announce_regressions(
            session,
            team_id=team_id,
            project_id=project_id,
            finding_ids=[held.finding_id],
            trigger=regressions.REOPENED,
            verification_id=held.id,
        )
        return await verifications.change(
            session, held.id, result=verify.FAILED, reason="reopened", reopened_at=now, reopened_by=who
        )


def _regression(held: Verification) -> dict[str, object]:
    return {
        "team_id": held.team_id,
        "project_id": held.project_id,
        "finding_id": held.finding_id,
        "task_id": held.task_id,
        "verification_id": held.id,
        "trigger": regressions.REOPENED,
    }
