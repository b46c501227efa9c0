"""Language models as a team has them: set providers, see what is used, and build who may be asked.

The room of models is imported when a model is about to be asked, so that neither start nor API pays for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from surveyor.scan import net
from surveyor.scan.errors import Refused, ScanError
from surveyor.scan.settings import AllowedHost, Settings
from surveyor.service.actions import clock, units
from surveyor.service.actions.platform import Platform
from surveyor.service.actions.units import Wanted
from surveyor.service.errors import InvalidParams, SecretUnreadable
from surveyor.service.store import cursor, llm_calls, llm_providers, llm_quota
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.llm_calls import Call, NewCall, Total
from surveyor.service.store.llm_providers import KINDS, ProviderRow
from surveyor.service.store.llm_quota import Month
from surveyor.service.vault import Vault

if TYPE_CHECKING:
    from surveyor.llm.call import Caller
    from surveyor.llm.interface import Attempt, Post, Provider, Reply

PAGE_LIMIT = 100
_KEY, _URL, _MODEL = 500, 500, 200
_ANSWER_BYTES = 4 << 20
_LOOKUP_SECONDS = 2.0
#: The state of a unit that a subject holds.
HELD = "reserved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to set of one provider; a field that is not in ``given`` stays as it is, and ``None`` takes it away."""

    kind: str
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A team's month: its units (``limit`` 0 is none at all), what each model answered, one page of the ledger."""

    month: date
    limit: int
    units: Month
    totals: tuple[Total, ...]
    calls: cursor.Page[Call]

    @property
    def resets(self) -> date:
        """The first day of the next month."""
        return date(self.month.year + self.month.month // 12, self.month.month % 12 + 1, 1)


async def providers(sessions: Sessions, *, team_id: UUID) -> list[ProviderRow]:
    """A team's providers and everybody's, in the order of asking; a key is never among what is shown."""
    async with sessions() as session:
        return await llm_providers.of_team(session, team_id)


async def set_providers(platform: Platform, *, team_id: UUID | None, changes: list[Change]) -> None:
    """Change providers of a team, or of everybody when ``team_id`` is ``None``, all or none of them.

    One that is switched on has to be one that can be asked, with what is kept of it counted in.
    """
    for change in changes:
        _judge(change)
        if (url := change.given.get("base_url")) is not None:
            await _judge_url(change.kind, url, None if team_id is None else platform.scan)
    async with platform.sessions() as session, session.begin():
        await llm_providers.hold(session)
        for change in changes:
            await _put(session, platform.vault, team_id, change)


async def remove_provider(platform: Platform, *, team_id: UUID | None, kind: str) -> bool:
    """Forget a provider and its key, so that everybody's of the kind is asked again; whether there was one."""
    async with platform.sessions() as session, session.begin():
        await llm_providers.hold(session)
        return await llm_providers.remove(session, team_id, kind)


async def _put(session: Session, vault: Vault, team_id: UUID | None, change: Change) -> None:
    held = await llm_providers.find(session, team_id, change.kind)
    values = {name: value for name, value in change.given.items() if name != "key"}
    if "key" in change.given:
        key = change.given["key"]
        values |= {
            "sealed": None if key is None else vault.seal(key, owner=owner(team_id, change.kind)),
            "hint": None if key is None else _hint(key),
            "key_changed_at": clock.now(),
        }
    elif held is not None and held.sealed is not None and change.given.get("base_url", held.base_url) != held.base_url:
        # or whoever may write could have the key sent to a place of theirs, and so read it
        raise InvalidParams(
            "a new base_url needs the key again", details={"providers": [f"{change.kind}: key_required"]}
        )
    put = await llm_providers.put(session, team_id, change.kind, **values)
    if put.enabled and put.missing:
        # a team's own takes the place of everybody's, so that this one would only keep that from being asked
        raise InvalidParams(
            f"{change.kind} cannot be asked without {' and '.join(put.missing)}; complete it, or switch it off",
            details={"providers": [f"{change.kind}: {name} is missing" for name in put.missing]},
        )


def owner(team_id: UUID | None, kind: str) -> str:
    """Whose a sealed key is."""
    return f"llm:{team_id or 'platform'}:{kind}"


def _hint(key: str) -> str:
    """The beginning and the end of a key, of a short one less: enough to know it again."""
    return f"{key[:7]}…{key[-4:]}" if len(key) >= 24 else f"…{key[-2:]}" if len(key) >= 8 else "…"


def _judge(change: Change) -> None:
    if change.kind not in KINDS:
        raise InvalidParams(f"a provider is one of {', '.join(KINDS)}", details={"providers": ["unknown"]})
    for name, limit in (("key", _KEY), ("base_url", _URL), ("analysis_model", _MODEL), ("accessibility_model", _MODEL)):
        value = change.given.get(name)
        plain = value is None or (0 < len(value) <= limit and value.isascii() and value.isprintable())
        if not plain:
            raise InvalidParams(
                f"{name} is 1 to {limit} printable characters", details={"providers": [f"{name}: form"]}
            )


async def _judge_url(kind: str, url: str, settings: Settings | None) -> None:
    """A team's address has to be a public one, or an allowed host's; the operator's own is only judged by its form."""
    split = urlsplit(url)
    if split.scheme not in {"http", "https"} or not split.hostname or split.query or split.fragment:
        raise InvalidParams("base_url is http:// or https://, a host and a path", details={"providers": ["base_url"]})
    try:
        judged = settings or replace(Settings(), allow_hosts=(_host(url),))
        net.judge_url(url, judged)
        await asyncio.to_thread(net.resolve_and_judge, url, judged, _LOOKUP_SECONDS)
    except Refused as error:
        raise InvalidParams(str(error), details={"providers": [f"{kind}: {error.rule}"]}) from error


def _host(url: str) -> AllowedHost:
    split = urlsplit(url)
    return AllowedHost(host=split.hostname or "", port=split.port or (443 if split.scheme == "https" else 80))


async def used(platform: Platform, *, team_id: UUID, limit: int = 50, after: str | None = None) -> Used:
    """A team's month and one page of its ledger, newest first; ``limit`` at most 100."""
    month = units.month_of(clock.now())
    async with platform.sessions() as session:
        since = clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return Used(
            month=month,
            limit=platform.llm.monthly_units,
            units=await llm_quota.month_of(session, team_id, month),
            totals=tuple(await llm_calls.totals(session, team_id, since=since)),
            calls=await llm_calls.page(session, team_id, limit=max(1, min(limit, PAGE_LIMIT)), after=after),
        )


async def reserve(platform: Platform, *, team_id: UUID, purpose: str, subject_id: UUID, analysis: str = "full") -> None:
    """Take a unit for what is about to be kicked off, as ``units.take`` does; ``settle`` gives it back."""
    most = platform.llm.monthly_units
    wanted = Wanted(team_id=team_id, purpose=purpose, subject_id=subject_id, units=most, analysis=analysis)
    if analysis == "none":
        return
    if platform.units is not None:
        await platform.units(wanted)
        return
    async with platform.sessions() as session, session.begin():
        await units.take(session, wanted)


async def settle(sessions: Sessions, *, purpose: str, subject_id: UUID) -> None:
    """Charge what was reserved if a model answered, else give it back."""
    async with sessions() as session, session.begin():
        await llm_quota.settle(session, purpose=purpose, subject_id=subject_id)


async def unit_of(sessions: Sessions, *, purpose: str, subject_id: UUID) -> str | None:
    """What is known of a subject's unit, as ``llm_quota.state_of`` says it: while one is held a model may be asked."""
    async with sessions() as session:
        return await llm_quota.state_of(session, purpose=purpose, subject_id=subject_id)


async def callers(platform: Platform, *, team_id: UUID, purpose: str) -> Caller:
    """Who may be asked for a purpose, ready to be asked in a thread; nobody when no key can be read."""
    from surveyor.llm.call import Caller
    from surveyor.llm.interface import Purpose
    from surveyor.llm.router import candidates

    async with platform.sessions() as session:
        rows = llm_providers.in_force(await llm_providers.of_team(session, team_id))
    wanted = Purpose(purpose)
    found = [provider for row in rows if row.usable and (provider := _provider(row, platform.vault)) is not None]
    return Caller(
        purpose=wanted,
        candidates=candidates(found, wanted),
        send=lambda post: _send(post, platform.scan),
        seconds=platform.llm.seconds,
    )


def _provider(row: ProviderRow, vault: Vault) -> Provider | None:
    from surveyor.llm.interface import Kind, Provider, Purpose

    try:
        key = vault.open(row.sealed, owner=owner(row.team_id, row.kind)) if row.sealed is not None else None
    except SecretUnreadable:
        return None
    analysis, accessibility = row.analysis_model, row.accessibility_model
    if row.kind == Kind.COMPATIBLE:
        accessibility = accessibility or analysis
    models = {Purpose.ANALYSIS: analysis, Purpose.ACCESSIBILITY: accessibility}
    return Provider(
        kind=Kind(row.kind),
        key=key,
        base_url=(row.base_url or "").rstrip("/"),
        models={purpose: model for purpose, model in models.items() if model},
        trusted=row.team_id is None,
    )


def _send(post: Post, settings: Settings) -> Reply:
    """One request through the guard: the operator's own address is exempt from it, a team's is not."""
    from surveyor.llm.interface import Reply, Unreached

    if post.trusted:
        settings = replace(settings, allow_hosts=(*settings.allow_hosts, _host(post.url)))
    try:
        answer = net.Client(settings).post(
            post.url, post.body, headers=post.headers, max_bytes=_ANSWER_BYTES, seconds=post.seconds
        )
    except ScanError as error:
        raise Unreached(str(error)) from None
    media = (answer.get("content-type") or "").partition(";")[0].strip().lower()
    # what was cut is no answer, and a parser says so
    return Reply(status=answer.status, media_type=media, body=answer.body)


def calls(trail: tuple[Attempt, ...]) -> list[NewCall]:
    """Tries as lines of the ledger."""
    from decimal import Decimal

    return [
        NewCall(
            purpose=attempt.purpose,
            provider=attempt.provider,
            asked_model=attempt.asked[:_MODEL],
            model=None if attempt.model is None else attempt.model[:_MODEL].replace("\0", ""),
            outcome=attempt.outcome,
            detail=attempt.detail.replace("\0", ""),
            tokens_in=attempt.usage.input if attempt.usage else None,
            tokens_out=attempt.usage.output if attempt.usage else None,
            cost_usd=None if attempt.cost is None else Decimal(str(attempt.cost)),
            latency_ms=attempt.latency_ms,
            prompt_hash=attempt.prompt_hash,
            schema_version=attempt.schema_version,
        )
        for attempt in trail
    ]
