"""Read what a scan found to be there."""

from __future__ import annotations

from uuid import UUID

from surveyor.service.actions import scans
from surveyor.service.store import cursor, package_lists
from surveyor.service.store.database import Sessions
from surveyor.service.store.package_lists import PackageRow

PAGE_LIMIT = 200


async def page(
    sessions: Sessions,
    *,
    team_id: UUID,
    project_id: UUID,
    scan_id: UUID,
    name: str | None = None,
    limit: int = 100,
    after: str | None = None,
) -> cursor.Page[PackageRow]:
    """One page of a scan's inventory by name, narrowed to names that have ``name`` in them; ``limit`` at most 200."""
    await scans.find(sessions, team_id=team_id, project_id=project_id, scan_id=scan_id)
    async with sessions() as session:
        return await package_lists.page(session, scan_id, name=name, limit=max(1, min(limit, PAGE_LIMIT)), after=after)
