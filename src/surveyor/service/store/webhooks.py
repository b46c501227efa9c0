"""Outgoing webhooks, one a project, and every attempt to deliver something to one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.engine import RowMapping

from surveyor.service.store import cursor
from surveyor.service.store.database import Session, metadata

#: Of what a receiver answered, so many characters are kept for people to see what went wrong.
EXCERPT_LENGTH = 200

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False),
    # sealed by the vault, for the owner webhook:<id>
    Column("secret", LargeBinary, nullable=False),
    Column("previous_secret", LargeBinary),
    Column("previous_until", DateTime(timezone=True)),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("disabled_at", DateTime(timezone=True)),
    Column("disabled_reason", Text),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("project_id"),
    CheckConstraint("(previous_secret is null) = (previous_until is null)", name="previous"),
    CheckConstraint("active = (disabled_at is null)", name="disabled"),
)

deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("webhook_id", Uuid, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("status", Text, nullable=False, server_default="pending"),
    Column("response_code", Integer),
    Column("response_excerpt", Text),
    Column("latency_ms", Integer),
    Column("reason", Text),
    Column("detail", Text),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("message_id", "attempt"),
    CheckConstraint("status in ('pending', 'delivered', 'failed', 'skipped')", name="status"),
    CheckConstraint("(status = 'pending') = (finished_at is null)", name="finished"),
    CheckConstraint(f"length(response_excerpt) <= {EXCERPT_LENGTH}", name="excerpt"),
    Index(None, "webhook_id", "inserted_at", "id"),
    # what the hourly clean-up looks through
    Index(None, "inserted_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where a project's events go. ``secret`` and ``previous_secret`` are sealed; the latter signs too until a moment.

    ``failures`` counts attempts in a row that did not succeed.
    """

    id: UUID
    team_id: UUID
    project_id: UUID
    url: str
    events: tuple[str, ...]
    secret: bytes
    previous_secret: bytes | None
    previous_until: datetime | None
    active: bool
    failures: int
    disabled_at: datetime | None
    disabled_reason: str | None
    inserted_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt. ``message_id`` is the same for all attempts of one message; ``latency_ms`` in milliseconds."""

    id: UUID
    webhook_id: UUID
    message_id: str
    event: str
    payload: dict[str, Any]
    attempt: int
    status: str
    response_code: int | None
    response_excerpt: str | None
    latency_ms: int | None
    reason: str | None
    detail: str | None
    due_at: datetime
    finished_at: datetime | None
    inserted_at: datetime


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(**{**row, "events": tuple(row["events"])})


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(**row)


async def add(session: Session, **values: object) -> Webhook | None:
    """Insert a project's webhook; ``None`` when it has one."""
    statement = insert(webhooks).values(**values).on_conflict_do_nothing().returning(webhooks)
    row = (await session.execute(statement)).mappings().one_or_none()
    return _webhook(row) if row else None


async def find(session: Session, team_id: UUID, project_id: UUID, webhook_id: UUID) -> Webhook | None:
    """One webhook, if it is this project's."""
    statement = select(webhooks).where(
        webhooks.c.id == webhook_id, webhooks.c.team_id == team_id, webhooks.c.project_id == project_id
    )
    row = (await session.execute(statement)).mappings().one_or_none()
    return _webhook(row) if row else None


async def lock(session: Session, webhook_id: UUID) -> Webhook | None:
    """A webhook, held against other writers until the transaction ends; new attempts may be added meanwhile."""
    statement = select(webhooks).where(webhooks.c.id == webhook_id).with_for_update(key_share=True)
    row = (await session.execute(statement)).mappings().one_or_none()
    return _webhook(row) if row else None


async def sealed(session: Session) -> list[Webhook]:
    """Every webhook of all teams, held until the transaction ends."""
    rows = (await session.execute(select(webhooks).with_for_update())).mappings()
    return [_webhook(row) for row in rows]


async def of_project(session: Session, project_id: UUID) -> Webhook | None:
    """A project's webhook, held against its removal until the transaction ends: what is told of it goes with it."""
    statement = select(webhooks).where(webhooks.c.project_id == project_id).with_for_update(read=True, key_share=True)
    row = (await session.execute(statement)).mappings().one_or_none()
    return _webhook(row) if row else None


async def change(session: Session, webhook_id: UUID, **values: object) -> Webhook:
    """Write columns of a webhook whose row the caller holds."""
    statement = (
        update(webhooks)
        .where(webhooks.c.id == webhook_id)
        .values(**values, updated_at=func.clock_timestamp())
        .returning(webhooks)
    )
    return _webhook((await session.execute(statement)).mappings().one())


async def remove(session: Session, webhook_id: UUID) -> None:
    """Delete a webhook and what is known of its deliveries."""
    await session.execute(delete(webhooks).where(webhooks.c.id == webhook_id))


async def page(
    session: Session, team_id: UUID, project_id: UUID, *, limit: int, after: str | None
) -> cursor.Page[Webhook]:
    """A project's webhooks, the newest first."""
    rows = select(webhooks).where(webhooks.c.team_id == team_id, webhooks.c.project_id == project_id)
    return await cursor.newest_first(session, rows, webhooks, _webhook, limit=limit, after=after)


async def add_delivery(session: Session, **values: object) -> Delivery:
    """Insert an attempt that is to be made."""
    statement = insert(deliveries).values(**values).returning(deliveries)
    return _delivery((await session.execute(statement)).mappings().one())


async def find_delivery(session: Session, delivery_id: UUID) -> tuple[Webhook, Delivery] | None:
    """An attempt with its webhook."""
    row = (await session.execute(select(deliveries).where(deliveries.c.id == delivery_id))).mappings().one_or_none()
    if row is None:
        return None
    hook = (await session.execute(select(webhooks).where(webhooks.c.id == row["webhook_id"]))).mappings().one()
    return _webhook(hook), _delivery(row)


async def end_delivery(session: Session, delivery_id: UUID, **values: object) -> bool:
    """Write the end of an attempt that has none yet; of two that try, one does."""
    statement = (
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.status == "pending")
        .values(**values)
        .returning(deliveries.c.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def page_of_deliveries(
    session: Session, webhook_id: UUID, *, limit: int, after: str | None
) -> cursor.Page[Delivery]:
    """A webhook's attempts, the newest first."""
    rows = select(deliveries).where(deliveries.c.webhook_id == webhook_id)
    return await cursor.newest_first(session, rows, deliveries, _delivery, limit=limit, after=after)


async def expire(session: Session, *, before: datetime) -> None:
    """Forget attempts that ended, and were made before a moment."""
    old = (deliveries.c.inserted_at < before) & (deliveries.c.status != "pending")
    await session.execute(delete(deliveries).where(old))
