"""Packages meet advisories: those of the local database, or of OSV's API where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import NotConfigured
from surveyor.scan.model import Coverage, CoverageState, Package, Target
from surveyor.scan.settings import Settings, host_of
from surveyor.scan.vocabulary import counted

if TYPE_CHECKING:
    from surveyor.scan.advise import match
    from surveyor.scan.advise.snapshot import Snapshot


def advise(
    packages: tuple[Package, ...], target: Target, settings: Settings, ledger: Ledger, stage: str
) -> match.Advice | None:
    """Match packages; without anything to match them with they stand, and coverage says what is missing."""

    def unit() -> match.Advice | None:
        try:
            result = matched(packages, target, settings, ledger)
        except NotConfigured:
            detail = "no advisory database; run `surveyor db update`"
            ledger.add(Coverage(what="advisories", state=CoverageState.MISSING, reason="missing", detail=detail))
            ledger.progress(f"{stage}.osv.query.warn", detail)
            return None
        for entry in result.coverage:
            ledger.add(entry)
        return result

    ledger.progress(f"{stage}.osv.query", counted(len(packages), "package"), pct=70)
    with ledger.progress.timing(f"{stage}.osv.query"):
        done = ledger.attempt("advisories", unit, stage=f"{stage}.osv.query")
    if done is None:
        return None
    for feed, known in done.known.items():
        ledger.progress(f"{stage}.enrich.{feed}", f"{counted(known, 'flaw')} known", known=known)
    ledger.progress(f"{stage}.osv.query.done", counted(len(done.findings), "finding"), pct=95)
    return done


def matched(packages: tuple[Package, ...], target: Target, settings: Settings, ledger: Ledger) -> match.Advice:
    """What advisories say; raises ``NotConfigured`` where there are none to ask."""
    with _snapshot(packages, settings, ledger) as opened:
        from surveyor.scan.advise import match

        return match.advise(
            packages,
            opened,
            artifact=target.digest or target.source,
            progress=ledger.progress,
            feeds=settings.feeds,
        )


@contextmanager
def _snapshot(packages: tuple[Package, ...], settings: Settings, ledger: Ledger) -> Iterator[Snapshot]:
    """What there is to match with."""
    if settings.advisories is None:
        raise NotConfigured("no advisory database is set")
    if settings.online:
        from surveyor.scan.advise import online
        from surveyor.scan.net import Client

        # an API that the operator names may stand on a private address
        host = host_of(settings.osv_api)
        client = Client(replace(settings, allow_hosts=(*settings.allow_hosts, *((host,) if host else ()))))
        api = online.Api(settings.osv_api, client)
        kept = settings.advisories.parent / "cache"
        with online.answered(packages, api, kept, now=datetime.now(UTC), progress=ledger.progress) as answered:
            for entry in answered.coverage:
                ledger.add(entry)
            yield answered.snapshot
        return
    from surveyor.scan.advise import snapshot  # brings SQLite

    with snapshot.open_snapshot(settings.advisories) as opened:
        yield opened
