"""Fixed rate windows, aligned to the epoch, counted in the database so that every process shares them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Integer, Table, Text, Uuid, delete
from sqlalchemy.dialects.postgresql import insert

from surveyor.service.store.database import Session, metadata

rate_limit_windows = Table(
    "rate_limit_windows",
    metadata,
    Column("team_id", Uuid, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("window_start", DateTime(timezone=True), primary_key=True, index=True),
    Column("count", Integer, nullable=False),
)


async def hit(session: Session, *, team_id: UUID, bucket: str, window_start: datetime) -> int:
    """Count one request in a window and return how many it has seen, this one too. One atomic statement."""
    row = insert(rate_limit_windows).values(team_id=team_id, bucket=bucket, window_start=window_start, count=1)
    counted = row.on_conflict_do_update(
        index_elements=["team_id", "bucket", "window_start"], set_={"count": rate_limit_windows.c.count + 1}
    )
    count: int = (await session.execute(counted.returning(rate_limit_windows.c.count))).scalar_one()
    return count


async def expire(session: Session, *, before: datetime) -> None:
    """Forget windows that started before a moment."""
    await session.execute(delete(rate_limit_windows).where(rate_limit_windows.c.window_start < before))
