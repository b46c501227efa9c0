"""How fresh the advisories are, asking for newer ones, and having inventories matched again with those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from surveyor.scan.model import Kind
from surveyor.service import queue
from surveyor.service.actions import clock, intake
from surveyor.service.errors import Conflict
from surveyor.service.store import advisories
from surveyor.service.store import unmatched as store
from surveyor.service.store.advisories import AdvisoryUpdate
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.scans import Scan
from surveyor.service.store.unmatched import Unmatched

UPDATE_TASK = "update_advisories"
REMATCH_TASK = "rematch"
#: What an update may name before everything counts as changed: a child's word, which is not trusted to be short.
_MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What an update changed: packages by the numbers of ``scan.advise.concern``, flaws by name."""

    state: str
    everything: bool = False
    packages: tuple[int, ...] = ()
    flaws: tuple[str, ...] = ()

    @property
    def none(self) -> bool:
        """Whether no inventory is to be matched again."""
        return not (self.everything or self.packages or self.flaws)


def changed(said: Mapping[str, Any]) -> Changed:
    """A child's word, judged; raises what wrong types raise."""
    packages, flaws = [int(number) for number in said["packages"]], [str(name) for name in said["flaws"]]
    if len(packages) + len(flaws) > _MOST or any(not -(1 << 63) <= number < 1 << 63 for number in packages):
        return Changed(state=intake.clean(said["state"], 100), everything=True)
    return Changed(
        state=intake.clean(said["state"], 100),
        everything=bool(said["everything"]),
        packages=tuple(packages),
        flaws=tuple(intake.clean(name, 100) for name in flaws),
    )


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


async def ask(session: Session, *, fetch: bool = True) -> AdvisoryUpdate | None:
    """The same inside a larger transaction; ``None`` while one waits or runs.

    Without ``fetch`` the database has been brought up to date already.
    """
    await advisories.lock(session)
    last = await advisories.latest(session)
    if last is not None and last.status in {"queued", "running"}:
        return None
    update = await advisories.add(session)
    await queue.enqueue(session, UPDATE_TASK, {"update_id": str(update.id), **({} if fetch else {"fetch": False})})
    return update


async def refresh(sessions: Sessions) -> AdvisoryUpdate | None:
    """Queue an update; ``None`` while one waits or runs."""
    async with sessions() as session, session.begin():
        return await ask(session)


async def notice(sessions: Sessions, *, state: str, written: datetime) -> AdvisoryUpdate | None:
    """Take note that the database, written then, is at a state that no update told of; ``None`` where one did or will.

    By command line it is brought up to date and imported. One of before the last update is another machine's.
    """
    async with sessions() as session, session.begin():
        last = await advisories.latest(session, status="done")
        if state == await advisories.told(session) or (last and last.finished_at and written <= last.finished_at):
            return None
        return await ask(session, fetch=False)


async def begin(sessions: Sessions, update_id: UUID) -> str | None:
    """Stamp an update as running; the state that the last one left, ``None`` when this one has ended already."""
    async with sessions() as session, session.begin():
        update = await advisories.find(session, update_id)
        if update is None or update.status not in {"queued", "running"}:
            return None
        await advisories.change(session, update_id, status="running", started_at=clock.now())
        return await advisories.told(session)


async def finish(
    sessions: Sessions,
    update_id: UUID,
    *,
    sources: Sequence[Mapping[str, object]],
    error: str | None,
    changed: Changed | None = None,
) -> None:
    """Write down what an update came to; ``error`` says why it failed.

    With what it changed the inventories that hold some of it wait to be matched again.
    """
    values: dict[str, object] = {"status": "failed" if error else "done", "error": error, "finished_at": clock.now()}
    if changed is not None and not error:
        values |= {"state": changed.state, "everything": changed.everything}
        values |= {"packages": list(changed.packages), "flaws": list(changed.flaws)}
    async with sessions() as session, session.begin():
        await advisories.change(session, update_id, sources=intake.scrub(list(sources), limit=1000), **values)
        if changed is not None and not error and not changed.none:
            await queue.enqueue(session, REMATCH_TASK, {"update_id": str(update_id)}, lock=REMATCH_TASK)


async def catch_up(session: Session, scan: Scan) -> None:
    """Have a scan that ends now matched again where an update ended while it ran: it may have read what was before."""
    if scan.kind != Kind.ARTIFACT:
        return
    await advisories.hold(session, alone=False)
    update = await advisories.changed_after(session, scan.started_at or scan.inserted_at)
    if update is not None:
        args = {"update_id": str(update), "scan_id": str(scan.id)}
        await queue.enqueue(session, REMATCH_TASK, args, lock=REMATCH_TASK)
