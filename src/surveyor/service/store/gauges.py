"""What waits, runs and lives, as numbers for an operator's monitoring: one bounded look at an index each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import text

from surveyor.service.store.database import Session

#: A look answers in this time or not at all, so that watching a busy database never makes it busier.
STATEMENT_MS = 1_000
#: A value with its labels' values before it.
Row = tuple[tuple[str, ...], float]

_RUNS = """
with live as (select kind, status, inserted_at from audit_scan_runs where status in ('queued', 'running')),
cells as (select kind, status from unnest(array['web', 'artifact']) kind, unnest(array['queued', 'running']) status)
select kind, status, (select count(*) from live l where l.kind = c.kind and l.status = c.status) from cells c"""
# the clock is this process's, as is the one that wrote the rows
_OLDEST = """
select coalesce(extract(epoch from cast(:now as timestamptz) - min(inserted_at)), 0)
  from audit_scan_runs where status in ('queued', 'running') and status = 'queued'"""
_JOBS = """
with live as (select queue_name, status from procrastinate_jobs where status in ('todo', 'doing'))
select queue_name, status::text, count(*) from live group by queue_name, status"""
_WORKERS = """
select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => :stalled)"""
_VERIFICATIONS = "select count(*) from audit_verifications where result = 'pending'"
_REPORTS = "select count(*) from audit_reports where status = 'queued'"
# deliveries have no index by state, but each that waits is a job, and those have
_DELIVERIES = "select count(*) from procrastinate_jobs where status in ('todo', 'doing') and task_name = :deliver"
_SWITCHED_OFF = "select count(*) from webhooks where not active"
_UNITS = """
select state, coalesce(sum(case state when 'used' then used else reserved end), 0)
  from unnest(array['used', 'reserved']) state left join llm_months on month = :month group by state"""

_LOOKS: Mapping[str, str] = {
    "runs": _RUNS,
    "oldest_queued": _OLDEST,
    "jobs": _JOBS,
    "worker_loops": _WORKERS,
    "verifications": _VERIFICATIONS,
    "reports": _REPORTS,
    "deliveries": _DELIVERIES,
    "webhooks_off": _SWITCHED_OFF,
    "units": _UNITS,
}
#: What can be looked at.
NAMES = tuple(_LOOKS)


async def look(
    session: Session, name: str, *, now: datetime, month: date, stalled: float, deliver: str
) -> tuple[Row, ...]:
    """One look in a transaction of its own; raises the driver's error when it takes too long.

    ``stalled`` is after how many seconds of silence a worker counts as dead, ``deliver`` the task of deliveries.
    """
    given = {"now": now, "month": month, "stalled": stalled, "deliver": deliver}
    await session.execute(text(f"set local statement_timeout = {STATEMENT_MS}"))
    statement = text(_LOOKS[name])
    used = {key: value for key, value in given.items() if key in statement.compile().params}
    return tuple(
        (tuple(str(word) for word in row[:-1]), float(row[-1])) for row in await session.execute(statement, used)
    )
