"""Read findings."""

from __future__ import annotations

from uuid import UUID

from surveyor.service.errors import NotFound
from surveyor.service.store import cursor, findings
from surveyor.service.store.database import Sessions
from surveyor.service.store.findings import Filter, FindingRow

PAGE_LIMIT = 100


async def page(
    sessions: Sessions,
    *,
    team_id: UUID,
    project_id: UUID,
    wanted: Filter | None = None,
    limit: int = 50,
    after: str | None = None,
) -> cursor.Page[FindingRow]:
    """A project's findings with their assets, most urgent first; ``limit`` at most 100."""
    wanted = wanted or Filter()
    rows, order = findings.of_project(team_id, project_id, wanted), wanted.sort
    async with sessions() as session:
        return await findings.page(session, rows, limit=max(1, min(limit, PAGE_LIMIT)), after=after, sort=order)


async def find(sessions: Sessions, *, team_id: UUID, project_id: UUID, finding_id: UUID) -> FindingRow:
    """One finding with its assets."""
    async with sessions() as session:
        found = await findings.find(session, team_id, project_id, finding_id)
    if found is None:
        raise NotFound("no such finding")
    return found
