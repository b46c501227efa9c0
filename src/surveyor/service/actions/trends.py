"""How a page has loaded over its scans: one line for each engine, device and way to slow down, never a mixture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from surveyor.service.actions.platform import Platform
from surveyor.service.actions.slots import MEASUREMENTS
from surveyor.service.store import scans
from surveyor.service.store.scans import Scan

#: Runs that are shown, and those of the project that are looked through for them.
LIMIT, AMONG = 30, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One metric in one run: its median, and the range of the loads that it is made of."""

    scan_id: UUID
    at: datetime
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One metric of one page over its runs, oldest first; all points are of one ``series`` and one ``source``."""

    asset: str
    series: str
    source: str
    metric: str
    points: tuple[Point, ...]


async def of_page(platform: Platform, scan: Scan) -> tuple[Trend, ...]:
    """The trends that the measurements of this run are the last points of."""
    told = scan.summary.get(MEASUREMENTS)
    if scan.url is None or not told:
        return ()
    async with platform.sessions() as session:
        found = await scans.measured(
            session,
            scan.team_id,
            scan.project_id,
            url=scan.url,
            until=scan.inserted_at,
            among=AMONG,
            limit=LIMIT,
        )
    lines: dict[tuple[str, str, str, str], list[Point]] = {}
    for scan_id, at, summary in reversed(found):
        for key, values in _measured(summary):
            lines.setdefault(key, []).append(Point(scan_id=scan_id, at=at, **values))
    last = {key for key, _ in _measured(scan.summary)}
    return tuple(
        Trend(asset=asset, series=series, source=source, metric=metric, points=tuple(points))
        for (asset, series, source, metric), points in lines.items()
        if (asset, series, source, metric) in last
    )


def _measured(summary: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str, str], dict[str, float]]]:
    """Every metric of a run's summary by what it is a point of."""
    for one in summary.get(MEASUREMENTS) or ():
        for metric in one["metrics"]:
            value = float(metric["value"])
            low, high = (value if metric[name] is None else float(metric[name]) for name in ("low", "high"))
            key = str(one["asset"]), str(one["series"]), str(metric["source"]), str(metric["id"])
            yield key, {"value": value, "low": low, "high": high}
