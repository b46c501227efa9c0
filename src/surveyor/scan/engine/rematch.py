"""Matches stored inventories with today's advisories, without their artifacts.

For one package, which proves that an upgrade mended it; for many inventories on one open database, when its advisories
have changed; and for a whole report, which keeps all that was read of the artifact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from surveyor import __version__
from surveyor.scan.advise import cpe, match, programs, snapshot
from surveyor.scan.advise.ecosystems import lookup
from surveyor.scan.advise.hit import Subject
from surveyor.scan.advise.snapshot import Snapshot
from surveyor.scan.engine import summarise
from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import NotConfigured
from surveyor.scan.events import Progress
from surveyor.scan.model import (
    INCOMPLETE,
    Coverage,
    CoverageState,
    Domain,
    Finding,
    Kind,
    Package,
    Report,
    ScanStatus,
    Source,
    Target,
    order,
)
from surveyor.scan.plan import Inventory, Rematch
from surveyor.scan.settings import Settings

#: The entry of coverage that says of when the inventory is.
REMATCH = "rematch"


def run(request: Rematch, settings: Settings, progress: Progress) -> Report:
    """The subject's packages, the findings about them, and coverage of what could not be asked.

    A subject that is not in the inventory gives none of these: there is nothing to ask about.
    """
    started, ledger = datetime.now(UTC), Ledger(progress)
    done = ledger.attempt("advisories", lambda: _match(request, settings, ledger), stage="osv.query")
    packages, findings, sources = done or ((), (), ())
    return Report(
        scanner={"name": "surveyor", "version": __version__, "units": {}},
        target=Target(kind=Kind.ARTIFACT, source=request.artifact, type="inventory"),
        started_at=started,
        finished_at=datetime.now(UTC),
        scan_status=ScanStatus.FAILED if done is None else ScanStatus.COMPLETE,
        coverage=tuple(ledger.entries),
        sources=sources,
        packages=packages,
        findings=findings,
        error=ledger.entries[-1].detail if done is None else None,
    )


def each(inventories: Sequence[Inventory], settings: Settings, progress: Progress) -> Iterator[Report]:
    """A report on each inventory in turn, its packages those that advisories were asked about, bare of all but names.

    Whoever keeps findings can so tell what is gone from what could not be asked. Raises as the database does.
    """
    if settings.advisories is None:
        raise NotConfigured("no advisory database is set")
    with snapshot.open_snapshot(settings.advisories) as opened:
        for inventory in inventories:
            yield _on(inventory, opened, settings, progress)


def _on(inventory: Inventory, opened: Snapshot, settings: Settings, progress: Progress) -> Report:
    started, ledger = datetime.now(UTC), Ledger(progress)
    advice = ledger.attempt(
        "advisories",
        lambda: match.advise(
            inventory.packages, opened, artifact=inventory.artifact, progress=progress, feeds=settings.feeds
        ),
        stage="osv.query",
    )
    held = opened.ecosystems
    asked = {package.purl: package for package in inventory.packages if advice and _asked(package, opened, held)}
    return Report(
        scanner={"name": "surveyor", "version": __version__, "units": {}},
        target=Target(kind=Kind.ARTIFACT, source=inventory.name, type="inventory", digest=inventory.artifact),
        started_at=started,
        finished_at=datetime.now(UTC),
        scan_status=ScanStatus.COMPLETE if advice else ScanStatus.FAILED,
        coverage=(*ledger.entries, *(advice.coverage if advice else ())),
        sources=advice.sources if advice else (),
        packages=tuple(_bare(package) for package in asked.values()),
        findings=advice.findings if advice else (),
        upgrades=advice.upgrades if advice else (),
        error=None if advice else ledger.entries[-1].detail,
    )


def _asked(package: Package, opened: Snapshot, held: frozenset[str]) -> bool:
    """Whether some collection speaks of where a package is from: then silence about it says something."""
    ecosystem = cpe.ECOSYSTEM if programs.questions(package) else lookup(package, held).ecosystem
    return ecosystem is not None and bool(opened.answering(ecosystem))


def _bare(package: Package) -> Package:
    return Package(purl=package.purl, type=package.type, name=package.name, version=package.version)


def again(report: Report, opened: Snapshot, settings: Settings, progress: Progress) -> Report:
    """A stored report as the same scan would be written today: its inventory stands, what advisories say is asked anew.

    What no advisory had a part in stays as it was found, and coverage says of when the inventory is.
    """
    started = datetime.now(UTC)
    kept = [entry for entry in report.coverage if not entry.what.startswith("advisories")]
    if all(entry.what != REMATCH for entry in kept):
        kept.append(_of_when(report))
    target = report.target
    advice = match.advise(
        report.packages, opened, artifact=target.digest or target.source, progress=progress, feeds=settings.feeds
    )
    coverage = (*kept, *advice.coverage)
    # what was decided then is decided anew, of all findings, or what was settled until a day would be for ever
    others = [replace(one, decision=None) for one in report.findings if one.domain is not Domain.VULNERABILITY]
    findings = sorted((*others, *advice.findings), key=order)
    whole = all(entry.state not in INCOMPLETE for entry in coverage)
    return replace(
        report,
        scanner={**report.scanner, "version": __version__},
        started_at=started,
        finished_at=datetime.now(UTC),
        scan_status=ScanStatus.COMPLETE if whole else ScanStatus.PARTIAL,
        coverage=coverage,
        sources=advice.sources,
        findings=tuple(findings),
        upgrades=advice.upgrades,
        decisions=(),
        rulings=(),
        summary=summarise(findings, packages=len(report.packages)),
        error=None,
    )


def _of_when(report: Report) -> Coverage:
    detail = f"the artifact was looked at on {report.started_at:%Y-%m-%d %H:%M} UTC, and has not been since"
    return Coverage(what=REMATCH, state=CoverageState.LOOKED, detail=detail, count=len(report.packages))


def _match(
    request: Rematch, settings: Settings, ledger: Ledger
) -> tuple[tuple[Package, ...], tuple[Finding, ...], tuple[Source, ...]]:
    if settings.advisories is None:
        raise NotConfigured("no advisory database is set")
    with snapshot.open_snapshot(settings.advisories) as opened:
        held = opened.ecosystems
        about = tuple(package for package in request.packages if _subject(package, held) == request.subject)
        advice = match.advise(about, opened, artifact=request.artifact, progress=ledger.progress, feeds=settings.feeds)
    for entry in advice.coverage:
        ledger.add(entry)
    return about, advice.findings, advice.sources


def _subject(package: Package, ecosystems: frozenset[str]) -> str:
    """What a finding in this package would be about."""
    name = lookup(package, ecosystems).subject
    return Subject(type=package.type, namespace=package.namespace, name=name).path
