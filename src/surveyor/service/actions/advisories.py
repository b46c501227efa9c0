"""How fresh the advisories are, and asking for newer ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from surveyor.service import queue
from surveyor.service.actions import clock, intake
from surveyor.service.errors import Conflict
from surveyor.service.store import advisories
from surveyor.service.store import unmatched as store
from surveyor.service.store.advisories import AdvisoryUpdate
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.unmatched import Unmatched

UPDATE_TASK = "update_advisories"


async def latest(sessions: Sessions) -> tuple[AdvisoryUpdate | None, AdvisoryUpdate | None]:
    """The last update asked for, and the last that succeeded."""
    async with sessions() as session:
        return await advisories.latest(session), await advisories.latest(session, status="done")


async def unmatched(sessions: Sessions, *, team_id: UUID, project_id: UUID) -> list[Unmatched]:
    """A project's files whose newest scan had no advisories: what is worth another scan once there are some."""
    async with sessions() as session:
        return await store.listed(session, team_id, project_id)


async def request_update(sessions: Sessions) -> AdvisoryUpdate:
    """Queue an update; Conflict while one waits or runs."""
    async with sessions() as session, session.begin():
        asked = await ask(session)
    if asked is None:
        raise Conflict("an update waits or runs already")
    return asked


async def ask(session: Session) -> AdvisoryUpdate | None:
    """The same inside a larger transaction; ``None`` while one waits or runs."""
    await advisories.lock(session)
    last = await advisories.latest(session)
    if last is not None and last.status in {"queued", "running"}:
        return None
    update = await advisories.add(session)
    await queue.enqueue(session, UPDATE_TASK, {"update_id": str(update.id)})
    return update


async def refresh(sessions: Sessions) -> AdvisoryUpdate | None:
    """Queue an update; ``None`` while one waits or runs."""
    async with sessions() as session, session.begin():
        return await ask(session)


async def begin(sessions: Sessions, update_id: UUID) -> bool:
    """Stamp an update as running; ``False`` when it has ended already."""
    async with sessions() as session, session.begin():
        update = await advisories.find(session, update_id)
        if update is None or update.status not in {"queued", "running"}:
            return False
        await advisories.change(session, update_id, status="running", started_at=clock.now())
    return True


async def finish(
    sessions: Sessions, update_id: UUID, *, sources: Sequence[Mapping[str, object]], error: str | None
) -> None:
    """Write down what an update came to; ``error`` says why it failed."""
    values = {"status": "failed" if error else "done", "error": error, "finished_at": clock.now()}
    async with sessions() as session, session.begin():
        await advisories.change(session, update_id, sources=intake.scrub(list(sources), limit=1000), **values)
