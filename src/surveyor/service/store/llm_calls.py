"""The ledger of questions to models: every try, who answered, what it cost; never what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    Uuid,
    case,
    exists,
    func,
    insert,
    select,
)

from surveyor.service.store import cursor
from surveyor.service.store.database import Session, metadata
from surveyor.service.store.verifications import verifications

llm_calls = Table(
    "llm_calls",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("subject_id", Uuid, nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("asked_model", Text, nullable=False),
    Column("model", Text),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("tokens_in", BigInteger),
    Column("tokens_out", BigInteger),
    Column("cost_usd", Numeric(16, 6)),
    Column("latency_ms", Integer, nullable=False),
    Column("prompt_hash", Text, nullable=False),
    Column("schema_version", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index(None, "team_id", "id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCall:
    """One try, before it is written down; tokens and cost (US dollars) are ``None`` where nobody knows them."""

    purpose: str
    provider: str
    asked_model: str
    model: str | None
    outcome: str
    detail: str
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: Decimal | None
    latency_ms: int
    prompt_hash: str
    schema_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(NewCall):
    """One line of the ledger; it was for the ``subject`` (``scan`` or ``verification``) of that id."""

    id: int
    project_id: UUID
    subject: str
    subject_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What one model answered in a time; ``cost_usd`` is of the ``priced`` answers only."""

    provider: str
    model: str
    calls: int
    answered: int
    tokens_in: int
    tokens_out: int
    cost_usd: Decimal | None
    priced: int


_VERIFIED = exists().where(verifications.c.id == llm_calls.c.subject_id)
_SUBJECT = case((_VERIFIED, "verification"), else_="scan").label("subject")
_COLUMNS = tuple(_SUBJECT if item.name == "subject" else llm_calls.c[item.name] for item in fields(Call))


async def add(session: Session, *, team_id: UUID, project_id: UUID, subject_id: UUID, calls: Sequence[NewCall]) -> None:
    """Write tries down."""
    whose = {"team_id": team_id, "project_id": project_id, "subject_id": subject_id}
    if calls:
        await session.execute(insert(llm_calls), [{**whose, **asdict(call)} for call in calls])


async def page(session: Session, team_id: UUID, *, limit: int, after: str | None) -> cursor.Page[Call]:
    """A team's ledger, newest first."""
    rows: Any = select(*_COLUMNS).where(llm_calls.c.team_id == team_id).order_by(llm_calls.c.id.desc())
    total, estimated = await cursor.total_of(session, rows)
    if after:
        rows = rows.where(llm_calls.c.id < cursor.decode(after, int)[0])
    found = [Call(**row) for row in (await session.execute(rows.limit(limit + 1))).mappings()]
    more = cursor.encode(found[limit - 1].id) if len(found) > limit else None
    return cursor.Page(items=tuple(found[:limit]), total=total, total_is_estimate=estimated, next_cursor=more)


async def totals(session: Session, team_id: UUID, *, since: datetime) -> list[Total]:
    """What each model was asked and cost since a moment, by provider and model."""
    calls = llm_calls.c
    model = func.coalesce(calls.model, calls.asked_model)
    statement = (
        select(
            calls.provider,
            model.label("model"),
            func.count().label("calls"),
            func.count(case((calls.outcome == "ok", 1))).label("answered"),
            func.coalesce(func.sum(calls.tokens_in), 0).label("tokens_in"),
            func.coalesce(func.sum(calls.tokens_out), 0).label("tokens_out"),
            func.sum(calls.cost_usd).label("cost_usd"),
            func.count(calls.cost_usd).label("priced"),
        )
        .where(calls.team_id == team_id, calls.at >= since)
        .group_by(calls.provider, model)
        .order_by(calls.provider, model)
    )
    rows = (await session.execute(statement)).mappings()
    return [Total(**{**row, "tokens_in": int(row["tokens_in"]), "tokens_out": int(row["tokens_out"])}) for row in rows]
