"""Runs one scanner of one run in a child process and stores what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

from procrastinate.job_context import JobContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from surveyor.scan import entry
from surveyor.scan.formats import reference
from surveyor.scan.model import Domain, Kind
from surveyor.scan.plan import Place, Request
from surveyor.scan.settings import Settings
from surveyor.service import queue
from surveyor.service.actions import handover, hosts, intake, llm, options, rechecks, registries, slots
from surveyor.service.actions.options import Options
from surveyor.service.actions.slots import Claim, Leftover, Result
from surveyor.service.child import STOPPED, Child, Tail
from surveyor.service.errors import NotFound, ServiceError, StorageUnavailable
from surveyor.service.jobs import accessibility_model
from surveyor.service.jobs.interface import Work, aborted, folder_of, log, patiently, remove_folder, work_of
from surveyor.service.store.events import NewEvent

#: How much longer than its own limit a child may take before it is killed.
GRACE_SECONDS = 30.0
#: How long a stopping worker waits for the database to hear of it.
HAND_BACK_SECONDS = 2.0
#: How long a store may be away before scans fail for it.
STORE_SECONDS = 300.0
#: What the evidence of one scanner may weigh.
EVIDENCE_BYTES = 100 << 20


@dataclass(slots=True, kw_only=True)
class _Held:
    """A slot while this job works on it."""

    work: Work
    claim: Claim
    slot: str
    run: UUID
    folder: Path
    offset: int = 0

    async def deliver(self, said: Sequence[NewEvent], offset: int) -> bool:
        """Store events; the offset before them tells a repetition from news."""
        sessions, start = self.work.platform.sessions, self.offset
        kept = await patiently(
            lambda: slots.deliver(sessions, self.claim.scan, self.slot, self.run, said, start=start, offset=offset)
        )
        self.offset = offset
        return kept

    async def finish(self, result: Result) -> None:
        """End the slot; where a store stays away for long, without a report of its own."""
        platform = self.work.platform
        try:
            await patiently(
                lambda: slots.finish(platform, self.claim.scan, self.slot, self.run, result), seconds=STORE_SECONDS
            )
        except StorageUnavailable as error:
            bare = replace(result, unkept=error)
            await patiently(lambda: slots.finish(platform, self.claim.scan, self.slot, self.run, bare))
        for suffix in (".ndjson", ".json", ".partial", ".outline", ".evidence"):
            (self.folder / f"{self.run}{suffix}").unlink(missing_ok=True)
        scan = self.claim.scan
        if scan.kind == Kind.WEB and await patiently(lambda: handover.all_ended(platform.sessions, scan.id)):
            for suffix in ("", ".lock", ".partial"):
                self.pages.with_suffix(suffix).unlink(missing_ok=True)
            remove_folder(self.common)

    @property
    def pages(self) -> Path:
        """The file by which this scan's scanners share a site's pages, those that are on this machine."""
        return self.folder.parent / "pages"

    @property
    def common(self) -> Path:
        """The folder by which they share what more than one of them asks for."""
        return self.folder.parent / "common"


async def run(context: JobContext, *, scan_id: str, slot: str) -> None:
    """Claim the slot, scan, store; a slot that is another's by now is left alone.

    Who measures waits until no other scan of this worker does: nobody's deadline has begun by then.
    """
    work, scan = work_of(context), UUID(scan_id)
    try:
        async with work.measuring if await _measures(work, scan, slot) else nullcontext():
            await _run(context, scan, slot)
    except asyncio.CancelledError:
        raise aborted(context) from None


async def _measures(work: Work, scan: UUID, slot: str) -> bool:
    if slot != Domain.PERFORMANCE.value:
        return False
    return not await patiently(lambda: rechecks.judges_only(work.platform.sessions, scan))


async def _run(context: JobContext, scan: UUID, slot: str) -> None:
    work, mine = work_of(context), uuid4()
    sessions = work.platform.sessions
    folder = folder_of(work.platform, str(scan)) / slot
    before = await patiently(lambda: handover.held_before(sessions, scan, slot))
    leftover = await asyncio.to_thread(_read_leftover, folder, before) if before else None
    claim = await patiently(lambda: slots.claim(sessions, scan, slot, mine, leftover=leftover))
    if claim is None:
        return
    held = _Held(work=work, claim=claim, slot=slot, run=mine, folder=folder)
    try:
        result = await _scan(held)
        if result is not None:
            await held.finish(result)
    except asyncio.CancelledError:
        if isinstance(aborted(context), asyncio.CancelledError):
            await _hand_back(held)
        raise
    except Exception as error:  # the job wrapper, one of the three places design §8 allows
        log.exception("scan_slot.failed", scan_id=str(scan), slot=slot)
        await held.finish(Result(reason="internal_error", detail=f"{type(error).__name__} in the service"))
        raise


async def _hand_back(held: _Held) -> None:
    """Say that the slot waits again; without an answer in time its worker counts as lost, and is found out."""
    sessions, scan = held.work.platform.sessions, held.claim.scan
    try:
        async with asyncio.timeout(HAND_BACK_SECONDS):
            await handover.hand_back(sessions, scan.id, held.slot, held.run)
    except (TimeoutError, DBAPIError, PoolTimeout) as error:
        log.warning("scan_slot.not_handed_back", scan_id=str(scan.id), slot=held.slot, error=type(error).__name__)


def _read_leftover(folder: Path, before: Leftover) -> Leftover:
    """What the lost run had said that nobody stored, if it ran on this machine."""
    tail = Tail(folder / f"{before.run}.ndjson", before.offset)
    said: list[NewEvent] = []
    try:
        while True:
            start = tail.offset
            found, _ = tail.read()
            said += found
            if tail.offset == start:
                break
    finally:
        tail.close()
    return Leftover(run=before.run, offset=before.offset, said=tuple(said))


async def _scan(held: _Held) -> Result | None:
    """Run the child; ``None`` when the slot was taken away meanwhile."""
    held.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if held.claim.scan.recheck_of is not None:
        return await _judge_again(held)
    async with AsyncExitStack() as stack:
        try:
            source = await patiently(lambda: _source(held, stack), seconds=STORE_SECONDS)
            settings = await patiently(lambda: _settings(held))
        except ServiceError as error:
            return Result(reason=error.code, detail=f"the artifact cannot be read: {error.message}")
        try:
            asked = options.of_scan(held.claim.scan, held.work.platform.vault)
        except ServiceError as error:
            return Result(reason=error.code, detail=f"the scan's headers: {error.message}")
        modelled, unit, outline = accessibility_model.beside(held.claim.scan, held.slot), None, None
        if modelled:
            unit = await accessibility_model.unit_of(held.work, held.claim.scan)
        if unit == llm.HELD:
            outline = held.folder / f"{held.run}.outline"
        task = _task(held, _request(held, source, asked, outline=outline is not None), settings, outline)
        ended = await _child(held, task).run()
    if ended is STOPPED:
        return None
    if ended.reason is not None:
        return Result(reason=ended.reason, detail=ended.detail)
    result = await asyncio.to_thread(_collect, task)
    if not modelled or result.report is None:
        return result
    if outline is None:
        return replace(result, beside=accessibility_model.unasked(held.claim.scan, unit))
    return replace(result, beside=await accessibility_model.look(held.work, held.claim.scan, outline, result.report))


async def _judge_again(held: _Held) -> Result | None:
    """Run a child that looks at nothing but what another run's scanner saw; ``None`` as above."""
    platform, scan, saw = held.work.platform, held.claim.scan, held.claim.saw
    key = None if saw is None else saw.evidence_keys.get(held.slot)
    if key is None:
        return Result(reason=rechecks.GONE, detail=rechecks.NOTHING)
    try:
        async with platform.storage.local_copy(key) as path:
            task = entry.RecheckTask(
                request=Request(kind=Kind.WEB, source=scan.url or "", slots=(held.slot,)),
                settings=platform.scan,
                evidence=path,
                events=held.folder / f"{held.run}.ndjson",
                report=held.folder / f"{held.run}.json",
            )
            child = Child(
                target=entry.recheck,
                task=task,
                deliver=held.deliver,
                seconds=platform.scan.limits.site_seconds + GRACE_SECONDS,
                heartbeat=held.work.heartbeat,
            )
            ended = await child.run()
    except NotFound:
        return Result(reason=rechecks.GONE, detail=rechecks.NOTHING)
    except ServiceError as error:
        return Result(reason=error.code, detail=f"what the scan saw cannot be read: {error.message}")
    if ended is STOPPED:
        return None
    if ended.reason is not None:
        return Result(reason=ended.reason, detail=ended.detail)
    return await asyncio.to_thread(_collect, task)


async def _source(held: _Held, stack: AsyncExitStack) -> str:
    artifact, scan = held.claim.artifact, held.claim.scan
    if artifact is None:
        return scan.url or scan.image or ""
    return str(await stack.enter_async_context(held.work.platform.storage.local_copy(artifact.storage_key)))


async def _settings(held: _Held) -> Settings:
    """The scanner's settings for the project, with what it keeps for an image's registry."""
    platform, scan = held.work.platform, held.claim.scan
    settings = await hosts.settings_of(platform, scan.project_id)
    if scan.image is None:
        return settings
    logins = await registries.logins_for(platform, project_id=scan.project_id, named=reference.parse(scan.image))
    return replace(settings, logins=logins)


def _request(held: _Held, source: str, asked: Options, *, outline: bool) -> Request:
    scan, artifact = held.claim.scan, held.claim.artifact
    return Request(
        kind=Kind(scan.kind),
        source=source,
        slots=(held.slot,),
        # a file is known by its name; where it is kept is nobody's business
        name=scan.name if artifact else None,
        digest=f"sha256:{artifact.sha256}" if artifact else None,
        outline=outline,
        place=Place.FILE if scan.image is None else Place.REGISTRY,
        platform=scan.platform,
        only=scan.only_image,
        device=asked.device,
        engine=asked.engine,
        crawl=asked.crawl,
        headers=asked.headers,
        keeps=held.work.page_evidence and scan.kind == Kind.WEB,
        pages=None if asked.crawl is None else held.pages,
        common=held.common if scan.kind == Kind.WEB else None,
    )


def _task(held: _Held, request: Request, settings: Settings, outline: Path | None) -> entry.ChildTask:
    return entry.ChildTask(
        request=request,
        settings=settings,
        events=held.folder / f"{held.run}.ndjson",
        report=held.folder / f"{held.run}.json",
        outline=outline,
        evidence=held.folder / f"{held.run}.evidence" if request.keeps else None,
    )


def _child(held: _Held, task: entry.ChildTask) -> Child:
    limits = task.settings.limits
    seconds = held.work.page_seconds if task.request.kind is Kind.WEB else limits.seconds
    if task.request.crawl is not None:
        seconds = limits.site_seconds
    return Child(
        target=entry.main,
        task=task,
        deliver=held.deliver,
        seconds=seconds + GRACE_SECONDS,
        heartbeat=held.work.heartbeat,
    )


def _collect(task: entry.ChildTask | entry.RecheckTask) -> Result:
    """What a child left; without evidence its report is worth as much."""
    try:
        with task.report.open("rb") as file:
            content = file.read(intake.REPORT_BYTES + 1)
    except FileNotFoundError:
        return Result(reason="crashed", detail="the scanner left no report")
    evidence = None
    if isinstance(task, entry.RecheckTask):
        return Result(report=content)
    if task.evidence is not None and task.evidence.is_file() and task.evidence.stat().st_size <= EVIDENCE_BYTES:
        evidence = task.evidence.read_bytes()
    return Result(report=content, evidence=evidence)


TASK = queue.Task(name=slots.SLOT_TASK, run=run)
