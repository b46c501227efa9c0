"""The one door to the job engine: enqueue and cancel inside the caller's transaction, declare tasks, open an app.

A job names its task by a string, so that a verb can ask for work without importing the code that does it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from psycopg.errors import RaiseException
from sqlalchemy import text

from surveyor.service.store.database import Session, conninfo_of, driver

AUDIT = "audit"
CONTROL = "control"
#: What waits for other people's servers: a slow one must not hold up what the control queue is for.
OUTGOING = "outgoing"
#: How often a job may be started at all, whatever the reasons: its own count of attempts ends it long before.
MOST_STARTS = 100
#: How often one that fails is.
FEW_STARTS = 5

# never opened: every statement runs on a connection that the caller brings
_manager = JobManager(PsycopgConnector())


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A job to enqueue: ``lock`` keeps two of the same name from running at once; ``at`` is when it may begin."""

    task: str
    args: Mapping[str, Any]
    queue: str = AUDIT
    lock: str | None = None
    priority: int = 0
    at: datetime | None = None


async def enqueue(
    session: Session, task: str, args: Mapping[str, Any], *, queue: str = AUDIT, lock: str | None = None
) -> int:
    """Enqueue one job in the caller's transaction; its id."""
    return (await enqueue_many(session, [Order(task=task, args=args, queue=queue, lock=lock)]))[0]


async def enqueue_many(session: Session, orders: Sequence[Order]) -> list[int]:
    """Enqueue jobs in one statement of the caller's transaction; workers see them, and are woken, when it commits."""
    jobs = [
        Job(
            queue=order.queue,
            lock=order.lock,
            queueing_lock=None,
            task_name=order.task,
            task_kwargs=dict(order.args),
            priority=order.priority,
            scheduled_at=order.at,
        )
        for order in orders
    ]
    placed = await _manager.batch_defer_jobs_async(jobs, connection=await driver(session))
    return [job.id for job in placed if job.id is not None]


async def cancel(session: Session, job_ids: Iterable[int]) -> None:
    """Take waiting jobs out of the queue and ask running ones to stop, when the caller's transaction commits."""
    for job_id in job_ids:
        await session.execute(text("select procrastinate_cancel_job_v1(:id, true, false)"), {"id": job_id})


class OnlyShutdown(BaseRetryStrategy):
    """A stopping worker puts its job back; an error or a person's cancel ends it for good."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Judge one ended job; a person's cancel comes as JobAborted and never gets here."""
        again = isinstance(exception, asyncio.CancelledError) and job.attempts < MOST_STARTS
        return RetryDecision(retry_in={"seconds": 0}) if again else None


class FewTimes(OnlyShutdown):
    """An error puts the job back for a minute, a few times: for work that nobody would ask for again."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Judge one ended job."""
        shut = super().get_retry_decision(exception=exception, job=job)
        again = isinstance(exception, Exception) and job.attempts < FEW_STARTS
        return shut or (RetryDecision(retry_in={"seconds": 60}) if again else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A unit of work as it is declared: ``run(context, **args)``; ``cron`` has six fields, the seconds last."""

    name: str
    run: Callable[..., Awaitable[None]]
    queue: str = AUDIT
    cron: str | None = None
    retry: BaseRetryStrategy | None = field(default_factory=OnlyShutdown)


def open_app(dsn: str, tasks: Iterable[Task], *, pool: int = 4) -> App:
    """The worker's side: an app that knows every task; the caller enters ``app.open_async()``."""
    connector = PsycopgConnector(conninfo=conninfo_of(dsn), min_size=1, max_size=pool, timeout=10)
    app = App(connector=connector)
    for task in tasks:
        # a periodic tick that finds the one before still waiting is dropped, not piled up
        lock = task.name if task.cron else None
        declared = app.task(
            name=task.name, queue=task.queue, retry=task.retry or False, pass_context=True, queueing_lock=lock
        )(task.run)
        if task.cron:
            app.periodic(cron=task.cron)(declared)
    return app


async def stalled(app: App, *, seconds: float) -> list[Job]:
    """Jobs whose worker has not given a sign of life for so long."""
    return list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds))


async def put_back(app: App, job: Job) -> None:
    """Let another worker have a job; it is found by polling, since the engine rings no bell for this."""
    with _unless_ended():
        await app.job_manager.retry_job(job, retry_at=datetime.now(UTC))


async def give_up(app: App, job: Job) -> None:
    """End a job that was started too often."""
    with _unless_ended():
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)


@contextlib.contextmanager
def _unless_ended() -> Iterator[None]:
    """A worker that was thought dead, or another rescuer, may have ended or put back the job in this moment."""
    try:
        yield
    except ConnectorException as error:
        if not isinstance(error.__cause__, RaiseException):
            raise


async def forget_old(app: App, *, hours: int) -> None:
    """Delete ended jobs; what they did is in our own tables."""
    await app.job_manager.delete_old_jobs(hours, include_failed=True, include_cancelled=True, include_aborted=True)


async def any_waits(session: Session, job_ids: Iterable[int]) -> bool:
    """Whether one of these jobs has not been started yet."""
    statement = text("select exists (select from procrastinate_jobs where id = any(:ids) and status = 'todo')")
    return bool((await session.execute(statement, {"ids": list(job_ids)})).scalar_one())


async def any_lives(session: Session, job_ids: Iterable[int]) -> bool:
    """Whether one of these jobs waits or runs."""
    statement = text(
        "select exists (select from procrastinate_jobs where id = any(:ids) and status in ('todo', 'doing'))"
    )
    return bool((await session.execute(statement, {"ids": list(job_ids)})).scalar_one())
