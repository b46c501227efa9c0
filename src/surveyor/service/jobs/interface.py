"""What every task is given, and how it lives through a lost database and a person's cancel."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psycopg
import structlog
from procrastinate import App
from procrastinate.exceptions import JobAborted
from procrastinate.job_context import AbortReason, JobContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from surveyor.service.actions.platform import Platform
from surveyor.service.errors import StorageUnavailable

T = TypeVar("T")
log = structlog.get_logger("surveyor.worker")
#: SQLSTATEs of a server that is gone, going, coming or full: connection exception, operator intervention, too many.
_PASSING = ("08", "57P", "53300")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A worker's tools.

    Times in seconds: between signs of life, until a worker is dead, per page, until stale, per verified header,
    before a message is tried for the second time. ``measuring`` is held by whoever measures how a page loads, which
    the browser of this machine does for one scan at a time.
    """

    platform: Platform
    heartbeat: float
    stalled: float
    page_seconds: float
    stale: float
    feed_refresh: bool
    attempts: int = 3
    artifact_days: int = 30
    event_days: int = 90
    evidence_days: int = 30
    page_evidence: bool = True
    verify_seconds: float = 10.0
    webhook_retry: float = 10.0
    measuring: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))


def work_of(context: JobContext) -> Work:
    """The tools, as the worker put them beside the job."""
    work = context.additional_context["work"]
    assert isinstance(work, Work)
    return work


def app_of(context: JobContext) -> App:
    """The job engine."""
    return context.app


async def patiently(attempt: Callable[[], Awaitable[T]], *, seconds: float = 60.0) -> T:
    """Do something in the database, again and again while the database is away; ``attempt`` must bear repetition."""
    loop = asyncio.get_running_loop()
    until, pause = loop.time() + seconds, 0.1
    while True:
        try:
            return await attempt()
        except (DBAPIError, PoolTimeout, psycopg.Error, StorageUnavailable) as error:
            if not _passes(error) or loop.time() + pause > until:
                raise
            log.warning("database.away", error=type(error).__name__, again_in=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, 2.0)


def _passes(error: BaseException) -> bool:
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if not isinstance(error, psycopg.Error):
        return isinstance(error, (PoolTimeout, StorageUnavailable))
    if isinstance(error, psycopg.errors.IdleInTransactionSessionTimeout):  # we were frozen for longer than we may be
        return True
    state = error.sqlstate
    return isinstance(error, psycopg.OperationalError) and (state is None or state.startswith(_PASSING))


def aborted(context: JobContext) -> BaseException:
    """What to raise after CancelledError: a person's cancel ends the job, a stopping worker puts it back."""
    if context.abort_reason() is AbortReason.USER_REQUEST:
        return JobAborted()
    return asyncio.CancelledError()


def folder_of(platform: Platform, scan_id: str) -> Path:
    """Where a scan's progress files lie on this machine while it runs."""
    return platform.temporary / "scans" / scan_id


def remove_folder(folder: Path) -> None:
    """Remove a scan's files, if any."""
    shutil.rmtree(folder, ignore_errors=True)
