"""What workers do: thin tasks over the verbs, in one tuple."""

from __future__ import annotations

from surveyor.service.jobs import (
    analyse,
    deliver_webhook,
    expire,
    notice_advisories,
    refresh_feeds,
    rematch,
    report_export,
    rescue,
    retention,
    run_schedules,
    scan_run,
    scan_slot,
    sweep_stale,
    update_advisories,
    verify,
)
from surveyor.service.queue import Task

TASKS: tuple[Task, ...] = (
    scan_run.TASK,
    scan_slot.TASK,
    analyse.TASK,
    rescue.TASK,
    sweep_stale.TASK,
    update_advisories.TASK,
    rematch.TASK,
    refresh_feeds.TASK,
    notice_advisories.TASK,
    expire.TASK,
    retention.TASK,
    report_export.TASK,
    verify.TASK,
    deliver_webhook.TASK,
    run_schedules.TASK,
)
