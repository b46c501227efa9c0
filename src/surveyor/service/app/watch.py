"""The gauges that are read from the database when somebody scrapes: what waits, what runs, who works."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from surveyor.service.actions import clock, units
from surveyor.service.actions.webhooks import DELIVER_TASK
from surveyor.service.store import gauges
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.gauges import Row

#: For so long a scrape is told what the last one was: strangers that ask all the time cost no more than one.
FRESH_SECONDS = 2.0
#: All looks together: a scraper waits ten seconds by default.
_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric as it is documented; ``look`` is the store's name for what it reads, empty for our own."""

    name: str
    labels: tuple[str, ...] = ()
    words: str
    look: str = ""


UP = Series(
    name="surveyor_database_up",
    words="1 when the database answered all of the looks below in time, 0 when one of them is missing",
)
SERIES = (
    Series(name="surveyor_scan_runs", labels=("kind", "status"), words="Scans that wait or run", look="runs"),
    Series(
        name="surveyor_scan_runs_oldest_queued_seconds",
        words="Age of the scan that has waited longest, 0 when none waits",
        look="oldest_queued",
    ),
    Series(name="surveyor_jobs", labels=("queue", "state"), words="Jobs that wait (todo) or run (doing)", look="jobs"),
    Series(
        name="surveyor_worker_loops",
        words="Loops of workers that gave a sign of life lately; a worker process has three",
        look="worker_loops",
    ),
    Series(name="surveyor_verifications_pending", words="Verifications that wait or run", look="verifications"),
    Series(name="surveyor_reports_queued", words="Reports that wait or are being made", look="reports"),
    Series(
        name="surveyor_webhook_deliveries_waiting",
        words="Messages to webhooks that wait, also for another attempt, or are under way",
        look="deliveries",
    ),
    Series(name="surveyor_webhooks_switched_off", words="Webhooks that get no messages", look="webhooks_off"),
    Series(
        name="surveyor_llm_units",
        labels=("state",),
        words="Units of language models this month, of all teams, used or reserved",
        look="units",
    ),
)


@dataclass(slots=True, kw_only=True)
class Watch:
    """Reads the gauges, one reader at a time; ``stalled`` is a worker's silence in seconds that counts as death."""

    sessions: Sessions
    stalled: float
    fresh: float = FRESH_SECONDS
    clock: Callable[[], float] = time.monotonic
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _read: float | None = field(default=None, init=False)
    _found: dict[str, tuple[Row, ...]] = field(default_factory=dict, init=False)

    async def read(self) -> list[GaugeMetricFamily]:
        """All of them, or as many as the database answered; the first says whether it was all."""
        async with self._lock:
            if self._read is None or self.clock() - self._read >= self.fresh:
                self._found = await self._look()
                self._read = self.clock()
            found = self._found
        return list(_families(found))

    async def _look(self) -> dict[str, tuple[Row, ...]]:
        """What was answered: of one that failed the rest may be well, but without a connection nothing is."""
        found: dict[str, tuple[Row, ...]] = {}
        with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
            async with asyncio.timeout(_SECONDS), self.sessions() as session:
                await session.connection()
                for series in SERIES:
                    with contextlib.suppress(DBAPIError):
                        found[series.look] = await self._one(session, series.look)
                        await session.commit()
                        continue
                    await session.rollback()
        return found

    async def _one(self, session: Session, look: str) -> tuple[Row, ...]:
        now = clock.now()
        return await gauges.look(
            session, look, now=now, month=units.month_of(now), stalled=self.stalled, deliver=DELIVER_TASK
        )


def _families(found: dict[str, tuple[Row, ...]]) -> Iterator[GaugeMetricFamily]:
    yield GaugeMetricFamily(UP.name, UP.words, value=float(len(found) == len(SERIES)))
    for series in SERIES:
        if series.look in found:
            family = GaugeMetricFamily(series.name, series.words, labels=series.labels)
            for labels, value in found[series.look]:
                family.add_metric(labels, value)
            yield family
