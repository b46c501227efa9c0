"""Providers of language models: for everybody (no team) or for one team, their keys sealed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from surveyor.service.store.database import Session, metadata

KINDS = ("anthropic", "openai", "compatible")

llm_providers = Table(
    "llm_providers",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid()),
    Column("team_id", Uuid, ForeignKey("teams.id", ondelete="CASCADE")),
    Column("kind", Text, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("sealed", LargeBinary),
    Column("hint", Text),
    Column("base_url", Text),
    Column("analysis_model", Text),
    Column("accessibility_model", Text),
    Column("key_changed_at", DateTime(timezone=True)),
    Column("inserted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("kind in ('anthropic', 'openai', 'compatible')", name="kind"),
    Index("llm_providers_team_kind_idx", "team_id", "kind", unique=True, postgresql_where=text("team_id is not null")),
    Index("llm_providers_platform_kind_idx", "kind", unique=True, postgresql_where=text("team_id is null")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRow:
    """One provider; ``hint`` is the beginning and the end of its key, ``sealed`` the key for the vault."""

    id: UUID
    team_id: UUID | None
    kind: str
    enabled: bool
    sealed: bytes | None = field(repr=False)
    hint: str | None
    base_url: str | None
    analysis_model: str | None
    accessibility_model: str | None
    key_changed_at: datetime | None
    updated_at: datetime

    @property
    def missing(self) -> tuple[str, ...]:
        """What it cannot be asked without: a key, or a compatible server's address and model."""
        if self.kind == "compatible":
            return tuple(name for name in ("base_url", "analysis_model") if not getattr(self, name))
        return () if self.sealed is not None else ("key",)

    @property
    def usable(self) -> bool:
        """Whether it can be asked at all."""
        return self.enabled and not self.missing


_COLUMNS = tuple(llm_providers.c[item.name] for item in fields(ProviderRow))


async def of_team(session: Session, team_id: UUID) -> list[ProviderRow]:
    """A team's own providers and everybody's, in the order of asking; a team's own before everybody's of its kind."""
    statement = select(*_COLUMNS).where(or_(llm_providers.c.team_id == team_id, llm_providers.c.team_id.is_(None)))
    rows = [ProviderRow(**row) for row in (await session.execute(statement)).mappings()]
    return sorted(rows, key=lambda row: (KINDS.index(row.kind), row.team_id is None))


def in_force(rows: list[ProviderRow]) -> list[ProviderRow]:
    """One a kind: the team's own where it has one, also when that is switched off."""
    first: dict[str, ProviderRow] = {}
    for row in rows:
        first.setdefault(row.kind, row)
    return list(first.values())


async def hold(session: Session) -> None:
    """Let one change at a time be made until the transaction ends."""
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended('llm_providers', 1))"))


async def find(session: Session, team_id: UUID | None, kind: str) -> ProviderRow | None:
    """One provider of a team, or of everybody."""
    row = (await session.execute(select(*_COLUMNS).where(_is(team_id, kind)))).mappings().one_or_none()
    return ProviderRow(**row) if row else None


async def put(session: Session, team_id: UUID | None, kind: str, **values: object) -> ProviderRow:
    """Insert or change one; the caller holds all of them."""
    changed = update(llm_providers).where(_is(team_id, kind)).values(**values, updated_at=func.now())
    row = (await session.execute(changed.returning(*_COLUMNS))).mappings().one_or_none()
    if row is None:
        added = insert(llm_providers).values(team_id=team_id, kind=kind, **values)
        row = (await session.execute(added.returning(*_COLUMNS))).mappings().one()
    return ProviderRow(**row)


async def remove(session: Session, team_id: UUID | None, kind: str) -> bool:
    """Forget one with its key; whether there was one."""
    gone = delete(llm_providers).where(_is(team_id, kind)).returning(llm_providers.c.id)
    return (await session.execute(gone)).one_or_none() is not None


async def sealed(session: Session) -> list[ProviderRow]:
    """Every provider with a key, of all teams, held until the transaction ends."""
    statement = select(*_COLUMNS).where(llm_providers.c.sealed.is_not(None)).with_for_update()
    return [ProviderRow(**row) for row in (await session.execute(statement)).mappings()]


def _is(team_id: UUID | None, kind: str) -> ColumnElement[bool]:
    whose = llm_providers.c.team_id.is_(None) if team_id is None else llm_providers.c.team_id == team_id
    return whose & (llm_providers.c.kind == kind)
