"""What a scan's report is once its inventory has met newer advisories, whose word is kept beside it and put into it.

The scanner's own report stays as it wrote it. What was seen of the artifact is in that alone, so what is kept of a
match is small: findings, sources, upgrades, coverage, and which packages were asked about, as JSON packed by zstd.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

import orjson

from surveyor.scan.model import INCOMPLETE, Coverage, CoverageState, Domain, Report, ScanStatus, Severity, is_aside
from surveyor.scan.report import interface
from surveyor.service.actions import intake, inventories
from surveyor.service.actions.platform import Platform
from surveyor.service.errors import NotFound, ServiceError, StorageUnavailable
from surveyor.service.store import scans
from surveyor.service.store.scans import Scan

#: In a run's ``rematch``: the key of the object.
KEY = "report"
_LEVEL = 3


async def keep(platform: Platform, scan_id: UUID, report: Report, *, slot: str) -> str | None:
    """Keep what a match came to beside a report of the scan; the key, ``None`` where there is no report or no room.

    Raises ``StorageUnavailable``, after which it may come back.
    """
    async with platform.sessions() as session:
        scan = await scans.find(session, scan_id)
    if scan is None or slot not in scan.report_keys:
        return None
    key = f"scans/{scan_id}/{slot}.again.{uuid4()}.zst"
    try:
        await platform.storage.put_bytes(key, _packed(report))
    except StorageUnavailable:
        raise
    except ServiceError:
        return None  # the report then says that it is of before
    return key


def _packed(report: Report) -> bytes:
    told = {
        "asked": [package.purl for package in report.packages],
        "findings": report.findings,
        "sources": report.sources,
        "upgrades": report.upgrades,
        "coverage": report.coverage,
    }
    import zstandard  # which every process would load, and few need

    return zstandard.ZstdCompressor(level=_LEVEL).compress(interface.dumps(told, indent=False))


async def later(platform: Platform, scan: Scan) -> bytes | None:
    """What the last match came to, as it is kept; ``None`` where it is not."""
    key = (scan.rematch or {}).get(KEY)
    if key is None:
        return None
    try:
        return await platform.storage.get_bytes(key, max_bytes=intake.REPORT_BYTES)
    except NotFound:
        return None


def put_into(report: dict[str, Any], kept: bytes, scan: Scan) -> None:
    """Make a report one of today: what advisories said is what they say now, all else is as it was seen."""
    import zstandard

    said = orjson.loads(zstandard.ZstdDecompressor().decompress(kept, intake.REPORT_BYTES))
    assert scan.rematch is not None
    asked, titles = set(said["asked"]), {finding["title"] for finding in said["findings"]}
    stays = [finding for finding in report["findings"] if _stays(finding, asked, titles)]
    findings = sorted([*stays, *said["findings"]], key=_order)
    counts = Counter(finding["severity"] for finding in findings)
    seen = [entry for entry in report["coverage"] if not entry["what"].startswith("advisories")]
    coverage = [*seen, *said["coverage"], asdict(_again(scan, report))]
    whole = not any(entry["state"] in {state.value for state in INCOMPLETE} for entry in coverage)
    report |= {
        "started_at": scan.rematch["at"],
        "finished_at": scan.rematch["at"],
        "scan_status": (ScanStatus.COMPLETE if whole else ScanStatus.PARTIAL).value,
        "coverage": coverage,
        "sources": said["sources"],
        "findings": findings,
        "upgrades": said["upgrades"],
        "summary": {**report["summary"], "findings": {severity.value: counts[severity.value] for severity in Severity}},
    }


def _stays(finding: dict[str, Any], asked: set[str], titles: set[str]) -> bool:
    """Whether a match had no word on a finding: where advisories could not be asked, what they said before stands."""
    if finding["domain"] != Domain.VULNERABILITY:
        return True
    return finding["title"] not in titles and any(asset["value"] not in asked for asset in finding["assets"])


def _order(finding: dict[str, Any]) -> tuple[bool, int, str, str]:
    return is_aside(finding.get("ruled_by")), Severity(finding["severity"]).rank, finding["domain"], finding["title"]


def _again(scan: Scan, report: dict[str, Any]) -> Coverage:
    assert scan.rematch is not None
    new, gone = scan.rematch["new"], scan.rematch["gone"]
    detail = (
        f"matched again with newer advisories on {scan.rematch['at'][:10]}: {new:,} new, {gone:,} gone;"
        f" the artifact was looked at on {report['started_at'][:10]}, and has not been since"
    )
    return Coverage(what=inventories.REMATCH, state=CoverageState.LOOKED, detail=detail)
