"""Has a run's findings judged by a model, when its scanners have ended and one may be asked."""

from __future__ import annotations

import asyncio
from uuid import UUID

from procrastinate.job_context import JobContext

from surveyor.service import queue
from surveyor.service.actions import analysis, llm, runs, slots
from surveyor.service.actions.analysis import Brief
from surveyor.service.jobs.asking import in_thread
from surveyor.service.jobs.interface import Work, aborted, log, patiently, work_of


async def run(context: JobContext, *, scan_id: str) -> None:
    """Ask, write, end the run; whatever fails here leaves the run done without a model's words, and says so."""
    work = work_of(context)
    sessions = work.platform.sessions
    brief = await patiently(lambda: analysis.begin(sessions, UUID(scan_id)))
    if brief is None:
        return
    try:
        await _analyse(work, brief)
    except asyncio.CancelledError:
        raise aborted(context) from None
    except TimeoutError:
        seconds = work.platform.llm.analysis_seconds
        await _give_up(work, brief, "timeout", f"no analysis within {seconds:g} s")
    except Exception as error:  # the job wrapper, one of the three places design §8 allows
        log.exception("analyse.failed", scan_id=scan_id)
        await _give_up(work, brief, "internal_error", f"{type(error).__name__} in the service")
        raise


async def _analyse(work: Work, brief: Brief) -> None:
    from surveyor.llm.analyse import analyse
    from surveyor.remedy.priority import bounded

    platform = work.platform
    caller = await patiently(lambda: llm.callers(platform, team_id=brief.scan.team_id, purpose="analysis"))
    context, subjects = analysis.material(brief)
    found = await in_thread(
        lambda: analyse(context, subjects, caller.ask, bounded), seconds=platform.llm.analysis_seconds
    )
    await patiently(lambda: analysis.finish(platform.sessions, brief, found))


async def _give_up(work: Work, brief: Brief, reason: str, detail: str) -> None:
    sessions = work.platform.sessions
    await patiently(lambda: slots.fail(sessions, brief.scan.id, reason=reason, detail=detail))


TASK = queue.Task(name=runs.ANALYSE_TASK, run=run)
