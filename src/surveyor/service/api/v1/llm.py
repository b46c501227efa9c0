"""Language models: who is asked, with whose key, and what it costs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from surveyor.service.actions import llm
from surveyor.service.actions.llm import Change, Used
from surveyor.service.api.v1 import answers, schemas
from surveyor.service.api.v1.access import Caller, Reader, Writer, platform_of
from surveyor.service.auth import PLATFORM
from surveyor.service.errors import NotFound
from surveyor.service.store.llm_providers import ProviderRow, in_force

router = APIRouter(tags=["llm"])

Kind = Literal["anthropic", "openai", "compatible"]
Level = Literal["team", "platform"]
Model = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")]


class Provider(schemas.Out):
    """One provider; its key is never shown again, only enough of it to know it by."""

    provider: Kind
    level: Level = Field(description="Whose it is: this team's, or everybody's on this installation")
    in_force: bool = Field(description="Whether it is the one of its kind that is asked for this team")
    enabled: bool
    has_key: bool
    key_hint: str | None = Field(description="Beginning and end of the key; of everybody's only for their keepers")
    key_changed_at: datetime | None
    base_url: str | None = Field(description="Where it is asked; null for the provider's own address")
    analysis_model: str | None = Field(description="null for the default")
    accessibility_model: str | None = Field(description="null for the default")
    updated_at: datetime


class Providers(schemas.Out):
    """In the order in which they are asked."""

    providers: list[Provider] = Field(max_length=6)


class SetProvider(BaseModel):
    """What to change of one provider: a field that is left out stays, null takes it away."""

    model_config = ConfigDict(extra="forbid", strict=True)

    provider: Kind
    enabled: bool = True
    key: SecretStr | None = Field(None, min_length=1, max_length=500)
    base_url: str | None = Field(None, min_length=8, max_length=500, examples=["http://127.0.0.1:11434/v1"])
    analysis_model: Model | None = None
    accessibility_model: Model | None = None

    def change(self) -> Change:
        """What was really given."""
        given = {name: getattr(self, name) for name in self.model_fields_set - {"provider", "key"}}
        if "key" in self.model_fields_set:
            given["key"] = None if self.key is None else self.key.get_secret_value()
        return Change(kind=self.provider, given=given)


class SetProviders(BaseModel):
    """Changes of providers, all of them or none."""

    model_config = ConfigDict(extra="forbid", strict=True)

    level: Level = "team"
    providers: list[SetProvider] = Field(min_length=1, max_length=3)


class Quota(schemas.Out):
    """Units of the month: one a scan, a verification or a report that really asks a model."""

    month: date = Field(description="Its first day")
    units: int = Field(description="What the team may spend")
    used: int
    reserved: int = Field(description="Held by what is under way; charged or given back when that ends")
    remaining: int = Field(ge=0)
    resets_on: date


class ModelUse(schemas.Out):
    """What one model was asked this month."""

    provider: str
    model: str
    calls: int
    answered: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None = Field(description="Of the priced answers; null where no price is known")
    priced: int


class Call(schemas.Out):
    """One try, whoever it was and however it ended; what was said is not kept."""

    id: int
    project_id: UUID
    subject: Literal["scan", "verification"] = Field(description="What it was for")
    subject_id: UUID
    purpose: str
    provider: str
    asked_model: str
    model: str | None = Field(description="The model that really answered")
    outcome: str = Field(description="ok, rate_limited, declined, unreachable or wrong_shape")
    detail: str
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None
    latency_ms: int
    prompt_hash: str = Field(description="SHA-256 of all that was said")
    schema_version: str
    at: datetime


class Usage(schemas.Out):
    """The month, and one page of the ledger."""

    quota: Quota
    models: list[ModelUse]
    calls: list[Call]


class UsageEnvelope(schemas.Out):
    """A page of usage."""

    data: Usage
    meta: schemas.PageMeta
    error: None = None


@router.get("/llm/providers", summary="List providers of language models")
async def list_providers(request: Request, caller: Reader) -> schemas.Envelope[Providers]:
    """The team's and everybody's, in the order of asking. Keys are never shown."""
    return await _listed(request, caller)


@router.put("/llm/providers", summary="Set providers of language models")
async def set_providers(request: Request, caller: Writer, body: SetProviders) -> schemas.Envelope[Providers]:
    """Change this team's providers, or everybody's with `level: platform` and a key of scope `platform:write`.

    A new key replaces the old one at once. An address of a team's has to be public, or one of an allowed host; a new
    address wants the key with it. What is switched on has to be complete, so that it can be asked.
    """
    changes = [provider.change() for provider in body.providers]
    await llm.set_providers(platform_of(request), team_id=_whose(caller, body.level), changes=changes)
    return await _listed(request, caller)


@router.delete("/llm/providers/{provider}", summary="Forget a provider of language models")
async def delete_provider(
    request: Request, caller: Writer, provider: Kind, level: Level = "team"
) -> schemas.Envelope[Providers]:
    """Forget it and its key, of everybody's with a key of scope `platform:write`; the answer is what is left.

    Without one of its own a team asks everybody's of that kind again.
    """
    if not await llm.remove_provider(platform_of(request), team_id=_whose(caller, level), kind=provider):
        raise NotFound(f"There is no provider {provider} of this {level}")
    return await _listed(request, caller)


def _whose(caller: Caller, level: Level) -> UUID | None:
    """Whose providers are changed, if the caller may: the team's, or everybody's."""
    if level == "team":
        return caller.team_id
    caller.identity.need(PLATFORM)
    return None


async def _listed(request: Request, caller: Caller) -> schemas.Envelope[Providers]:
    rows = await llm.providers(platform_of(request).sessions, team_id=caller.team_id)
    chosen = {row.id for row in in_force(rows)}
    keeper = PLATFORM in caller.identity.scopes
    shown = [_provider(row, keeper=keeper, chosen=row.id in chosen) for row in rows]
    return answers.one(request, Providers(providers=shown))


def _provider(row: ProviderRow, *, keeper: bool, chosen: bool) -> Provider:
    own = row.team_id is not None
    return Provider(
        provider=row.kind,  # type: ignore[arg-type]
        level="team" if own else "platform",
        in_force=chosen and row.usable,
        enabled=row.enabled,
        has_key=row.sealed is not None,
        key_hint=row.hint if own or keeper else None,
        key_changed_at=row.key_changed_at,
        base_url=row.base_url if own or keeper else None,
        analysis_model=row.analysis_model,
        accessibility_model=row.accessibility_model,
        updated_at=row.updated_at,
    )


@router.get("/llm/usage", summary="See what language models are used for")
async def read_usage(
    request: Request,
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: schemas.Cursor | None = None,
) -> UsageEnvelope:
    """The month's units, what each model answered in it, and the ledger of the team, newest first."""
    used = await llm.used(platform_of(request), team_id=caller.team_id, limit=limit, after=cursor)
    meta = schemas.PageMeta(
        request_id=answers.request_id(request),
        total=used.calls.total,
        total_is_estimate=used.calls.total_is_estimate,
        next_cursor=used.calls.next_cursor,
    )
    return UsageEnvelope(data=_usage(used), meta=meta)


def _usage(used: Used) -> Usage:
    spent = used.units.used + used.units.reserved
    quota = Quota(
        month=used.month,
        units=used.limit,
        used=used.units.used,
        reserved=used.units.reserved,
        remaining=max(0, used.limit - spent),
        resets_on=used.resets,
    )
    models = [ModelUse.model_validate(total) for total in used.totals]
    return Usage(quota=quota, models=models, calls=[Call.model_validate(call) for call in used.calls.items])
