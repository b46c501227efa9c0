"""Language models: who is asked and with whose key, the month's units, and the ledger of every question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from surveyor.service.actions import llm
from surveyor.service.actions.llm import Change, Used
from surveyor.service.auth import Identity
from surveyor.service.errors import InvalidParams, NotFound
from surveyor.service.store.llm_providers import KINDS, ProviderRow, in_force
from surveyor.service.ui.render import page
from surveyor.service.ui.visitors import freshness, platform_of, submitted, visitor
from surveyor.service.ui.words import State, said

_CALLS = 25
_CURSOR_LENGTH = 300
_NAMES = {"anthropic": "Anthropic", "openai": "OpenAI", "compatible": "OpenAI-compatible"}
_OUTCOMES = {
    "ok": State(key="complete", words="Answered"),
    "rate_limited": State(key="partial", words="Too many"),
    "declined": State(key="failed", words="Declined"),
    "unreachable": State(key="failed", words="Not reached"),
    "wrong_shape": State(key="failed", words="Wrong shape"),
}
_TEXTS = ("base_url", "analysis_model", "accessibility_model")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderView:
    """One kind of provider: the team's own as its form holds it, and whether everybody's stands behind it."""

    kind: str
    name: str
    state: State
    own: bool
    shared: bool
    enabled: bool
    hint: str
    base_url: str
    analysis_model: str
    accessibility_model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The month's units, in percent of what there is for the bar."""

    limit: int
    used: int
    reserved: int
    left: int
    used_share: float
    reserved_share: float


async def show(request: Request) -> Response:
    """``GET /llm``."""
    return await _page(request, await visitor(request))


async def save(request: Request) -> Response:
    """``POST /llm/{kind}``: this team's provider of a kind; a key that is not typed stays as it is."""
    who, fields = await submitted(request)
    kind = _kind(request)
    given: dict[str, Any] = {name: fields.get(name, "").strip() or None for name in _TEXTS}
    given["enabled"] = fields.get("enabled") == "on"
    if key := fields.get("key", "").strip():
        given["key"] = key
    try:
        await llm.set_providers(platform_of(request), team_id=who.team_id, changes=[Change(kind=kind, given=given)])
    except InvalidParams as error:
        return await _page(request, who, kind=kind, given=given, wrong=said(error.message), status=error.status)
    return RedirectResponse("/llm", 303)


async def remove(request: Request) -> Response:
    """``POST /llm/{kind}/delete``: forget it and its key."""
    who, _ = await submitted(request)
    await llm.remove_provider(platform_of(request), team_id=who.team_id, kind=_kind(request))
    return RedirectResponse("/llm", 303)


def _kind(request: Request) -> str:
    kind = str(request.path_params["kind"])
    if kind not in KINDS:
        raise NotFound("There is no such provider")
    return kind


async def _page(
    request: Request,
    who: Identity,
    *,
    kind: str = "",
    given: dict[str, Any] | None = None,
    wrong: str = "",
    status: int = 200,
) -> Response:
    cursor = request.query_params.get("cursor", "")[:_CURSOR_LENGTH] if request.method == "GET" else ""
    platform = platform_of(request)
    rows = await llm.providers(platform.sessions, team_id=who.team_id)
    used = await llm.used(platform, team_id=who.team_id, limit=_CALLS, after=cursor or None)
    return page(
        "llm.html",
        status=status,
        here="llm",
        who=who,
        advisories=await freshness(request),
        providers=[_provider(one, rows, given if one == kind else None) for one in KINDS],
        asked=[row for row in in_force(rows) if row.usable],
        names=_NAMES,
        outcomes=_OUTCOMES,
        units=_units(used),
        used=used,
        later=bool(cursor),
        wrong_kind=kind if wrong else "",
        wrong=wrong,
    )


def _provider(kind: str, rows: list[ProviderRow], given: dict[str, Any] | None) -> ProviderView:
    own = next((row for row in rows if row.kind == kind and row.team_id is not None), None)
    shared = next((row for row in rows if row.kind == kind and row.team_id is None), None)
    texts = {name: str((given.get(name) if given else getattr(own, name, None)) or "") for name in _TEXTS}
    return ProviderView(
        kind=kind,
        name=_NAMES[kind],
        state=_state(own, shared),
        own=own is not None,
        shared=shared is not None and shared.usable,
        enabled=bool(given["enabled"]) if given else own.enabled if own else True,
        hint=own.hint or "" if own else "",
        base_url=texts["base_url"],
        analysis_model=texts["analysis_model"],
        accessibility_model=texts["accessibility_model"],
    )


def _state(own: ProviderRow | None, shared: ProviderRow | None) -> State:
    if own is not None:
        if not own.enabled:
            return State(key="cancelled", words="Switched off")
        return State(key="complete", words="Asked") if own.usable else State(key="partial", words="Not complete")
    if shared is not None and shared.usable:
        return State(key="complete", words="Asked, with everybody's key")
    return State(key="queued", words="Not set up")


def _units(used: Used) -> Units:
    limit, spent, held = used.limit, used.units.used, used.units.reserved
    whole = max(limit, spent + held, 1)
    return Units(
        limit=limit,
        used=spent,
        reserved=held,
        left=max(limit - spent - held, 0),
        used_share=round(100 * spent / whole, 2),
        reserved_share=round(100 * held / whole, 2),
    )
