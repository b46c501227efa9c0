"""Looks whether a task's finding is gone: the failing check alone, in a child process, on everything it affects."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID, uuid4

from procrastinate.job_context import JobContext

from surveyor.remedy import verify
from surveyor.remedy.verify import Check, Look
from surveyor.scan import entry
from surveyor.scan.errors import NotConfigured, ScanError
from surveyor.scan.figures import Engine
from surveyor.scan.model import CoverageState, Kind, Report
from surveyor.scan.plan import MOST_PAGES, WEB_SLOTS, Rematch, Request
from surveyor.scan.settings import Settings
from surveyor.scan.vocabulary import ENGINES
from surveyor.service import queue
from surveyor.service.actions import hosts, intake, inventories, options, slots, verifications
from surveyor.service.actions.inventories import Inventory
from surveyor.service.actions.verifications import Claim, Target
from surveyor.service.child import Child, Ended
from surveyor.service.errors import ServiceError
from surveyor.service.jobs import accessibility_model
from surveyor.service.jobs.accessibility_model import Seen
from surveyor.service.jobs.interface import Work, aborted, folder_of, log, patiently, remove_folder, work_of
from surveyor.service.store.events import NewEvent
from surveyor.service.store.findings import FindingRow
from surveyor.service.store.llm_calls import NewCall
from surveyor.service.store.scans import Scan

#: How often to look again when a scan saw the finding meanwhile.
TRIES = 3
#: Pages looked at side by side.
AT_ONCE = 2
#: How much longer than its own limit a child may take before it is killed.
GRACE_SECONDS = 10.0
MATCH_SECONDS = 120.0
_HEADER = "security_header_"
_SPEED = "performance_"
#: Bound on what is kept of one answer.
_TOLD = 600
#: The entry of coverage that says how many programs were judged.
_PROGRAMS = "check.hardening"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A verification while this job works on it; ``calls`` are the questions that models were asked for it.

    ``asks``: a model may be asked, since a unit is held.
    """

    work: Work
    claim: Claim
    folder: Path
    settings: Settings
    asks: bool = False
    calls: list[NewCall] = field(default_factory=list)

    async def deliver(self, said: Sequence[NewEvent], offset: int) -> bool:
        """Nobody follows a verification's steps; that it is worked on is what others have to know."""
        _ = said, offset
        sessions = self.work.platform.sessions
        return await patiently(lambda: verifications.touch(sessions, self.claim))


async def run(context: JobContext, *, verification_id: str) -> None:
    """Claim, look, write. Run again after its worker was lost, it looks again; what was written stands."""
    work, wanted, mine = work_of(context), UUID(verification_id), uuid4()
    sessions = work.platform.sessions
    folder = folder_of(work.platform, f"verification-{verification_id}-{mine}")
    try:
        for attempt in range(1, TRIES + 1):
            claim = await patiently(lambda: verifications.claim(sessions, wanted, mine))
            if claim is None:
                return
            held = await _hold(work, claim, folder / str(attempt))
            checks = verify.gather(await _look(held), claim.keys, claim.before)
            if await _finish(held, checks, last=attempt == TRIES):
                return
    except asyncio.CancelledError:
        raise aborted(context) from None
    except Exception:  # the job wrapper, as for scans
        log.exception("verify.failed", verification=verification_id)
        await patiently(lambda: verifications.fail(sessions, wanted, reason="internal_error", run=mine))
        raise
    finally:
        await asyncio.to_thread(remove_folder, folder)


async def _hold(work: Work, claim: Claim, folder: Path) -> _Held:
    asks = False
    if claim.modelled:
        asks = await patiently(lambda: verifications.may_ask(work.platform.sessions, claim))
    settings = await patiently(lambda: hosts.settings_of(work.platform, claim.finding.project_id))
    return _Held(work=work, claim=claim, folder=folder, settings=settings, asks=asks)


async def _finish(held: _Held, checks: Sequence[Check], *, last: bool) -> bool:
    sessions = held.work.platform.sessions
    return await patiently(
        lambda: verifications.finish(sessions, held.claim, checks, calls=tuple(held.calls), last=last)
    )


async def _look(held: _Held) -> list[Look]:
    """Every check on every target, a few targets at once."""
    held.folder.mkdir(mode=0o700, parents=True)
    measures = any(key.startswith(_SPEED) for key in held.claim.keys)
    free = held.work.measuring if measures else asyncio.Semaphore(AT_ONCE)
    if verifications.is_of_pages(held.claim.finding):
        return await _together(held)

    async def one(number: int, target: Target) -> list[Look]:
        async with free:
            if target.url is not None:
                return await _page(held, number, target.url)
            return await _artifact(held, number, target)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number, target)) for number, target in enumerate(held.claim.targets)]
    looks = [look for task in tasks for look in task.result()]
    if held.claim.more:
        detail = f"more than {verifications.ASSETS:,} things are affected; the rest was not looked at"
        looks += verify.blind(held.claim.keys, "the rest", reason="limit_exceeded", detail=detail)
    return looks


async def _together(held: _Held) -> list[Look]:
    """A rule that compares pages, on all that it was raised on at once."""
    keys, urls = held.claim.keys, [target.url for target in held.claim.targets if target.url is not None]
    name = f"{len(urls):,} pages of {urls[0]}"
    if held.claim.more or len(urls) > MOST_PAGES:
        detail = f"more than {MOST_PAGES:,} pages are affected, which no one look takes in"
        return verify.blind(keys, name, reason="limit_exceeded", detail=detail)
    limits = held.settings.limits
    try:
        request = _request(held, urls[0], keys, also=tuple(urls[1:]))
    except ServiceError as error:
        return verify.blind(keys, name, reason=error.code, detail=error.message)
    task = entry.ChildTask(
        request=request,
        settings=held.settings,
        events=held.folder / "together.ndjson",
        report=held.folder / "together.json",
    )
    child = Child(
        target=entry.main,
        task=task,
        deliver=held.deliver,
        seconds=limits.site_seconds + GRACE_SECONDS,
        heartbeat=held.work.heartbeat,
    )
    report = await _report(child, task.report)
    if isinstance(report, Ended):
        return verify.blind(keys, name, reason=report.reason or "crashed", detail=report.detail)
    return verify.on_page(report, keys, name, shown=_shown(held), beside=held.claim.beside(*urls))


def _request(held: _Held, url: str, rules: Sequence[str], *, also: tuple[str, ...] = ()) -> Request:
    """One look at a page as the scan looked that saw the finding last: as what, and with its headers."""
    scan, asked = held.claim.scan, options.PLAIN
    if scan is not None and scan.url is not None:
        asked = options.of_scan(scan, held.work.platform.vault).of(url, scan.url)
    return Request(
        kind=Kind.WEB,
        source=url,
        slots=WEB_SLOTS,
        rules=tuple(rules),
        outline=held.asks,
        device=asked.device,
        engine=asked.engine,
        crawl=asked.crawl if also else None,
        also=also,
        headers=asked.headers,
    )


async def _page(held: _Held, number: int, url: str) -> list[Look]:
    keys, work, modelled = held.claim.keys, held.work, held.claim.modelled
    rules = tuple(key for key in keys if key not in modelled)
    settings = held.settings
    headers_only = all(key.startswith(_HEADER) for key in keys)
    seconds = work.verify_seconds if headers_only else work.page_seconds
    try:
        request = _request(held, url, rules)
    except ServiceError as error:
        return verify.blind(keys, url, reason=error.code, detail=error.message)
    engine = _engine(held.claim, url)
    settings = replace(settings, limits=replace(settings.limits, page_seconds=seconds))
    task = entry.ChildTask(
        request=request,
        settings=settings if engine is None else replace(settings, performance_engine=engine),
        events=held.folder / f"{number}.ndjson",
        report=held.folder / f"{number}.json",
        outline=held.folder / f"{number}.outline" if held.asks else None,
    )
    child = Child(
        target=entry.main, task=task, deliver=held.deliver, seconds=seconds + GRACE_SECONDS, heartbeat=work.heartbeat
    )
    report = await _report(child, task.report)
    if isinstance(report, Ended):
        return verify.blind(keys, url, reason=report.reason or "crashed", detail=report.detail)
    looks = verify.on_page(report, rules, url, shown=_shown(held), beside=held.claim.beside(url))
    looks = looks if engine is None else [_of_engine(one, engine) for one in looks]
    return [*looks, *await _modelled(held, report, url, task.outline)]


def _engine(claim: Claim, url: str) -> Engine | None:
    """Who measured what the finding rests on, if it is about that: numbers of another engine are another quantity."""
    if not any(key.startswith(_SPEED) for key in claim.keys) or claim.scan is None:
        return None
    told = claim.scan.summary.get(slots.MEASUREMENTS)
    measured = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    names = [one.get("engine") for one in sorted(measured, key=lambda one: one.get("asset") != url)]
    return next((Engine(name) for name in names if name in set(Engine)), None)


def _of_engine(look: Look, engine: Engine) -> Look:
    """What could not be measured for lack of the engine, with why no other one was asked."""
    if look.status != "not_looked" or look.reason != NotConfigured.code:
        return look
    told = f"{ENGINES[engine]} measured what was found, and only it can prove that gone: {look.after}"
    return replace(look, after=told[:_TOLD])


def _shown(held: _Held) -> bool:
    """Whether the scan that last saw the finding had a browser to load pages in."""
    scan = held.claim.scan
    lacking = {"what": "gather.browser", "state": CoverageState.NOT_CONFIGURED.value}
    return scan is not None and not any(lacking.items() <= entry.items() for entry in scan.coverage)


async def _modelled(held: _Held, report: Report, url: str, outline: Path | None) -> list[Look]:
    """What a model says to the criteria that only models judge, shown the page as it is now."""
    keys = held.claim.modelled
    if not keys:
        return []
    if outline is None:
        return verify.blind(keys, url, reason="not_configured", detail="no language model is configured")
    read = any(
        entry.what == f"slot.{accessibility_model.SLOT}" and entry.state is CoverageState.LOOKED
        for entry in report.coverage
    )
    if not read:
        return verify.on_page(report, keys, url)
    seen = await accessibility_model.ask(held.work, held.claim.verification.team_id, url, outline, keys=keys)
    held.calls.extend(seen.calls)
    if not seen.model:
        return verify.blind(keys, url, reason=seen.reason or "unanswered", detail=seen.detail)
    return [_by_model(held.claim.finding, key, url, seen) for key in keys]


def _by_model(finding: FindingRow, key: str, url: str, seen: Seen) -> Look:
    from surveyor.llm.accessibility import standing
    from surveyor.llm.classes import BY_RULE

    own = finding.evidence if key == finding.rule else []
    quoted = [str(item["value"]) for item in own if item.get("kind") == "element"]
    # what only shows the barrier may stay when it is mended: text in the language that is declared by then
    quoted = [line for line in quoted if BY_RULE[key].about(line)] or quoted
    return verify.by_model(
        key,
        url,
        found=seen.findings,
        model=seen.model,
        standing=standing(seen.outline, quoted),
        whole=not seen.left_out,
    )


async def _artifact(held: _Held, number: int, target: Target) -> list[Look]:
    claim, work = held.claim, held.work
    name = f"artifact {target.name}"
    if target.scan is None:
        detail = f"no scan of {target.name} has an inventory"
        return verify.blind(claim.keys, name, reason="no_inventory", detail=detail)
    if verifications.is_of_programs(claim.finding):
        return await _programs(held, target.scan, name)
    scan, subject = target.scan, claim.finding.title.partition(": ")[2]
    inventory = await patiently(lambda: inventories.load(work.platform.sessions, scan, subject.partition("/")[0]))
    task = entry.RematchTask(
        request=Rematch(packages=inventory.packages, subject=subject, artifact=target.name),
        settings=held.settings,
        events=held.folder / f"{number}.ndjson",
        report=held.folder / f"{number}.json",
    )
    child = Child(
        target=entry.rematch, task=task, deliver=held.deliver, seconds=MATCH_SECONDS, heartbeat=work.heartbeat
    )
    report = await _report(child, task.report)
    if isinstance(report, Ended):
        return verify.blind(claim.keys, name, reason=report.reason or "crashed", detail=report.detail)
    return _matched(claim, report, name, subject, inventory)


async def _programs(held: _Held, scan: Scan, name: str) -> list[Look]:
    """A rule about programs was run by the artifact's newest scan on all that are in it: that is the second look."""
    sessions, claim = held.work.platform.sessions, held.claim
    inventory = await patiently(lambda: inventories.load(sessions, scan, ""))
    return verify.in_programs(
        claim.keys,
        name,
        rule=claim.finding.rule,
        scan=str(scan.id),
        seen=await patiently(lambda: verifications.sees(sessions, claim.finding, scan)),
        looked=any(entry.get("what") == _PROGRAMS for entry in scan.coverage),
        incomplete=inventory.incomplete,
    )


def _matched(claim: Claim, report: Report, name: str, subject: str, inventory: Inventory) -> list[Look]:
    ids = {claim.finding.rule, *claim.finding.ids}
    return verify.in_inventory(report, claim.keys, name, ids=ids, subject=subject, incomplete=inventory.incomplete)


async def _report(child: Child, path: Path) -> Report | Ended:
    """What a child left, or how it ended without. One that was stopped for another run has its words dropped later."""
    ended = await child.run()
    if ended.reason is not None:
        return ended
    try:
        return await asyncio.to_thread(_read, path)
    except FileNotFoundError:
        return Ended(reason="crashed", detail="the scanner left no report")
    except ScanError as error:
        return Ended(reason=error.code, detail=f"the report is not usable: {error}")


def _read(path: Path) -> Report:
    with path.open("rb") as file:
        return intake.read(file.read(intake.REPORT_BYTES + 1))


TASK = queue.Task(name=verifications.VERIFY_TASK, run=run)
