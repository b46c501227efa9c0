"""Delivers one message to a webhook: signs and sends it within the guard, and decides what comes after."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from standardwebhooks import Webhook as Signer

from surveyor.scan import net
from surveyor.scan.errors import Refused, ScanError
from surveyor.service.actions import clock, intake, webhooks
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import SecretUnreadable
from surveyor.service.store import webhooks as store
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.webhooks import EXCERPT_LENGTH, Delivery, Webhook

#: A message is sent so often at most, and a webhook that fails so many times in a row is switched off.
ATTEMPTS = 6
FAILURES = 10
DEADLINE_SECONDS = 10.0
#: Each wait is so many times the one before; all waits are spread by a fifth, so that a receiver that comes back is
#: not met by everybody at once.
FACTOR, SPREAD = 4, 0.2
#: RFC 9110: the receiver says that this address is gone for good.
GONE = 410
_READ_BYTES = 4 * EXCERPT_LENGTH
_DETAIL_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An attempt that is to be made now."""

    webhook: Webhook
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attempt: ``reason`` is a stable code and ``None`` when the receiver took the message.

    ``code`` is the HTTP status, ``excerpt`` the beginning of the answer, ``latency`` in seconds.
    """

    reason: str | None
    detail: str = ""
    code: int | None = None
    excerpt: str | None = None
    latency: float | None = None


async def take(sessions: Sessions, delivery_id: UUID) -> Outgoing | None:
    """The attempt, unless it was made; one whose webhook was switched off meanwhile is skipped and says so."""
    async with sessions() as session, session.begin():
        found = await store.find_delivery(session, delivery_id)
        if found is None or found[1].status != "pending":
            return None
        hook, delivery = found
        if not hook.active and delivery.event != webhooks.TEST:
            await store.end_delivery(
                session,
                delivery.id,
                status="skipped",
                reason="switched_off",
                detail="the webhook was switched off",
                finished_at=clock.now(),
            )
            return None
    return Outgoing(webhook=hook, delivery=delivery)


async def send(platform: Platform, outgoing: Outgoing, *, seconds: float = DEADLINE_SECONDS) -> Outcome:
    """Make an attempt; whatever happens is its outcome. No redirect is followed: the signature is for one receiver."""
    hook, delivery = outgoing.webhook, outgoing.delivery
    body = content(delivery.payload, platform.base_url)
    began = asyncio.get_running_loop().time()
    try:
        headers = signed(platform, hook, delivery.message_id, body, clock.now())
        answer = await asyncio.to_thread(
            net.Client(platform.scan).post, hook.url, body, headers=headers, max_bytes=_READ_BYTES, seconds=seconds
        )
    except SecretUnreadable as error:
        return Outcome(reason=error.code, detail=error.message)
    except ScanError as error:
        reason = error.rule if isinstance(error, Refused) else error.code
        return Outcome(reason=reason, detail=str(error), latency=asyncio.get_running_loop().time() - began)
    excerpt = intake.clean(answer.body.decode("utf-8", "replace"), EXCERPT_LENGTH)
    ok = 200 <= answer.status < 300
    return Outcome(
        reason=None if ok else f"http_{answer.status}",
        detail="" if ok else f"the receiver answered {answer.status}",
        code=answer.status,
        excerpt=excerpt or None,
        latency=answer.elapsed,
    )


async def settle(sessions: Sessions, outgoing: Outgoing, outcome: Outcome, *, retry_seconds: float) -> None:
    """Write down what came of an attempt; a failed one is made again later, until that was often enough."""
    async with sessions() as session, session.begin():
        hook = await store.lock(session, outgoing.webhook.id)
        delivery = outgoing.delivery
        if hook is None or not await _end(session, delivery, outcome) or delivery.event == webhooks.TEST:
            return
        if outcome.reason is None:
            if hook.failures:
                await store.change(session, hook.id, failures=0)
            return
        hook = await _count(session, hook, outcome)
        if hook.active and delivery.attempt < ATTEMPTS:
            wait = delay(delivery.attempt, retry_seconds, random.uniform(-SPREAD, SPREAD))  # noqa: S311 - no secret
            await webhooks.enqueue(
                session,
                hook,
                message_id=delivery.message_id,
                event=delivery.event,
                body=delivery.payload,
                attempt=delivery.attempt + 1,
                at=clock.now() + timedelta(seconds=wait),
            )


async def lost(sessions: Sessions, delivery_id: UUID, *, retry_seconds: float) -> None:
    """End an attempt whose workers died one after the other."""
    outgoing = await take(sessions, delivery_id)
    if outgoing is not None:
        outcome = Outcome(reason="worker_died", detail="the worker died while it was sending")
        await settle(sessions, outgoing, outcome, retry_seconds=retry_seconds)


async def forget(sessions: Sessions) -> None:
    """Drop attempts that are older than is promised."""
    async with sessions() as session, session.begin():
        await store.expire(session, before=clock.now() - timedelta(days=webhooks.KEPT_DAYS))


def delay(attempt: int, base: float, spread: float) -> float:
    """Seconds to wait after the failed attempt of this number; ``spread`` is -0.2 to 0.2."""
    wait: float = base * FACTOR ** (attempt - 1) * (1 + spread)
    return wait


def content(payload: Mapping[str, Any], base_url: str) -> bytes:
    """The body: the message with whole addresses for links, the same bytes in every attempt."""
    data = dict(payload["data"])
    data["links"] = {name: f"{base_url}{path}" for name, path in data.get("links", {}).items()}
    return orjson.dumps({**payload, "data": data}, option=orjson.OPT_SORT_KEYS)


def signed(platform: Platform, hook: Webhook, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks: the message's id, now, and a signature by each secret that is good."""
    sealed = [hook.secret]
    if hook.previous_secret is not None and hook.previous_until is not None and now < hook.previous_until:
        sealed.append(hook.previous_secret)
    owner = webhooks.owner(hook.id)
    moment, text = now.astimezone(UTC), body.decode()
    signatures = [Signer(platform.vault.open(s, owner=owner)).sign(message_id, moment, text) for s in sealed]
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


async def _end(session: Session, delivery: Delivery, outcome: Outcome) -> bool:
    return await store.end_delivery(
        session,
        delivery.id,
        status="delivered" if outcome.reason is None else "failed",
        response_code=outcome.code,
        response_excerpt=outcome.excerpt,
        latency_ms=None if outcome.latency is None else round(outcome.latency * 1000),
        reason=outcome.reason,
        detail=outcome.detail[:_DETAIL_LENGTH] or None,
        finished_at=clock.now(),
    )


async def _count(session: Session, hook: Webhook, outcome: Outcome) -> Webhook:
    """One more failure in a row; too many, or a receiver that is gone, switch an active webhook off."""
    failures = hook.failures + 1
    values: dict[str, object] = {"failures": failures}
    gone = outcome.code == GONE
    if hook.active and (gone or failures >= FAILURES):
        why = "the receiver answered 410: gone" if gone else f"{failures} attempts failed in a row; the last: "
        why += "" if gone else outcome.detail[:_DETAIL_LENGTH]
        values |= {"active": False, "disabled_at": clock.now(), "disabled_reason": why}
    return await store.change(session, hook.id, **values)
