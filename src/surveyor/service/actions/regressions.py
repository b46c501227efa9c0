"""What was solved and is there again: opened by scans and by people, and read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from surveyor.remedy import lifecycle
from surveyor.service.actions import webhooks
from surveyor.service.store import cursor, history, regressions, sightings
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.history import Change
from surveyor.service.store.regressions import Regression
from surveyor.service.store.sightings import Place

PAGE_LIMIT = 100


async def reappear(session: Session, place: Place, finding_ids: Sequence[UUID], *, looked_from: datetime) -> None:
    """Take up again what was solved and this scan sees, one regression each; in the scan's own transaction.

    A scan that began to look before the finding was solved says nothing about whether it is.
    """
    again = await sightings.solved(session, finding_ids, before=looked_from) if finding_ids else []
    if not again:
        return
    await sightings.take_up(session, place, again, status=lifecycle.REAPPEARED)
    await history.add(
        session,
        [
            Change(
                finding_id=found,
                at=place.at,
                who=f"scan:{place.scan_id}",
                field="status",
                before="resolved",
                after=lifecycle.REAPPEARED,
                reason="seen again",
            )
            for found in again
        ],
    )
    where = {"team_id": place.team_id, "project_id": place.project_id, "scan_id": place.scan_id}
    await regressions.add(
        session, [{**where, "finding_id": found, "trigger": regressions.REAPPEARED} for found in again]
    )
    await webhooks.announce_regressions(session, **where, finding_ids=again, trigger=regressions.REAPPEARED)


async def page(
    sessions: Sessions,
    *,
    team_id: UUID,
    project_id: UUID,
    trigger: str | None = None,
    finding_id: UUID | None = None,
    limit: int = 50,
    after: str | None = None,
) -> cursor.Page[Regression]:
    """A project's regressions, the newest first; ``limit`` at most 100."""
    async with sessions() as session:
        return await regressions.page(
            session,
            team_id,
            project_id,
            trigger=trigger,
            finding_id=finding_id,
            limit=max(1, min(limit, PAGE_LIMIT)),
            after=after,
        )
