"""Small reports, made by hand: what a scan would say of some packages and flaws."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from surveyor.scan.formats import purl
from surveyor.scan.model import (
    Asset,
    Domain,
    Finding,
    Kind,
    Location,
    Package,
    Report,
    ScanStatus,
    Severity,
    Source,
    Target,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def package(text: str, *paths: str, **more: Any) -> Package:
    """The package of a PURL, at some paths."""
    parts = purl.parse(text)
    assert parts is not None
    return Package(
        purl=text,
        type=parts.type,
        namespace=parts.namespace,
        name=parts.name,
        version=parts.version,
        locations=tuple(Location(path=path) for path in paths),
        **{"found_by": f"{parts.type}@1", **more},
    )


def flaw(ids: str, *packages: Package, severity: Severity = Severity.HIGH, subject: str = "", **more: Any) -> Finding:
    """One vulnerability, its ids divided by spaces, in packages of one name."""
    names = tuple(ids.split())
    first = packages[0]
    path = subject or "/".join(part for part in (first.type, first.namespace, first.name) if part)
    assets = tuple(
        Asset(type="package", value=one.purl, artifact="sha256:" + "a" * 64, path=place.path, layer=place.layer)
        for one in packages
        for place in one.locations
    )
    return Finding(
        domain=Domain.VULNERABILITY,
        rule=names[0],
        title=f"{names[0]}: {path}",
        severity=severity,
        ids=names,
        package=first.purl,
        assets=assets,
        **more,
    )


def remark(rule: str, title: str, *urls: str, domain: Domain = Domain.SECURITY, **more: Any) -> Finding:
    """One finding of a page's rule."""
    assets = tuple(Asset(type="url", value=url) for url in urls)
    return Finding(domain=domain, rule=rule, title=title, **{"severity": Severity.MEDIUM, **more}, assets=assets)


def report(*findings: Finding, packages: tuple[Package, ...] = (), **more: Any) -> Report:
    """A complete report of an image, unless more is said."""
    target = Target(
        kind=Kind.ARTIFACT,
        source="registry.example/team/shop:1.2",
        type="container",
        digest="sha256:" + "a" * 64,
        name="registry.example/team/shop:1.2",
    )
    return Report(
        **{
            "scanner": {"name": "surveyor", "version": "1", "units": {"catalog.npm": 1}},
            "target": target,
            "started_at": NOW,
            "finished_at": NOW,
            "scan_status": ScanStatus.COMPLETE,
            "sources": (Source(feed="osv:npm", date=NOW, rows=10),),
            "packages": packages,
            "findings": findings,
            **more,
        }
    )
