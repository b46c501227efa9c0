"""Makes one attempt to deliver a message to a webhook."""

from __future__ import annotations

from uuid import UUID

from procrastinate.job_context import JobContext

from surveyor.service import queue
from surveyor.service.actions import deliveries
from surveyor.service.actions.webhooks import DELIVER_TASK
from surveyor.service.jobs.interface import patiently, work_of


async def run(context: JobContext, *, delivery_id: str) -> None:
    """Send, and write down what came of it. Run again after a worker's death it sends again, under the same id."""
    work = work_of(context)
    sessions = work.platform.sessions
    outgoing = await patiently(lambda: deliveries.take(sessions, UUID(delivery_id)))
    if outgoing is None:
        return
    outcome = await deliveries.send(work.platform, outgoing)
    await patiently(lambda: deliveries.settle(sessions, outgoing, outcome, retry_seconds=work.webhook_retry))


TASK = queue.Task(name=DELIVER_TASK, run=run, queue=queue.OUTGOING)
