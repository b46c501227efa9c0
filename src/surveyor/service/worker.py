"""A worker process: runs scans in child processes and keeps house, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import psycopg
import structlog
from procrastinate import App
from procrastinate.exceptions import ProcrastinateException
from sqlalchemy.exc import DBAPIError

from surveyor.scan.settings import Settings
from surveyor.service import child, logs, queue
from surveyor.service.actions import sweep
from surveyor.service.actions.platform import Llm, Platform
from surveyor.service.config import Config
from surveyor.service.errors import BadConfiguration
from surveyor.service.jobs import TASKS
from surveyor.service.jobs.interface import Work, patiently
from surveyor.service.storage import Storage
from surveyor.service.store.database import open_engine, sessions
from surveyor.service.vault import Vault

log = structlog.get_logger("surveyor.worker")
#: How long the queue may go without being asked: retried jobs ring no bell.
POLL_SECONDS = 1.0
FIRST_PAUSE, LAST_PAUSE = 0.1, 5.0
HEALTHY_SECONDS = 30.0
#: How many messages one worker delivers at once.
OUTGOING_AT_ONCE = 4


def run(config: Config) -> int:
    """Work until SIGTERM or SIGINT; running scans are put back for another worker. The exit code."""
    logs.begin("worker", config.logs)
    settle()
    asyncio.run(serve(config))
    return 0


def settle() -> None:
    """Look for garbage less often.

    A report is a hundred thousand small values that all stay until it is written; at the interpreter's own pace the
    search among them costs as much as making them.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


async def serve(config: Config, *, ready: Callable[[], None] | None = None) -> None:
    """The same inside a running loop. ``ready`` is called when jobs are being taken."""
    if config.database_url is None:
        raise BadConfiguration("a worker needs SURVEYOR_DATABASE_URL, or runs under: surveyor up")
    dsn = config.database_url.get_secret_value()
    config.prepare_home()
    child.harden()
    await asyncio.to_thread(child.warm_up)
    # every running scan may store events at once, and the small tasks beside them
    engine = open_engine(
        dsn,
        pool=config.audit_concurrency + 2 + OUTGOING_AT_ONCE,
        overflow=config.audit_concurrency,
        # a worker that is frozen inside a transaction must not keep its scans from who takes them over
        silent=2 * config.stalled_seconds,
    )
    platform = Platform(
        sessions=sessions(engine),
        storage=Storage.open(config),
        scan=_scan_settings(config),
        temporary=config.temporary,
        vault=Vault(config.secret_key()),
        base_url=config.base_url,
        llm=Llm(
            monthly_units=config.llm_monthly_units,
            seconds=config.llm_seconds,
            analysis_seconds=config.llm_analysis_seconds,
        ),
    )
    work = Work(
        platform=platform,
        heartbeat=config.heartbeat_seconds,
        stalled=config.stalled_seconds,
        page_seconds=config.page_seconds,
        verify_seconds=config.verify_seconds,
        stale=config.stale_minutes * 60,
        feed_refresh=config.feed_refresh,
        artifact_days=config.artifact_days,
        event_days=config.event_days,
        evidence_days=config.evidence_days,
        page_evidence=config.page_evidence,
        webhook_retry=config.webhook_retry_seconds,
        # Google measures as many pages at once as it is asked to
        measuring=asyncio.Semaphore(config.audit_concurrency if platform.scan.psi_key else 1),
    )
    try:
        await _until_told(_keep_working(dsn, config, work, ready))
    finally:
        await engine.dispose()


def _scan_settings(config: Config) -> Settings:
    """The scanner's settings, a page's deadline as the service has it."""
    settings = config.scan_settings()
    return replace(settings, limits=replace(settings.limits, page_seconds=config.page_seconds))


async def _until_told(working: Coroutine[Any, Any, None]) -> None:
    """Run until a signal comes, then cancel and wait for a clean end."""
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(working)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _keep_working(dsn: str, config: Config, work: Work, ready: Callable[[], None] | None) -> None:
    """Run the job engine again whenever it returns: it does so, without an error, when the database goes away."""
    loop = asyncio.get_running_loop()
    pause = FIRST_PAUSE
    while True:
        began = loop.time()
        try:
            app = queue.open_app(dsn, TASKS, pool=config.audit_concurrency + 4 + OUTGOING_AT_ONCE)
            async with app.open_async():
                await patiently(lambda: sweep.stale(work.platform.sessions, seconds=work.stale))
                await _work(app, config, work, ready)
            log.warning("worker.returned", again_in=pause)
        except (ProcrastinateException, DBAPIError, psycopg.Error, OSError) as error:
            log.warning("worker.database", error=type(error).__name__, again_in=pause)
        if loop.time() - began > HEALTHY_SECONDS:
            pause = FIRST_PAUSE
        await asyncio.sleep(pause)
        pause = min(pause * 2, LAST_PAUSE)


async def _work(app: App, config: Config, work: Work, ready: Callable[[], None] | None) -> None:
    """Three loops in one process: scans, as many as set; small tasks and deliveries, which never wait behind others."""
    loops = [
        asyncio.create_task(_loop(app, config, work, queue.AUDIT, config.audit_concurrency), name="audit"),
        asyncio.create_task(_loop(app, config, work, queue.CONTROL, 1), name="control"),
        asyncio.create_task(_loop(app, config, work, queue.OUTGOING, OUTGOING_AT_ONCE), name="outgoing"),
    ]
    try:
        if ready is not None:
            ready()
        await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # one that returns takes the other with it: both are started again together
        for loop in loops:
            loop.cancel()
        ends = await asyncio.gather(*loops, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _loop(app: App, config: Config, work: Work, name: str, concurrency: int) -> None:
    await app.run_worker_async(
        queues=[name],
        name=f"surveyor-{name}",
        concurrency=concurrency,
        install_signal_handlers=False,
        shutdown_graceful_timeout=config.grace_seconds / 2,
        update_heartbeat_interval=config.heartbeat_seconds,
        stalled_worker_timeout=config.stalled_seconds,
        fetch_job_polling_interval=POLL_SECONDS,
        abort_job_polling_interval=POLL_SECONDS,
        additional_context={"work": work},
    )
