"""One webhook a project: made, changed and tested by people, told of events in the transaction in which they happen."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import orjson

from surveyor.service import queue
from surveyor.service.actions import addresses, clock, switched
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.store import cursor, webhooks
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.scans import Scan
from surveyor.service.store.webhooks import Delivery, Webhook
from surveyor.service.vault import Vault

DELIVER_TASK = "deliver_webhook"
SCAN_DONE, SCAN_FAILED, SCAN_STALE = "scan.done", "scan.failed", "scan.stale"
NEW_CRITICAL, REGRESSION = "finding.new_critical", "regression.opened"
EVENTS: Final = (SCAN_DONE, SCAN_FAILED, SCAN_STALE, NEW_CRITICAL, REGRESSION)
#: Sent when somebody asks for it, to a webhook that is switched off too; tried once, and counted neither way.
TEST = "webhook.test"
#: After a rotation messages carry a signature of the old secret as well for so long.
OVERLAP = timedelta(hours=24)
#: How many ids one message names at most; ``count`` tells how many there are.
IDS = 100
PAGE_LIMIT = 100
KEPT_DAYS = 30
_SECRET_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    """A webhook with a secret just made: ``whsec_…``, shown now and never again."""

    webhook: Webhook
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to change of a webhook; ``None`` leaves as it is."""

    url: str | None = None
    events: Sequence[str] | None = None
    active: bool | None = None


async def create(
    platform: Platform, *, team_id: UUID, project_id: UUID, url: str, events: Sequence[str] = EVENTS
) -> NewWebhook:
    """Give a project its webhook; Conflict when it has one, InvalidParams when its URL must not be asked."""
    chosen = _events(events)
    await addresses.judge(url, platform.scan, projects=False)
    webhook_id = uuid4()
    secret, sealed = _secret(platform.vault, webhook_id)
    async with platform.sessions() as session, session.begin():
        made = await webhooks.add(
            session, id=webhook_id, team_id=team_id, project_id=project_id, url=url, events=chosen, secret=sealed
        )
    if made is None:
        raise Conflict("the project has a webhook already; change or delete that one")
    return NewWebhook(webhook=made, secret=secret)


async def find(sessions: Sessions, *, team_id: UUID, project_id: UUID, webhook_id: UUID) -> Webhook:
    """One webhook as it stands."""
    async with sessions() as session:
        return await _find(session, team_id, project_id, webhook_id)


async def page(
    sessions: Sessions, *, team_id: UUID, project_id: UUID, limit: int = 50, after: str | None = None
) -> cursor.Page[Webhook]:
    """A project's webhooks, of which there is at most one."""
    async with sessions() as session:
        return await webhooks.page(session, team_id, project_id, limit=max(1, min(limit, PAGE_LIMIT)), after=after)


async def change(
    platform: Platform, *, team_id: UUID, project_id: UUID, webhook_id: UUID, wish: Wish, who: str
) -> Webhook:
    """Change a webhook. Switched on again, or with another URL, it begins without failures.

    ``who`` is kept with one that is switched off.
    """
    values: dict[str, object] = {}
    if wish.url is not None:
        await addresses.judge(wish.url, platform.scan, projects=False)
        values |= {"url": wish.url, "failures": 0}
    if wish.events is not None:
        values["events"] = _events(wish.events)
    async with platform.sessions() as session, session.begin():
        held = await _hold(session, team_id, project_id, webhook_id)
        if wish.active is True:
            values |= {"active": True, "failures": 0, "disabled_at": None, "disabled_reason": None}
        elif wish.active is False and held.active:
            values |= {"active": False, "disabled_at": clock.now(), "disabled_reason": switched.by(who)}
        return await webhooks.change(session, webhook_id, **values) if values else held


async def remove(sessions: Sessions, *, team_id: UUID, project_id: UUID, webhook_id: UUID) -> Webhook:
    """Delete a webhook; messages that wait for it are not sent."""
    async with sessions() as session, session.begin():
        held = await _hold(session, team_id, project_id, webhook_id)
        await webhooks.remove(session, webhook_id)
    return held


async def rotate(platform: Platform, *, team_id: UUID, project_id: UUID, webhook_id: UUID) -> NewWebhook:
    """Give a webhook a new secret; the one before it signs beside it for a day, so that no message is lost."""
    async with platform.sessions() as session, session.begin():
        held = await _hold(session, team_id, project_id, webhook_id)
        secret, sealed = _secret(platform.vault, webhook_id)
        changed = await webhooks.change(
            session,
            webhook_id,
            secret=sealed,
            previous_secret=held.secret,
            previous_until=clock.now() + OVERLAP,
        )
    return NewWebhook(webhook=changed, secret=secret)


async def test(sessions: Sessions, *, team_id: UUID, project_id: UUID, webhook_id: UUID) -> Delivery:
    """Send a message that says nothing, once."""
    async with sessions() as session, session.begin():
        held = await _hold(session, team_id, project_id, webhook_id)
        return await _send(session, held, TEST, {"links": {"page": "/webhooks"}})


async def deliveries(
    sessions: Sessions,
    *,
    team_id: UUID,
    project_id: UUID,
    webhook_id: UUID,
    limit: int = 50,
    after: str | None = None,
) -> cursor.Page[Delivery]:
    """A webhook's attempts of the last 30 days, the newest first; ``limit`` at most 100."""
    async with sessions() as session:
        await _find(session, team_id, project_id, webhook_id)
        return await webhooks.page_of_deliveries(session, webhook_id, limit=max(1, min(limit, PAGE_LIMIT)), after=after)


async def announce(session: Session, project_id: UUID, event: str, payload: Mapping[str, Any]) -> None:
    """Tell a project's webhook of an event, if it wants that kind; sent when the caller's transaction commits.

    ``payload`` holds ids, counts and ``links``, whose addresses begin at our root: never a word of what was scanned.
    """
    assert event in EVENTS, event
    hook = await webhooks.of_project(session, project_id)
    if hook is not None and hook.active and event in hook.events:
        await _send(session, hook, event, payload)


async def announce_scan(session: Session, scan: Scan, event: str, **more: object) -> None:
    """Tell of a scan: what it is, and how it ended."""
    links = {"page": f"/scans/{scan.id}", "api": f"{_prefix(scan.team_id, scan.project_id)}/scans/{scan.id}"}
    known = {"scan_id": scan.id, "kind": scan.kind, "trigger": scan.trigger}
    await announce(session, scan.project_id, event, {**known, **more, "links": links})


async def announce_findings(session: Session, scan: Scan, finding_ids: Sequence[UUID]) -> None:
    """Tell of critical findings that nobody had seen before this scan, in one message."""
    if not finding_ids:
        return
    links = {
        "page": f"/findings?scan={scan.id}&severity=critical",
        "api": f"{_prefix(scan.team_id, scan.project_id)}/findings?scan_id={scan.id}&severity=critical",
    }
    payload = {"scan_id": scan.id, "count": len(finding_ids), "finding_ids": list(finding_ids[:IDS]), "links": links}
    await announce(session, scan.project_id, NEW_CRITICAL, payload)


async def announce_regressions(
    session: Session,
    *,
    team_id: UUID,
    project_id: UUID,
    finding_ids: Sequence[UUID],
    trigger: str,
    scan_id: UUID | None = None,
    verification_id: UUID | None = None,
) -> None:
    """Tell of solved findings that are open again, in one message; ``trigger`` says who found that out."""
    if not finding_ids:
        return
    payload = {
        "trigger": trigger,
        "scan_id": scan_id,
        "verification_id": verification_id,
        "count": len(finding_ids),
        "finding_ids": list(finding_ids[:IDS]),
        "links": {"page": "/findings", "api": f"{_prefix(team_id, project_id)}/regressions?trigger={trigger}"},
    }
    await announce(session, project_id, REGRESSION, payload)


async def enqueue(
    session: Session, hook: Webhook, *, message_id: str, event: str, body: Mapping[str, Any], attempt: int, at: datetime
) -> Delivery:
    """Write down an attempt that is to be made, with the job that makes it."""
    delivery_id = uuid4()
    order = queue.Order(
        task=DELIVER_TASK,
        args={"delivery_id": str(delivery_id)},
        queue=queue.OUTGOING,
        at=at if attempt > 1 else None,
    )
    await queue.enqueue_many(session, [order])
    return await webhooks.add_delivery(
        session,
        id=delivery_id,
        webhook_id=hook.id,
        message_id=message_id,
        event=event,
        payload=dict(body),
        attempt=attempt,
        due_at=at,
    )


async def _send(session: Session, hook: Webhook, event: str, payload: Mapping[str, Any]) -> Delivery:
    now = clock.now()
    data = {"org_id": hook.team_id, "project_id": hook.project_id, **payload}
    # ids and times as they go over the wire: the column takes JSON and nothing else
    body = orjson.loads(orjson.dumps({"type": event, "timestamp": now, "data": data}))
    return await enqueue(session, hook, message_id=f"msg_{uuid4().hex}", event=event, body=body, attempt=1, at=now)


def _prefix(team_id: UUID, project_id: UUID) -> str:
    return f"/api/v1/orgs/{team_id}/projects/{project_id}/audit"


def owner(webhook_id: UUID) -> str:
    """Whose a sealed secret is."""
    return f"webhook:{webhook_id}"


def _secret(vault: Vault, webhook_id: UUID) -> tuple[str, bytes]:
    made = f"whsec_{base64.b64encode(os.urandom(_SECRET_BYTES)).decode()}"
    return made, vault.seal(made, owner=owner(webhook_id))


def _events(events: Sequence[str]) -> list[str]:
    if not events or (unknown := set(events) - set(EVENTS)):
        raise InvalidParams(
            f"events are {', '.join(EVENTS)}; at least one",
            details={"events": sorted(unknown) if events else ["empty"]},
        )
    return [event for event in EVENTS if event in events]


async def _find(session: Session, team_id: UUID, project_id: UUID, webhook_id: UUID) -> Webhook:
    found = await webhooks.find(session, team_id, project_id, webhook_id)
    if found is None:
        raise NotFound("no such webhook")
    return found


async def _hold(session: Session, team_id: UUID, project_id: UUID, webhook_id: UUID) -> Webhook:
    await _find(session, team_id, project_id, webhook_id)
    held = await webhooks.lock(session, webhook_id)
    if held is None:
        raise NotFound("no such webhook")
    return held
