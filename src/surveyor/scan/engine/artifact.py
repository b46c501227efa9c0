"""The artifact pipeline: what was seen of a file or directory, now or before, meets advisories and rules."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from surveyor.scan.engine import advising, hardening
from surveyor.scan.engine.digests import Digests, FileDigest
from surveyor.scan.engine.parts import Parts
from surveyor.scan.engine.results import Results
from surveyor.scan.engine.seen import Seen
from surveyor.scan.engine.shelf import Shelf
from surveyor.scan.engine.units import Ledger
from surveyor.scan.events import Event
from surveyor.scan.limits import MIB
from surveyor.scan.model import Coverage, CoverageState, Kind, Target
from surveyor.scan.plan import Place, Request
from surveyor.scan.settings import Settings
from surveyor.scan.vocabulary import counted, family

_INVENTORY = "an inventory was asked for: nothing in it was matched with advisories"


def run(request: Request, settings: Settings, ledger: Ledger) -> Parts:
    """Scan one artifact; raises only when it cannot be opened or is of no supported format."""
    path = Path(request.source) if request.place is Place.FILE else None
    shelf = Shelf.of(settings)
    digests = Digests(folder=shelf.folder) if shelf else None
    file = FileDigest(path, digests, request.digest) if path and path.is_file() else None
    results = Results(shelf, request, settings.limits) if shelf and file else None
    seen = results.get(file.known, ledger.progress) if results and file and file.known else None
    events: list[Event] = []
    if seen is None:
        seen = _look(request, settings, ledger, shelf, events)
    else:
        ledger.entries += seen.coverage
    stage, digest = family(seen.type), request.digest or seen.digest
    if file is not None:
        with ledger.progress.timing(f"{stage}.hash"):
            digest = file.result(partial(_hashing, ledger, f"{stage}.hash"))
        if results and events and digest and file.lasting:
            results.put(digest, seen, events)
    target = Target(
        kind=Kind.ARTIFACT,
        source=request.source,
        type=seen.type,
        digest=digest,
        size=path.stat().st_size if path and path.is_file() else None,
        name=seen.name or request.name,
    )
    parts = Parts(target=target, packages=seen.packages, units=dict(seen.units))
    if seen.nothing is not None:
        parts.failed_slots["artifact"] = seen.nothing
        return parts
    if request.inventory:
        ledger.add(Coverage(what="advisories", state=CoverageState.SKIPPED, reason="not_asked", detail=_INVENTORY))
        return parts
    if (advice := advising.advise(seen.packages, target, settings, ledger, stage)) is not None:
        parts.findings, parts.upgrades, parts.sources = advice.findings, advice.upgrades, advice.sources
    _harden(seen, parts, ledger)
    return parts


def _hashing(ledger: Ledger, stage: str, count: int) -> None:
    """About once a second: how far the digest is of a file that was looked at sooner."""
    ledger.progress(stage, f"{count // MIB:,} MiB read", pct=66)


def _look(request: Request, settings: Settings, ledger: Ledger, shelf: Shelf | None, events: list[Event]) -> Seen:
    """Read the artifact; ``events`` gets what is told meanwhile."""
    from surveyor.scan.engine import images  # brings the readers of all formats

    with ledger.overheard(events.append):
        return images.look(request, settings, ledger, shelf)


def _harden(seen: Seen, parts: Parts, ledger: Ledger) -> None:
    """Judge how the programs of an artifact are protected."""
    programs = hardening.count(seen.guarded)
    ledger.add(hardening.coverage(programs))
    if not seen.guarded:
        return
    target = parts.target
    with ledger.progress.timing("binary.hardening"):
        found = hardening.findings(seen.guarded, artifact=target.digest or target.source)
    parts.findings += found
    parts.units |= hardening.UNITS
    detail = f"{counted(programs, 'program')}, {counted(len(found), 'finding')}"
    ledger.progress("binary.hardening", detail, pct=96)
