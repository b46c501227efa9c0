"""Queues scan runs: the rows and their jobs come together, those of one moment in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError

from surveyor.service import queue
from surveyor.service.errors import NotFound
from surveyor.service.store import scans
from surveyor.service.store.batch import Batch
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.scans import NewScan, Scan

RUN_TASK = "scan_run"


async def enqueue(session: Session, asked: Sequence[NewScan]) -> list[Scan]:
    """Queue runs in the caller's transaction, in their order; two statements, whatever their number."""
    # the jobs first, so that each row is born with its id
    orders = [queue.Order(task=RUN_TASK, args={"scan_id": str(new.id)}, queue=queue.CONTROL) for new in asked]
    jobs = await queue.enqueue_many(session, orders)
    return await scans.add(session, list(zip(asked, jobs, strict=True)))


class Kickoffs:
    """The kick-offs of one process, each answered when its row and its job are on the disk."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._batch = Batch(self._together)

    async def __call__(self, new: NewScan) -> Scan:
        """Queue one run, with those that come at the same time."""
        return await self._batch(new)

    async def _together(self, asked: Sequence[NewScan]) -> Sequence[Scan | Exception]:
        try:
            async with self._sessions() as session, session.begin():
                return await enqueue(session, asked)
        except IntegrityError:
            # nothing was written; a project that is just being deleted is no reason to refuse the others
            return [await self._alone(new) for new in asked]

    async def _alone(self, new: NewScan) -> Scan | Exception:
        try:
            async with self._sessions() as session, session.begin():
                return (await enqueue(session, [new]))[0]
        except IntegrityError:
            return NotFound("No such project")
