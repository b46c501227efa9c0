"""Where a scanner child begins: it locks itself in, runs the engine and leaves a report and an NDJSON file behind.

The service's worker starts it through a fork server. Everything that limits it is set here, in the child, before a
single hostile byte is read.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path

import orjson

from surveyor.scan.errors import ScanError
from surveyor.scan.events import Event, Progress, Sink
from surveyor.scan.outline import Outline
from surveyor.scan.plan import Inventory, Rematch, Request
from surveyor.scan.settings import Settings
from surveyor.scan.values import frozen

#: The child's address of the engine, for the fork server's preload; the worker itself never imports it.
PRELOAD = [
    "surveyor.scan.engine",
    "surveyor.scan.engine.web",
    "surveyor.scan.engine.artifact",
    "surveyor.scan.engine.images",
    "surveyor.scan.engine.trees",
    "surveyor.scan.acquire.pull",
    "surveyor.scan.advise.match",
    "surveyor.scan.advise.snapshot",
    "surveyor.scan.report.json",
    "surveyor.scan.engine.ready",
]
EXIT_MEMORY = 3
#: Between several reports in one file: no JSON text has it.
BETWEEN = b"\0"


@frozen
class ChildTask:
    """All that a child is told. ``data_bytes`` bounds private memory, ``cpu_seconds`` its processor time.

    ``outline`` is where a page's outline goes, as ``Outline`` encodes it, ``evidence`` where what was seen does, where
    the request asks for them.
    """

    request: Request
    settings: Settings
    events: Path
    report: Path
    outline: Path | None = None
    evidence: Path | None = None
    data_bytes: int = 400 << 20
    cpu_seconds: int = 1800


@frozen
class UpdateTask:
    """An update of the advisory database that ``settings`` names, from the bucket they name; the result is JSON.

    ``since`` is the state of the database for which what stored inventories hold was told last. Without ``fetch`` the
    database is as somebody else has left it, and only told of.
    """

    settings: Settings
    events: Path
    report: Path
    since: str = ""
    fetch: bool = True
    data_bytes: int = 1 << 30
    cpu_seconds: int = 7200


@frozen
class RematchTask:
    """A stored inventory to match again on the advisory database that ``settings`` names; the result is a report."""

    request: Rematch
    settings: Settings
    events: Path
    report: Path
    data_bytes: int = 400 << 20
    cpu_seconds: int = 600


@frozen
class RematchAllTask:
    """Stored inventories to match again, on one open database; the result is a report on each in turn."""

    inventories: tuple[Inventory, ...]
    settings: Settings
    events: Path
    report: Path
    data_bytes: int = 400 << 20
    cpu_seconds: int = 1800


@frozen
class RecheckTask:
    """What a page's scanner saw, in a file, to be judged by today's rules; the result is a report.

    ``request`` is what is said of a file that cannot be read.
    """

    request: Request
    settings: Settings
    evidence: Path
    events: Path
    report: Path
    data_bytes: int = 400 << 20
    cpu_seconds: int = 600


#: What a child may be told to do.
Task = ChildTask | UpdateTask | RematchTask | RematchAllTask | RecheckTask


def main(task: ChildTask, bell: Connection) -> None:
    """Run one scan. The report appears under its name only when it is whole; the bell rings once a line and closes."""

    def work(progress: Progress) -> bytes:
        from surveyor.scan import engine
        from surveyor.scan.report import json as report_json

        report = engine.run(task.request, task.settings, progress, outline=keep, evidence=keep_evidence)
        if task.request.name is not None:
            # an upload is known by its name; where it is kept is nobody's business
            report = replace(report, target=replace(report.target, source=task.request.name))
        return report_json.encode(report)

    def keep(outline: Outline) -> None:
        if task.outline is not None:
            task.outline.write_bytes(outline.encode())

    def keep_evidence(data: bytes) -> None:
        if task.evidence is not None:
            task.evidence.write_bytes(data)

    _confined(task, bell, work)


def rematch(task: RematchTask, bell: Connection) -> None:
    """Match an inventory again, without its artifact."""

    def work(progress: Progress) -> bytes:
        from surveyor.scan.engine import rematch as engine
        from surveyor.scan.report import json as report_json

        return report_json.encode(engine.run(task.request, task.settings, progress))

    _confined(task, bell, work)


def recheck(task: RecheckTask, bell: Connection) -> None:
    """Judge again what was seen of pages, with no network at hand."""

    def work(progress: Progress) -> bytes:
        from surveyor.scan import engine
        from surveyor.scan.report import json as report_json

        try:
            report = engine.recheck(task.evidence.read_bytes(), task.settings, progress)
        except ScanError as error:
            report = engine.unread(task.request, progress, error)
        return report_json.encode(report)

    _confined(task, bell, work)


def rematch_all(task: RematchAllTask, bell: Connection) -> None:
    """Match many inventories again; reports are told apart by ``BETWEEN``."""

    def work(progress: Progress) -> bytes:
        from surveyor.scan.engine import rematch as engine
        from surveyor.scan.report import json as report_json

        # each one's steps are nobody's to follow: of ten thousand they would be a million lines
        quiet = Progress()
        try:
            found = engine.each(task.inventories, task.settings, quiet)
            return BETWEEN.join(report_json.encode(report) for report in found)
        except ScanError as error:
            progress("osv.error", str(error), pct=100, reason=error.code)
            return b""

    _confined(task, bell, work)


def update_advisories(task: UpdateTask, bell: Connection) -> None:
    """Bring the advisory database up to date; feeds are hostile bytes too."""

    def work(progress: Progress) -> bytes:
        from surveyor.scan.advise import choice, concern, freshness, snapshot, update
        from surveyor.scan.net import Client

        settings = task.settings
        assert settings.advisories is not None
        incomplete: object = ()
        try:
            if task.fetch:
                chosen = choice.enabled(settings.feeds)
                fetch = Client(choice.reaching(settings, chosen, {})).fetch
                wanted = choice.wanted(settings, chosen, fetch)
                incomplete = update.update(wanted, settings.advisories, progress=progress).failed
            sources = snapshot.status(settings.advisories)
            with snapshot.open_snapshot(settings.advisories) as opened:
                changes = opened.changes(task.since)
        except ScanError as error:
            progress("osv.error", str(error), pct=100, reason=error.code)
            return orjson.dumps({"failed": error.code, "detail": str(error), "sources": []})
        changed = {
            "state": changes.state,
            "everything": changes.everything,
            "packages": sorted(concern.numbers_of(changes)),
            "flaws": changes.flaws,
        }
        dates = freshness.newest(sources)
        held = [
            {**asdict(source), "stale_from": freshness.stale_from(source, settings.feeds, dates)} for source in sources
        ]
        told = {"failed": None, "incomplete": incomplete, "sources": held, "changes": changed}
        return orjson.dumps(told)

    _confined(task, bell, work)


def _confined(task: Task, bell: Connection, work: Callable[[Progress], bytes]) -> None:
    """Lock this process in, then do the work; its result is there whole or not at all."""
    os.setsid()
    _die_with_parent()
    _limit(task)
    os.set_blocking(bell.fileno(), False)
    descriptor = os.open(task.events, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    progress = Progress(_line_writer(descriptor, bell))
    try:
        partial = task.report.with_suffix(".partial")
        partial.write_bytes(work(progress))
        partial.replace(task.report)
    except MemoryError:
        progress(
            "scan.error", f"out of the {task.data_bytes >> 20} MiB this scan may use", pct=100, reason="limit_exceeded"
        )
        raise SystemExit(EXIT_MEMORY) from None
    finally:
        os.close(descriptor)


def _line_writer(descriptor: int, bell: Connection) -> Sink:
    """One ``write`` a line, so a reader never sees half of two; then one byte into the bell."""

    def sink(event: Event) -> None:
        os.write(descriptor, orjson.dumps(event.line(), default=str) + b"\n")
        # a full pipe means that the worker has enough to wake up for; a closed one that it is gone
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(bell.fileno(), b"\0")

    return sink


def _limit(task: Task) -> None:
    # DATA, not AS: an address-space limit would refuse a read-only mmap of a large image. The hard limit stays: a
    # browser is no parser of ours, and has bounds of its own
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = task.data_bytes if hard == resource.RLIM_INFINITY else min(task.data_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))
    resource.setrlimit(resource.RLIMIT_CPU, (task.cpu_seconds, task.cpu_seconds + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _die_with_parent() -> None:
    """Kill this process group when the worker is gone; the fork server outlives it, so no death signal would come."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
