"""Judges what a scanner child reports before it reaches a table: the child has read hostile bytes and may be theirs.

Counts and lengths are bounded, types are checked, and characters that PostgreSQL cannot hold are dropped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from types import NoneType
from typing import Any, TypeVar

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.figures import Device, Measured, Measurement, Score
from surveyor.scan.model import Asset, Coverage, Evidence, Finding, Fix, Package, Report
from surveyor.scan.phrases import is_picture
from surveyor.scan.report import interface
from surveyor.scan.report import json as report_json
from surveyor.service.store.sightings import SeenAsset, Sighting

T = TypeVar("T")
REPORT_BYTES = 192 << 20
FINDINGS = 100_000
PACKAGES = 500_000
ASSETS = 500_000
COVERAGE = 5_000
SCORES = 50
#: Upgrades that a run keeps, and installed versions that each names; the report has all.
UPGRADES, UPGRADED = 10, 5
TITLE, TEXT, VALUE, LIST = 500, 8_000, 4_000, 200
#: Characters of one picture, and pictures of one finding.
PICTURE, PICTURES = 60_000, 5
_YEARS = (1970, 2200)


def read(content: bytes) -> Report:
    """A report from what a child left behind, within our bounds; raises Malformed or LimitExceeded."""
    if len(content) > REPORT_BYTES:
        raise LimitExceeded(f"a report of more than {REPORT_BYTES >> 20} MiB")
    report = report_json.decode(content)
    for what, items, limit in (
        ("findings", report.findings, FINDINGS),
        ("packages", report.packages, PACKAGES),
        ("affected assets", [asset for finding in report.findings for asset in finding.assets], ASSETS),
    ):
        if len(items) > limit:
            raise LimitExceeded(f"more than {limit:,} {what}")
    return report


def sightings(report: Report, fallback: Asset) -> list[Sighting]:
    """The report's findings as rows in a fixed order; ``fallback`` is what one affects that names nothing.

    Two findings of one domain and title are one, with the assets of both.
    """
    merged: dict[tuple[str, str], Sighting] = {}
    for finding in report.findings:
        sighting = _sighting(finding, fallback)
        key = (sighting.domain, sighting.title)
        if (first := merged.get(key)) is not None:
            sighting = replace(first, assets=(*first.assets, *sighting.assets))
        merged[key] = sighting
    return [merged[key] for key in sorted(merged)]


def _sighting(finding: Finding, fallback: Asset) -> Sighting:
    title = clean(finding.title, TITLE)
    if not title:
        raise Malformed("a finding without a title")
    severity, domain = finding.severity.value, finding.domain.value
    if severity == "unknown" and domain != "vulnerability":
        raise Malformed(f"{title}: only a vulnerability may be unrated")
    ids = _texts(finding.ids)
    columns: dict[str, Any] = {
        "domain": domain,
        "rule": clean(finding.rule, TITLE),
        "title": title,
        "description": clean(finding.description, TEXT),
        "severity": severity,
        "confidence": _fraction(finding.confidence),
        "tier": finding.tier.value if finding.tier else None,
        "ids": list(ids),
        "package": _optional(finding.package),
        "cvss": scrub([asdict(score) for score in finding.cvss[:LIST]]),
        "epss": None if finding.epss is None else _fraction(finding.epss),
        "epss_percentile": None if finding.epss_percentile is None else _fraction(finding.epss_percentile),
        "epss_date": _moment(finding.epss_date),
        "kev": None if finding.kev is None else bool(finding.kev),
        "known_exploited": scrub(asdict(finding.known_exploited)) if finding.known_exploited else None,
        "cwes": list(_texts(finding.cwes)),
        "published": _moment(finding.published),
        "modified": _moment(finding.modified),
        "ruled_by": _optional(finding.ruled_by),
        "decision": scrub(asdict(finding.decision)) if finding.decision else None,
        "fixed_in": list(_texts(finding.fixed_in)),
        "fix_state": _optional(finding.fix_state),
        "reference_urls": list(_texts(finding.references)),
        "recommended_fix": _fix(finding.recommended_fix) if finding.recommended_fix else None,
        "evidence": _evidence(finding.evidence),
    }
    assets = tuple(_asset(asset) for asset in (finding.assets or (fallback,)))
    return Sighting(domain=domain, title=title, severity=severity, ids=ids, columns=columns, assets=assets)


def _asset(asset: Asset) -> SeenAsset:
    return SeenAsset(
        type=clean(asset.type, 40),
        value=clean(asset.value, VALUE),
        artifact=_optional(asset.artifact),
        path=_optional(asset.path),
        layer=_optional(asset.layer),
    )


def packages(report: Report) -> Iterable[Package]:
    """The inventory, each text within bounds."""
    for package in report.packages:
        yield replace(
            _texts_of(package),
            licenses=_texts(package.licenses),
            locations=tuple(_texts_of(location) for location in package.locations[:LIST]),
            evidence=tuple(_texts_of(item) for item in package.evidence[:LIST]),
            source=_texts_of(package.source) if package.source else None,
            distro=_texts_of(package.distro) if package.distro else None,
        )


def _texts_of(value: T) -> T:
    """The same value with the texts among its own fields cleaned; what must be a text and is not is refused."""
    texts = {
        item.name: clean(held, VALUE)
        for item in fields(value)  # type: ignore[arg-type]
        if not isinstance(held := getattr(value, item.name), (Enum, tuple, NoneType)) and not is_dataclass(held)
    }
    return replace(value, **texts)  # type: ignore[type-var]


def coverage(entries: Iterable[Coverage], slot: str) -> list[dict[str, Any]]:
    """What was and was not looked at, as JSON with its slot; above the bound a last entry says how many are missing."""
    listed = list(entries)
    out: list[dict[str, Any]] = [{**scrub(_known(asdict(entry))), "slot": slot} for entry in listed[:COVERAGE]]
    if len(listed) > COVERAGE:
        left = len(listed) - COVERAGE
        out.append({"what": "coverage", "state": "partial", "reason": "limit_exceeded", "count": left, "slot": slot})
    return out


def scores(given: Iterable[Score]) -> list[dict[str, Any]]:
    """Scores as JSON, at most ``SCORES`` of them."""
    return [scrub(asdict(score)) for score in list(given)[:SCORES]]


def measurements(given: Iterable[Measurement]) -> list[dict[str, Any]]:
    """How pages load as JSON, at most as many as there may be scores."""
    return [scrub(asdict(one)) for one in list(given)[:SCORES]]


def measured(told: object) -> tuple[Measurement, ...]:
    """What ``measurements`` made, read again; fields that this release does not know are left out."""
    listed = told if isinstance(told, list) else []
    return tuple(_measurement(one) for one in listed[:SCORES] if isinstance(one, dict))


def _measurement(one: dict[str, Any]) -> Measurement:
    metrics = tuple(Measured(**_fields(Measured, metric)) for metric in one.get("metrics", ()))
    values = {**_fields(Measurement, one), "metrics": metrics, "notes": tuple(one.get("notes", ()))}
    return Measurement(**{**values, "device": Device(values["device"])})


def _fields(kind: type[Measured | Measurement], told: dict[str, Any]) -> dict[str, Any]:
    return {item.name: told[item.name] for item in fields(kind) if item.name in told}


def upgrades(report: Report) -> list[dict[str, Any]]:
    """What upgrades would end, those that end most: package, the versions there, the one to take, how many of all."""
    return [
        {
            "package": clean(one.upgrade.package, VALUE),
            "present": list(_texts(one.upgrade.present[:UPGRADED])),
            "version": clean(one.upgrade.version, VALUE),
            "ends": one.ends,
            "total": one.total,
        }
        for one in interface.gains(report)[:UPGRADES]
    ]


def _known(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value is not None}


def clean(value: object, limit: int) -> str:
    """A text that PostgreSQL can hold, cut to ``limit`` characters."""
    if not isinstance(value, str):
        raise Malformed(f"a text was expected, not {type(value).__name__}")
    return value[:limit].replace("\0", "")


def _optional(value: object) -> str | None:
    return None if value is None else clean(value, VALUE)


def _texts(values: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(clean(value, VALUE) for value in values[:LIST])


def _fraction(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise Malformed("a number from 0 to 1 was expected")
    return min(max(float(value), 0.0), 1.0)


def _moment(value: object) -> datetime | None:
    """A moment that people and PostgreSQL can read; one far off is nobody's."""
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Malformed("a moment with its zone was expected")
    return value if _YEARS[0] <= value.year <= _YEARS[1] else None


def _evidence(evidence: tuple[Evidence, ...]) -> list[dict[str, Any]]:
    """Evidence as JSON; pictures of the first few, where they are pictures."""
    told, pictures = [], 0
    for item in evidence[:LIST]:
        plain = asdict(_texts_of(replace(item, picture=None)))
        del plain["picture"]
        # an address that is cut is none, so it is kept whole or not at all
        if item.picture and len(item.picture) <= PICTURE and pictures < PICTURES and is_picture(item.picture):
            plain["picture"] = item.picture
            pictures += 1
        told.append(plain)
    return told


def _fix(fix: Fix) -> dict[str, Any]:
    return {"summary": clean(fix.summary, TEXT), "steps": list(_texts(fix.steps))}


def scrub(value: Any, depth: int = 8, limit: int = LIST) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value within bounds: texts cut, lists cut to ``limit``, nothing nested deeper than ``depth``."""
    if isinstance(value, str):
        return clean(str(value), TEXT)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth and isinstance(value, dict):
        return {clean(str(key), TITLE): scrub(item, depth - 1) for key, item in list(value.items())[:limit]}
    if depth and isinstance(value, (list, tuple)):
        return [scrub(item, depth - 1) for item in value[:limit]]
    return None
