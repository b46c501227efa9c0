"""Forgets artifacts, events and evidence after the days that the settings give them."""

from __future__ import annotations

from procrastinate.job_context import JobContext

from surveyor.service import queue
from surveyor.service.actions import evidence, retention
from surveyor.service.jobs.interface import log, patiently, work_of


async def run(context: JobContext, *, timestamp: int) -> None:
    """Every hour; a setting of 0 days keeps for ever."""
    _ = timestamp
    work = work_of(context)
    platform = work.platform
    files = scans = 0
    if work.artifact_days:
        files = await patiently(lambda: retention.forget_artifacts(platform, days=work.artifact_days))
    if work.event_days:
        scans = await patiently(lambda: retention.forget_events(platform.sessions, days=work.event_days))
    seen = 0
    if work.evidence_days:
        seen = await patiently(lambda: evidence.forget(platform, days=work.evidence_days))
    if files or scans or seen:
        log.info("retention", artifacts=files, scans_without_events=scans, scans_without_evidence=seen)


TASK = queue.Task(name="retention", run=run, queue=queue.CONTROL, cron="41 * * * * 15", retry=None)
