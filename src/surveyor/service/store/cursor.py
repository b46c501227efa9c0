"""Keyset cursors: the sort values of a page's last row, opaque to callers and judged when they come back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import Select, Table, func, literal, select, tuple_
from sqlalchemy.engine import RowMapping

from surveyor.service.errors import InvalidParams
from surveyor.service.store.database import Session

T = TypeVar("T")
#: Up to here a list's total is counted; above it the planner's estimate has to do.
EXACT_TOTAL = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list; ``next_cursor`` is ``None`` on the last."""

    items: tuple[T, ...]
    total: int
    total_is_estimate: bool
    next_cursor: str | None


def encode(*values: int | datetime | UUID) -> str:
    """A cursor from sort values."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> tuple[int | datetime | UUID, ...]:
    """The sort values of a cursor, each of the kind its list sorts by."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(_value(kind, value) for kind, value in zip(kinds, values, strict=True))
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise InvalidParams("not a cursor of this list", details={"cursor": ["form"]}) from error


def _value(kind: type, value: object) -> int | datetime | UUID:
    if kind is int:
        if type(value) is not int or abs(value) >= 1 << 62:
            raise ValueError
        return value
    if not isinstance(value, str):
        raise TypeError
    if kind is UUID:
        return UUID(value)
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment


async def newest_first(
    session: Session,
    rows: Select[Any],
    table: Table,
    shape: Callable[[RowMapping], T],
    *,
    limit: int,
    after: str | None,
) -> Page[T]:
    """One page of a table's rows by ``inserted_at`` and ``id``, the newest first."""
    total, estimated = await total_of(session, rows)
    key = (table.c.inserted_at, table.c.id)
    if after:
        rows = rows.where(tuple_(*key) < decode(after, datetime, UUID))
    rows = rows.order_by(*(column.desc() for column in key)).limit(limit + 1)
    found = list((await session.execute(rows)).mappings())
    more = encode(found[limit - 1]["inserted_at"], found[limit - 1]["id"]) if len(found) > limit else None
    items = tuple(shape(row) for row in found[:limit])
    return Page(items=items, total=total, total_is_estimate=estimated, next_cursor=more)


async def total_of(session: Session, rows: Select[tuple[object]]) -> tuple[int, bool]:
    """How many rows a query has, exact to 10,000; above that the planner's estimate, and ``True``."""
    bounded = rows.with_only_columns(literal(1)).order_by(None).limit(EXACT_TOTAL + 1).subquery()
    counted: int = (await session.execute(select(func.count()).select_from(bounded))).scalar_one()
    if counted <= EXACT_TOTAL:
        return counted, False
    connection = await session.connection()
    compiled = rows.order_by(None).compile(dialect=connection.dialect)
    plan = (await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", compiled.params)).scalar_one()
    return max(counted, int(plan[0]["Plan"]["Plan Rows"])), True
