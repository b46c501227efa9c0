"""Matches a stored inventory with today's advisories, for one package: what proves that an upgrade mended it."""

from __future__ import annotations

from datetime import UTC, datetime

from surveyor import __version__
from surveyor.scan.advise import match, snapshot
from surveyor.scan.advise.ecosystems import lookup
from surveyor.scan.advise.finding import Subject
from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import NotConfigured
from surveyor.scan.events import Progress
from surveyor.scan.model import Finding, Kind, Package, Report, ScanStatus, Source, Target
from surveyor.scan.plan import Rematch
from surveyor.scan.settings import Settings


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
