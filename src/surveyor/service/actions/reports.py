"""The report of a scan run, as a file."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from surveyor.scan.model import INCOMPLETE, Coverage, CoverageState, Report, ScanStatus, Severity, Summary, order
from surveyor.scan.report import json as report_json
from surveyor.service.actions import intake, inventories, rematched, scans
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import Conflict, NotFound
from surveyor.service.store.scans import TERMINAL, Scan

_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
#: The worst first: what a run amounts to when its slots differ.
_ENDS = (ScanStatus.COMPLETE, ScanStatus.PARTIAL, ScanStatus.UNSUPPORTED, ScanStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file to send: a name that is safe in a header, and its bytes."""

    name: str
    chunks: AsyncIterator[bytes]


async def download(
    platform: Platform, *, team_id: UUID, project_id: UUID, scan_id: UUID, slot: str | None = None
) -> Download:
    """The report of an ended scan as JSON: one for the whole run, or a single scanner's as it wrote it.

    The whole run's also says what the run came to: its health, and the model's words where one was asked; and where its
    inventory has met newer advisories since, what they say.
    Conflict while the scan has not ended, NotFound when its scanners left none.
    """
    scan = await scans.find(platform.sessions, team_id=team_id, project_id=project_id, scan_id=scan_id)
    if scan.status not in TERMINAL:
        raise Conflict(f"the scan is {scan.status}; its report comes when it has ended")
    keys = scan.report_keys if slot is None else {k: v for k, v in scan.report_keys.items() if k == slot}
    if not keys:
        raise NotFound("this scan left no report" if slot is None else "this scanner left no report")
    name = named(scan)
    if slot is not None:
        return Download(name=f"{name}-{slot}.json", chunks=platform.storage.get_stream(keys[slot]))
    parts = {}
    for held, key in sorted(keys.items()):
        parts[held] = await platform.storage.get_bytes(key, max_bytes=intake.REPORT_BYTES)
    if len(scan.scanner_status) > 1:
        return Download(name=f"{name}.json", chunks=_once(await asyncio.to_thread(_merged, scan, parts)))
    again = await rematched.later(platform, scan)
    return Download(name=f"{name}.json", chunks=_once(await asyncio.to_thread(_told, scan, parts, again)))


def named(scan: Scan) -> str:
    """What a file about a scan is called, safe in a header, without an ending."""
    return f"surveyor-{_PLAIN.sub('-', scan.name or scan.kind).strip('-.')[:80] or scan.kind}-{str(scan.id)[:8]}"


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _told(scan: Scan, parts: dict[str, bytes], again: bytes | None) -> bytes:
    """The only scanner's report with what the run came to, and what newer advisories said of its inventory since.

    Not read into values, as a merge needs them: an inventory may be of a hundred MB, and little of it changes.
    """
    (content,) = parts.values()
    report = orjson.loads(content)
    if again is not None:
        rematched.put_into(report, again, scan)
    else:
        report["coverage"] = [*(report.get("coverage") or ()), *map(asdict, _later(scan))]
    report["summary"] = {**(report.get("summary") or {}), **_outcome(scan)}
    return orjson.dumps(report, option=report_json.OPTIONS)


def _later(scan: Scan) -> Iterator[Coverage]:
    """That the inventory has met newer advisories since whose word is not kept: the report is as the scan left it."""
    if scan.rematch is not None:
        new, gone = scan.rematch["new"], scan.rematch["gone"]
        detail = (
            f"on {scan.rematch['at'][:10]} its inventory was matched again with newer advisories: {new:,} new, "
            f"{gone:,} gone; the findings here are those of before, the scan's own list has today's"
        )
        yield Coverage(what=inventories.REMATCH, state=CoverageState.SKIPPED, reason="matched_later", detail=detail)


def _outcome(scan: Scan) -> dict[str, Any]:
    """The part of a report's summary that is the run's, from the run's own: the two never differ."""
    return {name: scan.summary.get(name) for name in ("computed_health", "health_score", "summary")}


def _merged(scan: Scan, parts: dict[str, bytes]) -> bytes:
    return report_json.encode(merge(scan, {slot: intake.read(content) for slot, content in parts.items()}))


def merge(scan: Scan, parts: dict[str, Report]) -> Report:
    """One report of a run from its slots' reports, with what became of the slots that left none."""
    reports = list(parts.values())
    first = reports[0]
    units = {name: version for report in reports for name, version in _units(report).items()}
    missing = [
        Coverage(
            what=f"slot.{name}",
            state=CoverageState.FAILED,
            reason=held.reason or "report_not_kept",
            detail=None if held.reason else "it looked, and its own report could not be stored: see the findings",
            asset=scan.url,
        )
        for name, held in scan.scanner_status.items()
        if name not in parts
    ]
    coverage = (*(entry for report in reports for entry in report.coverage), *missing)
    found = [finding for report in reports for finding in report.findings]
    findings = tuple(sorted(found, key=order))
    packages = tuple(package for report in reports for package in report.packages)
    counts = Counter(finding.severity.value for finding in findings)
    status = _status(scan, parts, coverage)
    return replace(
        first,
        scanner={**first.scanner, "units": dict(sorted(units.items()))},
        started_at=min(report.started_at for report in reports),
        finished_at=max(report.finished_at for report in reports),
        scan_status=status,
        coverage=coverage,
        sources=tuple(dict.fromkeys(source for report in reports for source in report.sources)),
        packages=packages,
        findings=findings,
        upgrades=tuple(upgrade for report in reports for upgrade in report.upgrades),
        scores=tuple(score for report in reports for score in report.scores),
        measurements=tuple(one for report in reports for one in report.measurements),
        summary=Summary(
            findings={severity.value: counts[severity.value] for severity in Severity},
            packages=len(packages),
            **_outcome(scan),
        ),
        error=scan.error,
    )


def _units(report: Report) -> dict[str, object]:
    units = report.scanner.get("units")
    return units if isinstance(units, dict) else {}


def _status(scan: Scan, parts: dict[str, Report], coverage: tuple[Coverage, ...]) -> ScanStatus:
    """Failed when no slot is done; partial when one asked for or enabled could not look at everything."""
    if all(held.state != "done" for held in scan.scanner_status.values()):
        return max((report.scan_status for report in parts.values()), key=_ENDS.index)
    return ScanStatus.PARTIAL if any(entry.state in INCOMPLETE for entry in coverage) else ScanStatus.COMPLETE
