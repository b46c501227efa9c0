"""Findings and scans as rows of a page: values ready to be written down, nothing left to decide in a template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from surveyor.scan import phrases
from surveyor.scan.model import Severity
from surveyor.service.store.finding_assets import ASSETS_SHOWN, FoundAsset
from surveyor.service.store.findings import FindingRow
from surveyor.service.store.scans import Scan
from surveyor.service.ui import words
from surveyor.service.ui.evidence import Shown, cleared, judged_by, shown
from surveyor.service.ui.render import day, size
from surveyor.service.ui.verdict import Verdict, judge

_SUB_LENGTH = 140
#: How ids of checks begin that a model runs.
_MODELLED = "accessibility_model_"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetView:
    """One thing that a finding affects; ``artifact`` names the file that it is in, which tells uploads apart."""

    value: str
    artifact: str | None
    path: str | None
    layer: str | None
    first_seen: datetime
    last_seen: datetime
    scan: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One finding as its row and what opens below it."""

    id: UUID
    title: str
    severity: str
    status: str
    status_words: str
    sub: str
    where: str
    priority: str
    also: str
    kev: bool
    tier: str | None
    description: str
    evidence: Shown
    by_model: str
    cleared: bool
    no_evidence: str
    assets: tuple[AssetView, ...]
    package_name: str | None
    version: str
    fixed_in: tuple[str, ...]
    fix: dict[str, Any] | None
    no_fix: str
    rule: str
    other_ids: tuple[str, ...]
    basis: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRow:
    """One scan in a list; ``counts`` is None while, or because, nothing could be judged."""

    id: UUID
    target: str
    kind_words: str
    verdict: Verdict
    note: str
    counts: dict[str, int] | None
    took: int | None
    began: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The numbers of a scan; ``counts`` as in ``ScanRow``, ``packages`` None where there is no inventory."""

    counts: dict[str, int] | None
    total: int
    packages: int | None


def finding(row: FindingRow) -> FindingView:
    """One finding for reading."""
    name, version = package(row.package or "")
    return FindingView(
        id=row.id,
        title=row.title,
        severity=row.severity,
        status=row.status,
        status_words=words.FINDING[row.status].words,
        sub=_sub(row, version),
        where=_where(row.assets),
        priority="Not scored" if row.priority_score is None else f"Priority {row.priority_score}",
        also=_also(row.elsewhere),
        kev=bool(row.kev),
        tier=row.tier,
        description="" if row.description == row.title else row.description,
        evidence=shown(row.evidence),
        by_model=_by_model(row),
        cleared=cleared(row.evidence),
        no_evidence="The package record below is the evidence." if row.package else "None was recorded.",
        assets=tuple(_asset(found) for found in row.assets),
        package_name=name or None,
        version=version,
        fixed_in=row.fixed_in,
        fix=row.recommended_fix,
        no_fix=phrases.why_unfixed(row.fix_state) or "No fix is known.",
        rule=row.rule,
        other_ids=tuple(i for i in row.ids if i != row.rule)[:6],
        basis=_basis(row),
        references=tuple(r for r in row.reference_urls if urlsplit(r).scheme in {"http", "https"}),
    )


def scan(run: Scan) -> ScanRow:
    """One scan for a list."""
    verdict = judge(run)
    ended = run.finished_at and run.started_at
    note = verdict.reasons[0] if verdict.reasons else (run.error or "")
    return ScanRow(
        id=run.id,
        target=target(run),
        kind_words=f"{_kind(run)}, judged again" if run.recheck_of else _kind(run),
        verdict=verdict,
        note=note[:_SUB_LENGTH] if verdict.key in {"partial", "failed"} else "",
        counts=found(run).counts,
        took=_ms(run.started_at, run.finished_at) if ended else None,
        began=run.inserted_at,
    )


def _kind(run: Scan) -> str:
    return "Page" if run.kind == "web" else "Image" if run.image else "File"


def target(run: Scan) -> str:
    """What people call the thing that was scanned."""
    return run.name or run.url or str(run.artifact_id)


def found(run: Scan) -> Found:
    """The counts that the run's summary holds, every severity named."""
    counts = run.summary.get("findings")
    packages = run.summary.get("packages") if run.kind == "artifact" else None
    blind = judge(run).no_advisories and not any((counts or {}).values())
    if not isinstance(counts, dict) or run.status == "failed" or blind:
        return Found(counts=None, total=0, packages=packages)
    whole = {severity.value: int(counts.get(severity.value, 0)) for severity in Severity}
    return Found(counts=whole, total=sum(whole.values()), packages=packages)


def package(purl: str) -> tuple[str, str]:
    """The name and version that a PURL carries, for people: without type, qualifiers and sub-path."""
    path = purl.removeprefix("pkg:").partition("#")[0].partition("?")[0].partition("/")[2]
    head, at, version = path.rpartition("@")
    return (unquote(head), unquote(version)) if at else (unquote(path), "")


def _sub(row: FindingRow, version: str) -> str:
    if row.domain == "vulnerability":
        fixed = (
            f"{version} → {row.fixed_in[0]}"
            if row.fixed_in
            else f"{version}, {phrases.unfixed(row.fix_state)}"
            if version
            else ""
        )
        scores = [c["score"] for c in row.cvss if c.get("score") is not None]
        parts = [
            fixed,
            f"CVSS {max(scores):.1f}" if scores else "",
            f"EPSS {phrases.likelihood(row.epss)}" if row.epss is not None else "",
        ]
        return " · ".join(part for part in parts if part)
    first = row.description.partition("\n")[0]
    return first if len(first) <= _SUB_LENGTH else f"{first[: _SUB_LENGTH - 1]}…"


def _asset(found: FoundAsset) -> AssetView:
    return AssetView(
        value=found.value,
        artifact=found.artifact_name if found.artifact_name != found.value else None,
        path=found.path,
        layer=found.layer,
        first_seen=found.first_seen,
        last_seen=found.last_seen,
        scan=found.detected_by_scan,
    )


def _where(assets: tuple[FoundAsset, ...]) -> str:
    return _places(len(assets), "page" if assets[0].type == "url" else "place") if assets else ""


def _also(others: int) -> str:
    """What a list of one scan says of the places that other scans saw."""
    return f"also in {_places(others, 'other place')}" if others else ""


def _places(count: int, kind: str) -> str:
    more = "+" if count >= ASSETS_SHOWN else ""
    return f"{count}{more} {kind}{'s' if count > 1 else ''}"


def _basis(row: FindingRow) -> str:
    tier = {
        "confirmed_installed": "; the package is recorded as there",
        "heuristic_unverified": "; the package is inferred",
    }
    by = "; a person set the severity" if row.severity_by == "person" else ""
    model = f", with the word of {name}" if (name := judged_by(row.evidence)) else ""
    return f"Confidence {row.confidence:.0%}{model}{tier.get(row.tier or '', '')}{by}"


def _by_model(row: FindingRow) -> str:
    """What a list says of a model's part in a finding."""
    if row.rule.startswith(_MODELLED):
        return "Judged by a model"
    return "No barrier, says a model" if cleared(row.evidence) else ""


def _ms(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else round((end - start).total_seconds() * 1000)


def facts(run: Scan, artifact_size: int | None = None) -> list[dict[str, object]]:
    """What is known about a run's target, for the line below its name."""
    told: list[dict[str, object]] = [{"words": _kind(run).lower(), "mono": False}]
    if artifact_size is not None:
        told.append({"words": size(artifact_size), "mono": False})
    if run.trigger != "manual":
        told.append({"words": f"by {run.trigger.replace('_', ' ')}", "mono": False})
    told += [{"words": text, "mono": False} for text in asked(run.options)]
    if run.rematch:
        told.append({"words": _rematch(run.rematch), "mono": False})
    return told


def asked(options: dict[str, Any]) -> Iterator[str]:
    """What was asked for of a page besides its address."""
    if crawl := options.get("crawl"):
        yield f"up to {crawl['pages']:,} pages of the site"
    if device := options.get("device"):
        yield f"loaded as {device}"
    if engine := options.get("engine"):
        yield f"measured by {words.ENGINES[engine]}"
    if headers := options.get("headers"):
        yield f"with {', '.join(headers)}"


def _rematch(told: dict[str, Any]) -> str:
    """When an inventory met newer advisories, and which."""
    dates = [source["date"] for source in told["sources"] if source.get("date")]
    of = f" of {day(max(dates))}" if dates else ""
    return f"matched again on {day(told['at'])} with advisories{of}"
