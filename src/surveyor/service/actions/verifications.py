"""Prove that a finding is gone; every move of task and finding is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from surveyor.remedy import lifecycle, verify
from surveyor.remedy.lifecycle import Standing
from surveyor.remedy.verify import Beside, Check
from surveyor.service import queue
from surveyor.service.actions import clock, inventories, llm, units
from surveyor.service.actions.platform import Platform
from surveyor.service.actions.units import Wanted
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.store import (
    cursor,
    finding_assets,
    findings,
    history,
    llm_calls,
    llm_quota,
    regressions,
    scans,
    tasks,
    verifications,
)
from surveyor.service.store.database import Session, Sessions
from surveyor.service.store.findings import FindingRow
from surveyor.service.store.history import Change
from surveyor.service.store.llm_calls import NewCall
from surveyor.service.store.scans import Scan
from surveyor.service.store.tasks import Task
from surveyor.service.store.verifications import Verification, VerificationFilter

VERIFY_TASK = "verify"
PAGE_LIMIT = 100
#: How many things one verification looks at; above it nothing can be proved.
ASSETS = 1_000
_PURPOSE = "verification"
#: How the ids of rules begin that judge programs.
_PROGRAMS = "hardening_"
#: And those that compare pages of a site.
_PAGES = "seo_site_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing to look at: a page, or an artifact by its name with the scan that holds its inventory, if any."""

    name: str
    url: str | None = None
    scan: Scan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A verification that is now this run's: what to look at, and when its finding had last been seen by then.

    ``scan`` is the one that saw it last: pages are looked at as it did. ``others`` are titles by page of what its rule
    sees there besides.
    """

    verification: Verification
    finding: FindingRow
    keys: tuple[str, ...]
    targets: tuple[Target, ...]
    run: UUID
    more: bool = False
    scan: Scan | None = None
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def beside(self, *urls: str) -> Beside:
        """What the finding's rule sees besides it on these pages."""
        titles = frozenset[str]().union(*(self.others.get(url, frozenset()) for url in urls))
        return Beside(rule=self.finding.rule, titles=titles)

    @property
    def modelled(self) -> tuple[str, ...]:
        """The checks among ``keys`` that a model runs."""
        return _modelled(self.keys)

    @property
    def before(self) -> dict[str, str | None]:
        """The evidence that the finding was raised on, as one line, by the checks that are its own."""
        return _before_of(self.finding)


async def start(
    platform: Platform,
    *,
    team_id: UUID,
    project_id: UUID,
    task_id: UUID,
    who: str,
    checks: Sequence[str] = (),
    scan_id: UUID | None = None,
) -> Verification:
    """Queue a verification of a task; Conflict while another one of it runs. ``scan_id`` names the inventory to use.

    A check that a model runs takes a unit of the team's month; QuotaExceeded when none is left.
    """
    async with platform.sessions() as session, session.begin():
        # the task's row is held: of two that ask at once the second finds the first one's
        task = await tasks.lock(session, team_id, project_id, task_id)
        if task is None:
            raise NotFound("no such task")
        pending = await verifications.pending_of(session, task_id)
        if pending is not None:
            raise Conflict("a verification of this task is running", details={"verification_id": str(pending)})
        finding = await findings.find(session, team_id, project_id, task.finding_id)
        assert finding is not None
        if scan_id is not None:
            await _judge_scan(session, finding, scan_id)
        keys, before = verify.keys(finding.rule, checks, names=finding.ids), _before_of(finding)
        waiting = [Check(key=key, before=before.get(key), after=None, status="running") for key in keys]
        made = await verifications.add(
            session,
            team_id=team_id,
            project_id=project_id,
            task_id=task_id,
            finding_id=finding.id,
            scan_id=scan_id,
            checks=[_check(check) for check in waiting],
            requested_by=who,
        )
        if _modelled(keys):
            await units.take(session, _unit(made, platform.llm.monthly_units))
        job = await queue.enqueue(session, VERIFY_TASK, {"verification_id": str(made.id)})
        return await verifications.change(session, made.id, job_id=job)


def _before_of(finding: FindingRow) -> dict[str, str | None]:
    return dict.fromkeys((finding.rule, *finding.ids), verify.quote(finding.evidence) or None)


def _modelled(keys: Sequence[str]) -> tuple[str, ...]:
    # the room of models is entered when something of it is asked for, never at start
    from surveyor.llm.classes import BY_RULE

    return tuple(key for key in keys if key in BY_RULE)


def _unit(made: Verification, most: int) -> Wanted:
    return Wanted(team_id=made.team_id, purpose=_PURPOSE, subject_id=made.id, units=most, analysis="full")


def _check(check: Check) -> dict[str, Any]:
    told = asdict(check)
    for look in told["assets"]:
        del look["picture"]  # the check has the one that is kept
    return told


async def _judge_scan(session: Session, finding: FindingRow, scan_id: UUID) -> None:
    scan = await scans.find(session, scan_id, team_id=finding.team_id, project_id=finding.project_id)
    if scan is None:
        raise NotFound("no such scan")
    if finding.domain != "vulnerability" or scan.kind != "artifact":
        raise InvalidParams("an inventory is named for vulnerabilities only", details={"scan_id": ["kind"]})
    if scan.status != "done":
        raise Conflict(f"the scan is {scan.status}; only a done one has an inventory")
    names = await _artifacts(session, finding)
    if scan.name not in names and len(names) > 1:
        raise InvalidParams(
            "the scan is of another artifact than the several that are affected", details={"scan_id": ["artifact"]}
        )


async def _artifacts(session: Session, finding: FindingRow) -> list[str]:
    places = await finding_assets.places(session, finding.id, limit=ASSETS + 1)
    names = (finding_assets.artifact_name(scope) for _, _, scope in places)
    return list(dict.fromkeys(name for name in names if name is not None))


async def claim(sessions: Sessions, verification_id: UUID, run: UUID) -> Claim | None:
    """Take a verification for a run; ``None`` when there is nothing to do. A run that was lost writes nothing more."""
    async with sessions() as session, session.begin():
        held = await verifications.lock(session, verification_id)
        if held is None or held.result != verify.PENDING:
            return None
        now = clock.now()
        held = await verifications.change(
            session, held.id, run=run, attempts=held.attempts + 1, started_at=held.started_at or now
        )
        finding = await findings.find(session, held.team_id, held.project_id, held.finding_id)
        assert finding is not None
        targets = await _targets(session, held, finding)
        others: dict[str, frozenset[str]] = {}
        urls = [target.url for target in targets if target.url is not None]
        for url, title in await findings.others_of_rule(session, finding, urls) if urls else ():
            others[url] = others.get(url, frozenset()) | {title}
        last = await scans.find(session, finding.last_scan_id)
    keys = tuple(str(check["key"]) for check in held.checks)
    return Claim(
        verification=held,
        finding=finding,
        keys=keys,
        targets=tuple(targets[:ASSETS]),
        run=run,
        more=len(targets) > ASSETS,
        scan=last,
        others=others,
    )


def is_of_programs(finding: FindingRow) -> bool:
    """Whether it is about programs in artifacts, whose rules every scan of such runs."""
    return finding.rule.startswith(_PROGRAMS)


def is_of_pages(finding: FindingRow) -> bool:
    """Whether it is about pages of one site together, whose rules nobody can run on one alone."""
    return finding.rule.startswith(_PAGES)


async def sees(sessions: Sessions, finding: FindingRow, scan: Scan) -> bool:
    """Whether a scan saw the finding."""
    async with sessions() as session:
        return await findings.is_seen_by(session, finding.id, scan.id)


async def _targets(session: Session, held: Verification, finding: FindingRow) -> list[Target]:
    """Everything the finding affects; when a scan saw nothing of it any more, what that scan looked at."""
    if finding.domain == "vulnerability" or is_of_programs(finding):
        return await _inventories(session, held, finding)
    places = await finding_assets.places(session, finding.id, limit=ASSETS + 1)
    urls = list(dict.fromkeys(value for kind, value, _ in places if kind == "url"))
    if not urls:
        last = await scans.find(session, finding.last_scan_id)
        urls = [last.url] if last is not None and last.url is not None else []
    return [Target(name=url, url=url) for url in urls]


async def _inventories(session: Session, held: Verification, finding: FindingRow) -> list[Target]:
    names = await _artifacts(session, finding)
    if not names:
        last = await scans.find(session, finding.last_scan_id)
        names = [last.name] if last is not None and last.name is not None else []
    given = await scans.find(session, held.scan_id) if held.scan_id is not None else None
    found = []
    for name in names:
        chosen = given if given is not None and (given.name == name or len(names) == 1) else None
        scan = chosen or await inventories.newest(session, held.team_id, held.project_id, name)
        found.append(Target(name=name, scan=scan))
    return found


async def touch(sessions: Sessions, claim: Claim) -> bool:
    """Say that this run is at work; ``False`` when it has lost the verification."""
    async with sessions() as session, session.begin():
        return await verifications.touch(session, claim.verification.id, claim.run)


async def may_ask(sessions: Sessions, claim: Claim) -> bool:
    """Whether a model may be asked for this verification: a unit is held for it."""
    return await llm.unit_of(sessions, purpose=_PURPOSE, subject_id=claim.verification.id) == llm.HELD


async def finish(
    sessions: Sessions, claim: Claim, checks: Sequence[Check], *, calls: Sequence[NewCall] = (), last: bool = True
) -> bool:
    """End a verification; a full pass moves task and finding in the same transaction, a failed one moves nothing.

    ``False`` when a scan has seen the finding since this run began and nothing of it was moved: look again. On the
    ``last`` try it fails instead. A run that has lost the verification moves nothing. What models were asked is in the
    ledger either way: what was spent was spent.
    """
    result, reason = verify.result(checks)
    async with sessions() as session, session.begin():
        await _note(session, claim.verification, calls)
        held = await verifications.lock(session, claim.verification.id)
        if held is None or held.result != verify.PENDING or held.run != claim.run:
            return True
        task = await tasks.lock(session, held.team_id, held.project_id, held.task_id)
        finding = await findings.lock(session, held.team_id, held.project_id, held.finding_id)
        assert task is not None
        assert finding is not None
        if result == verify.PASSED and finding.last_seen != claim.finding.last_seen:
            if not last:
                return False
            result, reason = verify.FAILED, verify.CHANGED
        now = clock.now()
        values: dict[str, Any] = {
            "result": result,
            "reason": reason,
            "checks": [_check(check) for check in checks],
            "finished_at": now,
        }
        if result == verify.PASSED:
            values |= await _prove(session, held, task, finding, now)
        await verifications.change(session, held.id, **values)
        await llm_quota.settle(session, purpose=_PURPOSE, subject_id=held.id)
    return True


async def _note(session: Session, held: Verification, calls: Sequence[NewCall]) -> None:
    whose = {"team_id": held.team_id, "project_id": held.project_id, "subject_id": held.id}
    await llm_calls.add(session, **whose, calls=calls)


async def _prove(
    session: Session, held: Verification, task: Task, finding: FindingRow, now: datetime
) -> dict[str, str | None]:
    """Move both; what they were before, which for what was solved already is what the proof before moved them from."""
    was = Standing(task=task.status, finding=finding.status)
    to = lifecycle.proved(was)
    before = await _before(session, task, finding, was, to)
    if was.task != to.task:
        await tasks.change(session, task.id, status=to.task, done_at=now)
    if was.finding != to.finding:
        await move(session, finding, to.finding, who=f"verification:{held.id}", reason="every check passed", at=now)
        await regressions.close(session, finding.id, at=now)
    return before


async def _before(
    session: Session, task: Task, finding: FindingRow, was: Standing, to: Standing
) -> dict[str, str | None]:
    before: dict[str, str | None] = {"task_before": was.task, "finding_before": was.finding}
    if was.task == to.task and (
        proof := await verifications.last_passed(session, task_id=task.id, finding_id=finding.id)
    ):
        before["task_before"] = proof.task_before
    # the finding may have been proved solved by another of its tasks
    if was.finding == to.finding and (proof := await verifications.last_passed(session, finding_id=finding.id)):
        before["finding_before"] = proof.finding_before
    return before


async def move(session: Session, finding: FindingRow, to: str, *, who: str, reason: str, at: datetime) -> None:
    """Give a finding another status, with a line of its history."""
    resolved = at if to == "resolved" else None
    await findings.change(session, finding.id, status=to, status_reason=reason, resolved_at=resolved)
    change = Change(
        finding_id=finding.id, at=at, who=who, field="status", before=finding.status, after=to, reason=reason
    )
    await history.add(session, [change])


async def fail(sessions: Sessions, verification_id: UUID, *, reason: str, run: UUID | None = None) -> bool:
    """End a verification that could not be done; with ``run`` only if it is still that one's. It moves nothing."""
    async with sessions() as session, session.begin():
        held = await verifications.lock(session, verification_id)
        if held is None or held.result != verify.PENDING or (run is not None and held.run != run):
            return False
        checks = [
            {**check, "status": "not_looked" if check["status"] == "running" else check["status"], "after": reason}
            for check in held.checks
        ]
        await verifications.change(
            session, held.id, result=verify.FAILED, reason=reason, checks=checks, finished_at=clock.now()
        )
        await llm_quota.settle(session, purpose=_PURPOSE, subject_id=held.id)
        return True


async def stale(sessions: Sessions, *, seconds: float) -> int:
    """Fail verifications that were silent for so long while a worker should have been at them; the number of those."""
    async with sessions() as session:
        silent = await verifications.silent(session, before=clock.now() - timedelta(seconds=seconds))
        gone = [held.id for held in silent if held.job_id is None or not await queue.any_waits(session, [held.job_id])]
    return sum([await fail(sessions, found, reason="stale") for found in gone])


async def find(sessions: Sessions, *, team_id: UUID, project_id: UUID, verification_id: UUID) -> Verification:
    """One verification as it stands."""
    async with sessions() as session:
        found = await verifications.find(session, verification_id, team_id=team_id, project_id=project_id)
    if found is None:
        raise NotFound("no such verification")
    return found


async def page(
    sessions: Sessions,
    *,
    team_id: UUID,
    project_id: UUID,
    wanted: VerificationFilter | None = None,
    limit: int = 50,
    after: str | None = None,
) -> cursor.Page[Verification]:
    """A project's verifications, the newest first; ``limit`` at most 100."""
    async with sessions() as session:
        return await verifications.page(
            session,
            team_id,
            project_id,
            wanted or VerificationFilter(),
            limit=max(1, min(limit, PAGE_LIMIT)),
            after=after,
        )
