"""Units of language models: taken for a kick-off before it is queued, those of one moment in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from surveyor.service.actions import clock
from surveyor.service.errors import InvalidParams, QuotaExceeded
from surveyor.service.store import llm_quota
from surveyor.service.store.batch import Batch
from surveyor.service.store.database import Session, Sessions

#: What a kick-off may want of models: analysis or a refusal; analysis if a unit is left; none.
ANALYSES = ("full", "if_quota", "none")
#: What can be done without a model, and how to ask for that.
_WAY_OUT = {"scan": '; with "analysis": "if_quota" or "none" it is done without a model'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A unit for one subject, of the ``units`` that its team has a month."""

    team_id: UUID
    purpose: str
    subject_id: UUID
    units: int
    analysis: str


def month_of(moment: datetime) -> date:
    """The first day of a moment's month, by which units are counted."""
    return date(moment.year, moment.month, 1)


async def take(session: Session, wanted: Wanted) -> None:
    """Take a unit in the caller's transaction.

    Without a provider nothing is taken and nothing refused. When all are spoken for: QuotaExceeded for ``full``; for
    ``if_quota`` it is remembered that no model will be asked.
    """
    if wanted.analysis not in ANALYSES:
        raise InvalidParams(f"analysis must be one of {', '.join(ANALYSES)}", details={"analysis": ["unknown"]})
    if wanted.analysis == "none":
        return
    month, whose = month_of(clock.now()), {"purpose": wanted.purpose, "subject_id": wanted.subject_id}
    taken = await llm_quota.take(session, team_id=wanted.team_id, month=month, limit=wanted.units, **whose)  # type: ignore[arg-type]
    if taken.taken or not taken.configured:
        return
    if wanted.analysis == "if_quota":
        await llm_quota.refuse(session, team_id=wanted.team_id, month=month, **whose)  # type: ignore[arg-type]
        return
    raise QuotaExceeded(
        f"the team's {wanted.units} units of this month are used or reserved{_WAY_OUT.get(wanted.purpose, '')}",
        details={"limit": wanted.units},
    )


class Units:
    """The units of one process's kick-offs: where nobody has a provider, one look for all that come at once."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._batch: Batch[Wanted, None] = Batch(self._together)

    async def __call__(self, wanted: Wanted) -> None:
        """Take a unit, with those that come at the same time; raises as ``take`` does."""
        await self._batch(wanted)

    async def _together(self, asked: Sequence[Wanted]) -> Sequence[Exception | None]:
        async with self._sessions() as session, session.begin():
            able = await llm_quota.able(session, {wanted.team_id for wanted in asked})
            return [await self._one(session, wanted) if wanted.team_id in able else None for wanted in asked]

    @staticmethod
    async def _one(session: Session, wanted: Wanted) -> Exception | None:
        # what is refused has written nothing, so the others' transaction goes on
        try:
            await take(session, wanted)
        except (QuotaExceeded, InvalidParams) as error:
            return error
        return None
