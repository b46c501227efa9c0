"""Tasks: somebody's work on a finding, by status, and one of them to move, change and verify."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from surveyor.remedy import lifecycle
from surveyor.service.actions import clock, findings, tasks, verifications
from surveyor.service.auth import Identity
from surveyor.service.errors import Conflict, InvalidParams, NotFound, QuotaExceeded, RateLimited, ServiceError
from surveyor.service.store.findings import Named
from surveyor.service.store.tasks import Task, TaskFilter
from surveyor.service.store.verifications import VerificationFilter
from surveyor.service.ui import words
from surveyor.service.ui.proofs import proof
from surveyor.service.ui.render import page
from surveyor.service.ui.task_form import PRIORITIES, Given, filled, read
from surveyor.service.ui.visitors import auth_of, freshness, platform_of, submitted, visitor
from surveyor.service.ui.words import Due, State

_PAGE, _GROUP, _PROOFS = 50, 15, 10
_CURSOR_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """One task for reading; ``severity`` is its finding's."""

    id: UUID
    title: str
    state: State
    status: str
    priority: str
    severity: str
    due: Due
    due_at: datetime | None
    ticket: str
    pr_url: str
    pr_words: str
    began: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The tasks of one status: the newest of them, and how many there are."""

    status: str
    words: str
    rows: tuple[TaskView, ...]
    total: int


async def show(request: Request) -> Response:
    """``GET /tasks``: by status; with ``status`` all of one."""
    who = await visitor(request)
    chosen = request.query_params.get("status", "")
    if chosen not in words.TASK:
        groups = [group for status in words.TASK if (group := await _group(request, who, status)).total]
        return await _list(request, who, groups=groups, unknown=words.unknown("status", chosen, words.TASK))
    cursor = request.query_params.get("cursor", "")[:_CURSOR_LENGTH]
    found = await tasks.page(
        platform_of(request).sessions,
        **words.own(who),
        wanted=TaskFilter(status=chosen),
        limit=_PAGE,
        after=cursor or None,
    )
    group = Group(
        status=chosen, words=words.TASK[chosen].words, rows=await _views(request, who, found.items), total=found.total
    )
    older = f"/tasks?{urlencode({'status': chosen, 'cursor': found.next_cursor})}" if found.next_cursor else None
    return await _list(request, who, chosen=chosen, groups=[group], older=older, later=bool(cursor))


async def one(request: Request) -> Response:
    """``GET /tasks/{task_id}``."""
    who = await visitor(request)
    return await _one(request, who)


async def change(request: Request) -> Response:
    """``POST /tasks/{task_id}``: what the form says; what is refused comes back with the reason beside it."""
    who, fields = await submitted(request)
    held = await _find(request, who)
    given = read(fields, held)
    if given.wrong:
        return await _one(request, who, given=given, status=422)
    return await _changed(request, who, given.values, given)


async def move(request: Request) -> Response:
    """``POST /tasks/{task_id}/move``: another status, by a legal move."""
    who, fields = await submitted(request)
    to = fields.get("status", "")
    if to not in words.TASK:
        raise InvalidParams("There is no such status")
    return await _changed(request, who, {"status": to})


async def verify(request: Request) -> Response:
    """``POST /tasks/{task_id}/verify``: look again, and see what is seen; one that runs already is simply shown."""
    who, _ = await submitted(request)
    try:
        request.state.window = await auth_of(request).spend(who.team_id, "strict")
        made = await verifications.start(platform_of(request), **words.own(who), task_id=task_id(request), who=who.who)
    except (RateLimited, QuotaExceeded) as error:
        return await _one(request, who, wrong=words.said(error.message), status=error.status)
    except Conflict as error:
        running = (error.details or {}).get("verification_id")
        if running is None:
            return await _one(request, who, wrong=words.said(error.message), status=error.status)
        return RedirectResponse(f"/verifications/{running}", 303)
    return RedirectResponse(f"/verifications/{made.id}", 303)


def task_id(request: Request) -> UUID:
    """The id in the address."""
    try:
        return UUID(request.path_params["task_id"])
    except ValueError as error:
        raise NotFound("There is no such task") from error


def view(task: Task, named: Named | None, now: datetime) -> TaskView:
    """One task for reading."""
    url = task.pr_url or ""
    split = urlsplit(url)
    safe = url if split.scheme in {"http", "https"} else ""
    return TaskView(
        id=task.id,
        title=task.title,
        state=words.TASK[task.status],
        status=task.status,
        priority=task.priority,
        severity=named.severity if named else "unknown",
        due=words.due(task.sla_due_at, task.done_at, now),
        due_at=task.sla_due_at,
        ticket=task.external_ticket_key or "",
        pr_url=safe,
        pr_words=f"{split.netloc}{split.path}"[:80] if safe else "",
        began=task.inserted_at,
    )


async def _changed(request: Request, who: Identity, values: dict[str, object], typed: Given | None = None) -> Response:
    sessions, own = platform_of(request).sessions, words.own(who)
    seen = typed.updated_at if typed else None
    try:
        await tasks.change(sessions, **own, task_id=task_id(request), given=values, if_updated_at=seen)
    except Conflict as error:
        # what was typed stays, over the state that is shown now: sent once more, it is taken
        kept = replace(typed, updated_at=(await _find(request, who)).updated_at) if typed else None
        return await _one(request, who, given=kept, wrong=_told(error), status=error.status)
    return RedirectResponse(f"/tasks/{task_id(request)}", 303)


def _told(error: ServiceError) -> str:
    stale = (error.details or {}).get("stale")
    return "Somebody has changed it meanwhile; look at it again." if stale else words.said(error.message)


async def _find(request: Request, who: Identity) -> Task:
    return await tasks.find(platform_of(request).sessions, **words.own(who), task_id=task_id(request))


async def _group(request: Request, who: Identity, status: str) -> Group:
    found = await tasks.page(
        platform_of(request).sessions, **words.own(who), wanted=TaskFilter(status=status), limit=_GROUP
    )
    return Group(
        status=status, words=words.TASK[status].words, rows=await _views(request, who, found.items), total=found.total
    )


async def _views(request: Request, who: Identity, items: tuple[Task, ...]) -> tuple[TaskView, ...]:
    named = await findings.named(platform_of(request).sessions, **words.own(who), ids={t.finding_id for t in items})
    now = clock.now()
    return tuple(view(task, named.get(task.finding_id), now) for task in items)


async def _list(
    request: Request,
    who: Identity,
    *,
    groups: list[Group],
    chosen: str = "",
    unknown: tuple[str, ...] = (),
    older: str | None = None,
    later: bool = False,
) -> Response:
    return page(
        "tasks.html",
        here="tasks",
        who=who,
        advisories=await freshness(request),
        chosen=chosen,
        unknown=unknown,
        statuses=words.TASK,
        groups=groups,
        shown=_GROUP,
        older=older,
        later=later,
    )


async def _one(
    request: Request, who: Identity, *, given: Given | None = None, wrong: str = "", status: int = 200
) -> Response:
    sessions, own = platform_of(request).sessions, words.own(who)
    held = await _find(request, who)
    finding = await findings.find(sessions, **own, finding_id=held.finding_id)
    proofs = await verifications.page(sessions, **own, wanted=VerificationFilter(task_id=held.id), limit=_PROOFS)
    now = clock.now()
    return page(
        "task.html",
        status=status,
        here="tasks",
        who=who,
        advisories=await freshness(request),
        task=view(held, Named(title=finding.title, severity=finding.severity, status=finding.status), now),
        finding=finding,
        finding_state=words.FINDING[finding.status],
        moves=words.task_moves(held.status, lifecycle.TASK_MOVES[held.status]),
        proofs=[proof(one) for one in proofs.items],
        running=any(one.result == "pending" for one in proofs.items),
        priorities=PRIORITIES,
        given=given or filled(held),
        wrong=wrong,
    )
