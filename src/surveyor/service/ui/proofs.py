"""A verification for reading: what every check saw before and sees now, and what it all amounts to, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from surveyor.remedy import verify
from surveyor.scan.phrases import is_picture
from surveyor.service.store.verifications import Verification
from surveyor.service.ui import words
from surveyor.service.ui.reasons import sentence, told
from surveyor.service.ui.words import Actor, State

#: A check's status: the picture beside it, and its words.
_CHECKS = {
    "running": ("running", "Looking"),
    "passed": ("looked", "Gone"),
    "failed": ("failed", "Still there"),
    "not_looked": ("partial", "Could not look"),
    "unknown_check": ("skipped", "No such check"),
}
_REASONS = {
    "could_not_look": "Not everything could be looked at, so nothing is proved.",
    "finding_changed": "A scan saw the finding again while the checks ran.",
}
_ASSETS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LookView:
    """What a check saw on one thing."""

    asset: str
    icon: str
    words: str
    why: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """One check: the evidence before, what decides now, and a picture of that where there is one."""

    key: str
    status: str
    icon: str
    words: str
    before: str
    after: str
    assets: tuple[LookView, ...]
    more: int
    picture: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a proof, or taking it back, made of something."""

    what: str
    href: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One verification; ``verdict`` is the sentence that stands over it."""

    id: UUID
    short: str
    state: State
    verdict: str
    why: str
    pending: bool
    may_reopen: bool
    checks: tuple[CheckView, ...]
    tally: str
    steps: tuple[Step, ...]
    asked: datetime
    by: Actor
    finished: datetime | None
    took: int | None
    reopened_at: datetime | None
    reopened_by: Actor | None
    seen: str


def proof(held: Verification) -> Proof:
    """A verification as it stands."""
    state, verdict, why = _verdict(held)
    checks = tuple(_check(check) for check in held.checks)
    began = held.started_at
    return Proof(
        id=held.id,
        short=str(held.id)[:8],
        state=state,
        verdict=verdict,
        why=why,
        pending=held.result == verify.PENDING,
        may_reopen=held.result == verify.PASSED and held.reopened_at is None,
        checks=checks,
        tally=_tally(checks),
        steps=_steps(held),
        asked=held.inserted_at,
        by=words.actor(held.requested_by),
        finished=held.finished_at,
        took=round((held.finished_at - began).total_seconds() * 1000) if held.finished_at and began else None,
        reopened_at=held.reopened_at,
        reopened_by=words.actor(held.reopened_by) if held.reopened_by else None,
        seen=f"{held.result}-{held.attempts}",
    )


def _verdict(held: Verification) -> tuple[State, str, str]:
    if held.result == verify.PENDING:
        if held.started_at is None:
            return State(key="queued", words="Waiting"), "Waiting for a worker.", "It begins as soon as one is free."
        again = f" This is attempt {held.attempts}." if held.attempts > 1 else ""
        return State(key="running", words="Looking"), "Looking again.", f"The page fills in when it is done.{again}"
    if held.reopened_at is not None:
        return (
            State(key="cancelled", words="Taken back"),
            "This proof was taken back.",
            "What the checks saw then is kept below.",
        )
    if held.result == verify.PASSED:
        return (
            State(key="complete", words="Passed"),
            "Proved: it is gone.",
            "Every check passed on everything it affects.",
        )
    if held.reason is not None and not any(check["status"] == "failed" for check in held.checks):
        why = _REASONS.get(held.reason) or sentence(held.reason)
        return State(key="partial", words="Could not look"), "Not proved.", f"{why} Nothing was moved."
    if any(check["status"] == "unknown_check" for check in held.checks):
        return State(key="failed", words="Failed"), "Not proved.", "A check that was asked for does not exist."
    return State(key="failed", words="Failed"), "It is still there.", "Task and finding stay as they were."


def _check(check: Mapping[str, Any]) -> CheckView:
    icon, said = _CHECKS.get(check["status"], ("skipped", str(check["status"])))
    looks = list(check.get("assets") or ())
    return CheckView(
        key=str(check["key"]),
        status=str(check["status"]),
        icon=icon,
        words=said,
        before=str(check.get("before") or ""),
        after=told(str(check.get("after") or "")),
        picture=picture if is_picture(picture := str(check.get("picture") or "")) else "",
        assets=tuple(_look(look) for look in looks[:_ASSETS]),
        more=max(len(looks) - _ASSETS, 0),
    )


def _look(look: Mapping[str, Any]) -> LookView:
    icon, said = _CHECKS.get(look["status"], ("skipped", str(look["status"])))
    after, reason = str(look.get("after") or ""), str(look.get("reason") or "")
    return LookView(
        asset=str(look["asset"]),
        icon=icon,
        words=said,
        why=sentence(reason) if reason else "",
        # a code in the place of a text is the reason said twice
        after="" if after == reason else told(after),
    )


def _tally(checks: tuple[CheckView, ...]) -> str:
    counts: dict[str, int] = {}
    for check in checks:
        counts[check.words] = counts.get(check.words, 0) + 1
    return ", ".join(f"{count} {said.lower()}" if len(checks) > 1 else said for said, count in counts.items())


def _steps(held: Verification) -> tuple[Step, ...]:
    if held.task_before is None or held.finding_before is None:
        return ()
    task, finding = words.TASK[held.task_before].words, words.FINDING[held.finding_before].words
    done, resolved = words.TASK["done"].words, words.FINDING["resolved"].words
    pairs = (
        ("Task", f"/tasks/{held.task_id}", task, done),
        ("Finding", f"/findings/{held.finding_id}", finding, resolved),
    )
    back = held.reopened_at is not None
    return tuple(
        Step(what=what, href=href, before=after if back else before, after=before if back else after)
        for what, href, before, after in pairs
    )
