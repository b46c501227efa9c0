"""The project's webhook: make, change, rotate, test, and read what became of its messages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from surveyor.service.actions import webhooks
from surveyor.service.api.v1 import answers, schemas
from surveyor.service.api.v1.access import Caller, Reader, Writer, platform_of, strict
from surveyor.service.store.webhooks import Webhook as Held

router = APIRouter(tags=["webhooks"])

Event = Literal["scan.done", "scan.failed", "scan.stale", "finding.new_critical", "regression.opened"]
assert get_args(Event) == webhooks.EVENTS
Url = Annotated[str, Field(min_length=1, max_length=2048, examples=["https://ops.example/hooks/surveyor"])]
Events = Annotated[list[Event], Field(min_length=1, max_length=len(webhooks.EVENTS))]
_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": schemas.FailureEnvelope, "description": "`conflict`: The project has a webhook already."}
}


class NewWebhook(BaseModel):
    """Where to send, and what."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: Url
    events: Events = Field(default_factory=lambda: list(get_args(Event)), description="All, unless given")


class WebhookChange(BaseModel):
    """What to change; ``active: true`` switches a webhook on again and forgets its failures."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: Url | None = None
    events: Events | None = None
    active: bool | None = None


class Webhook(schemas.Out):
    """A webhook without its secret."""

    id: UUID
    org_id: UUID
    project_id: UUID
    url: str
    events: list[str]
    active: bool
    consecutive_failures: int = Field(description="Attempts in a row that failed; 10 switch the webhook off")
    disabled_at: datetime | None
    disabled_reason: str | None
    previous_secret_until: datetime | None = Field(description="Until then messages are signed by the old secret too")
    inserted_at: datetime
    updated_at: datetime


class WebhookWithSecret(Webhook):
    """A webhook whose secret was just made."""

    secret: str = Field(description="Shown now and never again", examples=["whsec_C2FVsBQIhrscChlQIMV-b5sSYspob7oD"])


class Delivery(schemas.Out):
    """One attempt to deliver a message."""

    id: UUID
    message_id: str = Field(description="The header webhook-id: the same for all attempts of one message")
    event: str
    payload: dict[str, Any] = Field(description="The body, links without the beginning of their address")
    attempt: int = Field(ge=1)
    status: Literal["pending", "delivered", "failed", "skipped"]
    response_code: int | None = Field(description="HTTP status of the answer")
    response_excerpt: str | None = Field(max_length=200, description="The answer's first 200 characters")
    latency_ms: int | None
    reason: str | None = Field(description="A stable code of why it failed, such as http_500 or address_private")
    detail: str | None
    due_at: datetime
    finished_at: datetime | None
    inserted_at: datetime


def _values(held: Held) -> dict[str, Any]:
    names = "id project_id url events active disabled_at disabled_reason inserted_at updated_at"
    return {
        **{name: getattr(held, name) for name in names.split()},
        "org_id": held.team_id,
        "consecutive_failures": held.failures,
        "previous_secret_until": held.previous_until,
    }


def _webhook(held: Held) -> Webhook:
    return Webhook(**_values(held))


def _whose(caller: Caller) -> dict[str, UUID]:
    return {"team_id": caller.team_id, "project_id": caller.project_id}


@router.get("/webhooks", summary="List webhooks")
async def list_webhooks(
    request: Request,
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: schemas.Cursor | None = None,
) -> schemas.PageEnvelope[Webhook]:
    """A project has at most one."""
    found = await webhooks.page(platform_of(request).sessions, **_whose(caller), limit=limit, after=cursor)
    return answers.many(request, found, _webhook)


@router.post("/webhooks", status_code=201, summary="Make the webhook", responses=_CONFLICT)
async def create_webhook(request: Request, caller: Writer, body: NewWebhook) -> schemas.Envelope[WebhookWithSecret]:
    """Its secret is in this answer only. A URL that must not be asked is refused with the rule that refuses it."""
    made = await webhooks.create(platform_of(request), **_whose(caller), url=body.url, events=body.events)
    return answers.one(request, WebhookWithSecret(**_values(made.webhook), secret=made.secret))


@router.get("/webhooks/{webhook_id}", summary="Read a webhook")
async def read_webhook(request: Request, caller: Reader, webhook_id: UUID) -> schemas.Envelope[Webhook]:
    """As it stands; the secret is not part of it."""
    held = await webhooks.find(platform_of(request).sessions, **_whose(caller), webhook_id=webhook_id)
    return answers.one(request, _webhook(held))


@router.patch("/webhooks/{webhook_id}", summary="Change a webhook")
async def change_webhook(
    request: Request, caller: Writer, webhook_id: UUID, body: WebhookChange
) -> schemas.Envelope[Webhook]:
    """Another URL or other events; switch it off, or on again after it was switched off by failures."""
    wish = webhooks.Wish(url=body.url, events=body.events, active=body.active)
    held = await webhooks.change(
        platform_of(request), **_whose(caller), webhook_id=webhook_id, wish=wish, who=caller.identity.who
    )
    return answers.one(request, _webhook(held))


@router.delete("/webhooks/{webhook_id}", summary="Delete a webhook")
async def delete_webhook(request: Request, caller: Writer, webhook_id: UUID) -> schemas.Envelope[Webhook]:
    """What waits to be sent is not sent; the answer is the webhook as it was."""
    held = await webhooks.remove(platform_of(request).sessions, **_whose(caller), webhook_id=webhook_id)
    return answers.one(request, _webhook(held))


@router.post(
    "/webhooks/{webhook_id}/test", status_code=202, summary="Send a test message", dependencies=[Depends(strict)]
)
async def test_webhook(request: Request, caller: Writer, webhook_id: UUID) -> schemas.Envelope[Delivery]:
    """Queue one message `webhook.test`, tried once, also while the webhook is off; see it in the deliveries."""
    queued = await webhooks.test(platform_of(request).sessions, **_whose(caller), webhook_id=webhook_id)
    return answers.one(request, Delivery.model_validate(queued))


@router.post("/webhooks/{webhook_id}/rotate", summary="Rotate the secret")
async def rotate_webhook(request: Request, caller: Writer, webhook_id: UUID) -> schemas.Envelope[WebhookWithSecret]:
    """A new secret, in this answer only. For 24 hours messages carry a signature of the old one as well."""
    made = await webhooks.rotate(platform_of(request), **_whose(caller), webhook_id=webhook_id)
    return answers.one(request, WebhookWithSecret(**_values(made.webhook), secret=made.secret))


@router.get("/webhooks/{webhook_id}/deliveries", summary="List deliveries")
async def list_deliveries(
    request: Request,
    caller: Reader,
    webhook_id: UUID,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: schemas.Cursor | None = None,
) -> schemas.PageEnvelope[Delivery]:
    """Every attempt of the last 30 days, the newest first."""
    found = await webhooks.deliveries(
        platform_of(request).sessions, **_whose(caller), webhook_id=webhook_id, limit=limit, after=cursor
    )
    return answers.many(request, found, Delivery.model_validate)
