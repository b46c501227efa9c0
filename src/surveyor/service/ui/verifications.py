"""Verifications: the proofs of a project, one of them live, and taking one back."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from surveyor.service.actions import findings, regressions, reopenings, verifications
from surveyor.service.actions.findings import REASON_LENGTH
from surveyor.service.auth import Identity
from surveyor.service.errors import Conflict, NotFound, QuotaExceeded, RateLimited
from surveyor.service.store.verifications import Verification, VerificationFilter
from surveyor.service.ui import words
from surveyor.service.ui.proofs import proof
from surveyor.service.ui.render import fragment, page
from surveyor.service.ui.visitors import auth_of, freshness, platform_of, submitted, visitor

_PAGE, _REGRESSIONS = 25, 10
_CURSOR_LENGTH = 300
_RESULTS = {"pending": "Under way", "passed": "Passed", "failed": "Failed"}


async def show(request: Request) -> Response:
    """``GET /verifications``; below them, what came back."""
    who = await visitor(request)
    sessions, own = platform_of(request).sessions, words.own(who)
    given = request.query_params.get("result", "")
    chosen = given if given in _RESULTS else ""
    cursor = request.query_params.get("cursor", "")[:_CURSOR_LENGTH]
    found = await verifications.page(
        sessions, **own, wanted=VerificationFilter(result=chosen or None), limit=_PAGE, after=cursor or None
    )
    back = await regressions.page(sessions, **own, limit=_REGRESSIONS)
    ids = {row.finding_id for row in found.items} | {row.finding_id for row in back.items}
    named = await findings.named(sessions, **own, ids=ids)
    kept = {"result": chosen} if chosen else {}
    return page(
        "verifications.html",
        here="verifications",
        who=who,
        advisories=await freshness(request),
        results=_RESULTS,
        chosen=chosen,
        unknown=words.unknown("result", given, _RESULTS),
        proofs={
            "rows": [(proof(row), named[row.finding_id]) for row in found.items],
            "total": found.total,
            "next": f"/verifications?{urlencode({**kept, 'cursor': found.next_cursor})}" if found.next_cursor else None,
            "first": f"/verifications?{urlencode(kept)}",
            "later": bool(cursor),
        },
        regressions=[(row, named[row.finding_id], words.TRIGGERS[row.trigger]) for row in back.items],
        regressions_total=back.total,
    )


async def one(request: Request) -> Response:
    """``GET /verifications/{verification_id}``; while it is under way the page asks for what has changed."""
    who = await visitor(request)
    return await _page(request, who)


async def live(request: Request) -> Response:
    """``GET /verifications/{verification_id}/live?seen=``: the page's inside, or nothing while it is what was seen."""
    who = await visitor(request)
    held = await _find(request, who)
    if request.query_params.get("seen") == proof(held).seen:
        return Response(status_code=204)
    return HTMLResponse(fragment("_proof.html", **await _values(request, who, held)))


async def reopen(request: Request) -> Response:
    """``POST /verifications/{verification_id}/reopen``: take the proof back."""
    who, fields = await submitted(request)
    reason = fields.get("reason", "").strip()
    if len(reason) > REASON_LENGTH or "\x00" in reason:
        wrong = f"A reason has at most {REASON_LENGTH:,} characters."
        return await _page(request, who, wrong=wrong, reason=reason[:REASON_LENGTH], status=422)
    try:
        await reopenings.reopen(
            platform_of(request).sessions,
            **words.own(who),
            verification_id=_id(request),
            who=who.who,
            reason=reason or None,
        )
    except Conflict as error:
        return await _page(request, who, wrong=words.said(error.message), reason=reason, status=error.status)
    return RedirectResponse(f"/verifications/{_id(request)}", 303)


async def again(request: Request) -> Response:
    """``POST /verifications/{verification_id}/again``: the same checks once more; one that runs already is shown."""
    who, _ = await submitted(request)
    held = await _find(request, who)
    try:
        request.state.window = await auth_of(request).spend(who.team_id, "strict")
        made = await verifications.start(
            platform_of(request),
            **words.own(who),
            task_id=held.task_id,
            who=who.who,
            checks=[str(check["key"]) for check in held.checks],
            scan_id=held.scan_id,
        )
    except (RateLimited, QuotaExceeded) as error:
        return await _page(request, who, wrong=words.said(error.message), status=error.status)
    except Conflict as error:
        running = (error.details or {}).get("verification_id")
        if running is None:
            return await _page(request, who, wrong=words.said(error.message), status=error.status)
        return RedirectResponse(f"/verifications/{running}", 303)
    return RedirectResponse(f"/verifications/{made.id}", 303)


def _id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["verification_id"])
    except ValueError as error:
        raise NotFound("There is no such verification") from error


async def _find(request: Request, who: Identity) -> Verification:
    return await verifications.find(platform_of(request).sessions, **words.own(who), verification_id=_id(request))


async def _page(request: Request, who: Identity, *, wrong: str = "", reason: str = "", status: int = 200) -> Response:
    held = await _find(request, who)
    values = await _values(request, who, held)
    return page(
        "verification.html",
        status=status,
        here="verifications",
        advisories=await freshness(request),
        **{**values, "wrong": wrong, "reason": reason},
    )


async def _values(request: Request, who: Identity, held: Verification) -> dict[str, object]:
    sessions, own = platform_of(request).sessions, words.own(who)
    finding = await findings.find(sessions, **own, finding_id=held.finding_id)
    back = await regressions.page(sessions, **own, finding_id=held.finding_id, limit=_REGRESSIONS)
    return {
        "who": who,
        "proof": proof(held),
        "held": held,
        "finding": finding,
        "finding_state": words.FINDING[finding.status],
        "regressions": [(row, words.TRIGGERS[row.trigger]) for row in back.items],
        "wrong": "",
        "reason": "",
    }
