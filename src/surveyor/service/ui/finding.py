"""One finding: why it is there, why it matters, how it is mended, what was decided; and the forms that decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from surveyor.remedy import lifecycle
from surveyor.service.actions import clock, evidence, findings, regressions, tasks
from surveyor.service.actions.findings import REASON_LENGTH, Decision
from surveyor.service.auth import Identity
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.store.history import Change
from surveyor.service.store.tasks import Task, TaskFilter
from surveyor.service.ui import rows, words
from surveyor.service.ui.background import background
from surveyor.service.ui.evidence import shown
from surveyor.service.ui.factors import picture
from surveyor.service.ui.render import page
from surveyor.service.ui.visitors import freshness, platform_of, submitted, visitor
from surveyor.service.ui.words import Actor, Due, State

_CHANGES, _TASKS, _REGRESSIONS = 20, 10, 5
_CURSOR_LENGTH = 300
_SEVERITIES = ("critical", "high", "medium", "low")
_FIELDS = {"status": "Status", "severity": "Severity", "owner_id": "Owner", "priority": "Priority"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One entry of the history."""

    at: datetime
    actor: Actor
    field: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """A task of this finding, in a line."""

    id: UUID
    title: str
    state: State
    due: Due


async def show(request: Request) -> Response:
    """``GET /findings/{finding_id}``."""
    who = await visitor(request)
    return await _page(request, who)


async def decide(request: Request) -> Response:
    """``POST /findings/{finding_id}``: a status, a severity or a score; what is refused comes back with the reason."""
    who, fields = await submitted(request)
    try:
        await findings.decide(
            platform_of(request).sessions,
            **words.own(who),
            finding_id=finding_id(request),
            who=who.who,
            decision=_decision(fields),
        )
    except (InvalidParams, Conflict) as error:
        return await _page(request, who, wrong=_told(error), typed=fields, status=error.status)
    return RedirectResponse(f"/findings/{finding_id(request)}", 303)


async def create_task(request: Request) -> Response:
    """``POST /findings/{finding_id}/tasks``: work on it, in the backlog."""
    who, _ = await submitted(request)
    made = await tasks.create(platform_of(request).sessions, **words.own(who), finding_id=finding_id(request))
    return RedirectResponse(f"/tasks/{made.id}", 303)


def finding_id(request: Request) -> UUID:
    """The id in the address."""
    try:
        return UUID(request.path_params["finding_id"])
    except ValueError as error:
        raise NotFound("There is no such finding") from error


def _told(error: InvalidParams | Conflict) -> str:
    if (error.details or {}).get("stale"):
        return "Somebody has changed it meanwhile; look at it again."
    return words.said(error.message)


def _decision(fields: dict[str, str]) -> Decision:
    reason = fields.get("reason", "").strip()
    if len(reason) > REASON_LENGTH or "\x00" in reason:
        raise InvalidParams(f"a reason has at most {REASON_LENGTH:,} characters")
    wanted: dict[str, Any] = {"reason": reason or None, "if_updated_at": _moment(fields.get("updated_at", ""))}
    if (status := fields.get("status")) is not None:
        wanted["status"] = _one_of(status, tuple(words.FINDING))
    if (severity := fields.get("severity")) is not None:
        wanted["severity"] = _one_of(severity, _SEVERITIES)
    if (score := fields.get("priority")) is not None:
        wanted["priority"] = _score(score.strip())
    return Decision(**wanted)


def _one_of(given: str, known: tuple[str, ...]) -> str:
    if given not in known:
        raise InvalidParams(f"it can be {' or '.join(known)}")
    return given


def _score(given: str) -> int | None:
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 3 and int(given) <= 100):
        raise InvalidParams("a priority is a whole number from 0 to 100")
    return int(given)


def _moment(given: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(given) if given else None
    except ValueError:
        at = None
    return at if at is not None and at.tzinfo is not None else None


async def _page(
    request: Request, who: Identity, *, wrong: str = "", typed: dict[str, str] | None = None, status: int = 200
) -> Response:
    sessions, own, one = platform_of(request).sessions, words.own(who), finding_id(request)
    row = await findings.find(sessions, **own, finding_id=one)
    known = background(row)
    cursor = request.query_params.get("history", "")[:_CURSOR_LENGTH] if request.method == "GET" else ""
    past = await findings.past(sessions, **own, finding_id=one, limit=_CHANGES, after=cursor or None)
    work = await tasks.page(sessions, **own, wanted=TaskFilter(finding_id=one), limit=_TASKS)
    back = await regressions.page(sessions, **own, finding_id=one, limit=_REGRESSIONS)
    saw = await evidence.saw(sessions, row.last_scan_id, row.domain)
    return page(
        "finding.html",
        status=status,
        here="findings",
        who=who,
        advisories=await freshness(request),
        f=rows.finding(row),
        row=row,
        state=words.FINDING[row.status],
        domain=words.plain(row.domain),
        picture=picture(row),
        known=known,
        saw=f"/scans/{saw}/evidence?slot={row.domain}" if saw is not None else None,
        evidence_shown=shown(known.evidence if known else row.evidence),
        moves=words.finding_moves(row.status, lifecycle.FINDING_MOVES[row.status]),
        severities=_SEVERITIES,
        by_person=(row.priority or {}).get("source") == "person",
        tasks=[_line(task, clock.now()) for task in work.items],
        more_tasks=work.total - len(work.items),
        regressions=[(words.TRIGGERS[r.trigger], r) for r in back.items],
        history={
            "rows": [_change(change) for change in past.items],
            "next": past.next_cursor,
            "later": bool(cursor),
        },
        wrong=wrong,
        reason=(typed or {}).get("reason", ""),
        score=(typed or {}).get("priority", "" if row.priority_score is None else str(row.priority_score)),
    )


def _line(task: Task, now: datetime) -> TaskLine:
    return TaskLine(
        id=task.id, title=task.title, state=words.TASK[task.status], due=words.due(task.sla_due_at, task.done_at, now)
    )


def _change(change: Change) -> ChangeView:
    return ChangeView(
        at=change.at,
        actor=words.actor(change.who),
        field=_FIELDS.get(change.field, words.plain(change.field)),
        before=_said(change.field, change.before),
        after=_said(change.field, change.after),
        reason=change.reason or "",
    )


def _said(field: str, value: Any) -> str:  # noqa: ANN401 - what a history holds is whatever the field held
    if value is None:
        return "nobody" if field == "owner_id" else "not scored" if field == "priority" else "nothing"
    if field == "status":
        return words.FINDING[value].words if value in words.FINDING else str(value)
    if field == "severity":
        return "Not rated" if value == "unknown" else str(value).capitalize()
    return str(value)[:80]
