"""Read findings, and decide about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from surveyor.remedy import lifecycle, priority
from surveyor.service.actions import clock, priorities
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.store import cursor, finding_lists, findings, history, regressions
from surveyor.service.store import priorities as weights
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.finding_lists import Filter
from surveyor.service.store.findings import FindingRow, Named
from surveyor.service.store.history import Change

PAGE_LIMIT = 100
REASON_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Kept:
    """The mark of a field that a change does not touch, which ``None`` cannot be: it empties one."""


KEEP: Final = Kept()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody wants of a finding; fields that stay are ``KEEP``.

    ``priority`` is a score 0..100, ``None`` gives it back to the formula. ``if_updated_at`` is the state that the
    decision was made on: another one by now refuses it.
    """

    status: str | Kept = KEEP
    severity: str | Kept = KEEP
    owner_id: UUID | Kept | None = KEEP
    priority: int | Kept | None = KEEP
    reason: str | None = None
    if_updated_at: datetime | None = None


async def page(
    sessions: Sessions,
    *,
    team_id: UUID,
    project_id: UUID,
    wanted: Filter | None = None,
    limit: int = 50,
    after: str | None = None,
    scope: str | None = None,
) -> cursor.Page[FindingRow]:
    """A project's findings with their assets, most urgent first unless asked otherwise; ``limit`` at most 100.

    With a ``scope``, a page or an artifact, only assets in it are given, and the others are counted.
    """
    wanted = wanted or Filter()
    rows, order = finding_lists.of_project(team_id, project_id, wanted), wanted.sort
    async with sessions() as session:
        return await finding_lists.page(
            session, rows, limit=max(1, min(limit, PAGE_LIMIT)), after=after, sort=order, scope=scope
        )


async def find(sessions: Sessions, *, team_id: UUID, project_id: UUID, finding_id: UUID) -> FindingRow:
    """One finding with its assets."""
    async with sessions() as session:
        found = await findings.find(session, team_id, project_id, finding_id)
    if found is None:
        raise NotFound("no such finding")
    return found


async def named(sessions: Sessions, *, team_id: UUID, project_id: UUID, ids: Collection[UUID]) -> dict[UUID, Named]:
    """What these findings are called and how they stand, for lists of what is about them."""
    if not ids:
        return {}
    async with sessions() as session:
        return await findings.named(session, team_id, project_id, ids)


async def past(
    sessions: Sessions,
    *,
    team_id: UUID,
    project_id: UUID,
    finding_id: UUID,
    limit: int = 50,
    after: str | None = None,
) -> cursor.Page[Change]:
    """A finding's history, the newest change first; ``limit`` at most 100."""
    await find(sessions, team_id=team_id, project_id=project_id, finding_id=finding_id)
    async with sessions() as session:
        return await history.page(session, finding_id, limit=max(1, min(limit, PAGE_LIMIT)), after=after)


async def decide(
    sessions: Sessions, *, team_id: UUID, project_id: UUID, finding_id: UUID, who: str, decision: Decision
) -> FindingRow:
    """Change a finding; all of the decision or nothing. Conflict names the legal moves."""
    async with sessions() as session, session.begin():
        row = await findings.lock(session, team_id, project_id, finding_id)
        if row is None:
            raise NotFound("no such finding")
        if decision.if_updated_at is not None and decision.if_updated_at != row.updated_at:
            raise Conflict(
                "the finding has changed since", details={"updated_at": row.updated_at.isoformat(), "stale": True}
            )
        values = {**_status(row, decision), **_severity(row, decision), **_owner(row, decision)}
        now = clock.now()
        changes = [
            Change(
                finding_id=row.id,
                at=now,
                who=who,
                field=name,
                before=_plain(getattr(row, name)),
                after=_plain(values[name]),
                reason=decision.reason,
            )
            for name in ("status", "severity", "owner_id")
            if name in values
        ]
        if values:
            await findings.change(session, row.id, **values)
        if "status" in values and values["status"] == "resolved":
            await regressions.close(session, row.id, at=now)
        changes += await _priority(session, row, decision, who, now, again="severity" in values)
        await history.add(session, changes)
    return await find(sessions, team_id=team_id, project_id=project_id, finding_id=finding_id)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value


def refuse_move(what: str, status: str, to: str, moves: Mapping[str, tuple[str, ...]]) -> Conflict:
    """The refusal of a move, with the legal ones."""
    legal = list(moves[status])
    return Conflict(
        f"a {what} that is {status} cannot become {to}; it can become {' or '.join(legal)}",
        details={"status": status, "legal": legal},
    )


def _status(row: FindingRow, decision: Decision) -> dict[str, Any]:
    to = decision.status
    if isinstance(to, Kept) or to == row.status:
        return {}
    if not lifecycle.finding_may(row.status, to):
        raise refuse_move("finding", row.status, to, lifecycle.FINDING_MOVES)
    if lifecycle.wants_reason(to) and not (decision.reason or "").strip():
        raise InvalidParams("a finding is dismissed with a reason", details={"reason": ["missing"]})
    resolved = clock.now() if to == "resolved" else None
    return {"status": to, "status_reason": decision.reason, "resolved_at": resolved}


def _severity(row: FindingRow, decision: Decision) -> dict[str, Any]:
    to = decision.severity
    if isinstance(to, Kept) or (to == row.severity and row.severity_by == "person"):
        return {}
    if to == "unknown":
        raise InvalidParams("a person rates or leaves it; nobody sets unknown", details={"severity": ["unknown"]})
    return {"severity": to, "severity_by": "person"}


def _owner(row: FindingRow, decision: Decision) -> dict[str, Any]:
    return (
        {}
        if decision.owner_id == row.owner_id or isinstance(decision.owner_id, Kept)
        else {"owner_id": decision.owner_id}
    )


async def _priority(
    session: Session, row: FindingRow, decision: Decision, who: str, now: datetime, *, again: bool
) -> list[Change]:
    """Compute again what rests on a changed severity, then let the person's own score stand."""
    if again or row.priority is None:
        await priorities.rewrite(session, [row.id], at=now)
    if isinstance(decision.priority, Kept):
        return []
    (weighed,) = await weights.read(session, [row.id])
    record, values = priority.decide(weighed.priority, decision.priority)
    if record == weighed.priority:
        return []
    await weights.write(session, [weights.Standing(id=row.id, values=values, record=record)])
    await findings.change(session, row.id)
    before, after = row.priority_score, values["score"]
    return [
        Change(finding_id=row.id, at=now, who=who, field="priority", before=before, after=after, reason=decision.reason)
    ]
