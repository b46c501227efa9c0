"""What a scan run, a finding and a task may become, and what a verification or a new sighting does to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ENDED = frozenset({"done", "failed"})

#: What a person may make of a finding; the last step is a verification's, or theirs when nothing can look.
FINDING_MOVES: Mapping[str, tuple[str, ...]] = {
    "new": ("triaged", "in_progress", "dismissed"),
    "triaged": ("in_progress", "dismissed"),
    "in_progress": ("triaged", "ready_verify", "dismissed"),
    "ready_verify": ("in_progress", "resolved", "dismissed"),
    "resolved": ("in_progress",),
    "dismissed": ("triaged",),
}
#: What a person may make of a task.
TASK_MOVES: Mapping[str, tuple[str, ...]] = {
    "backlog": ("in_progress", "blocked"),
    "in_progress": ("backlog", "ready_verify", "blocked"),
    "ready_verify": ("in_progress", "done", "blocked"),
    "blocked": ("backlog", "in_progress"),
    "done": ("in_progress",),
}
#: A finding that was solved and is there again: known, and waiting for somebody.
REAPPEARED = "triaged"
#: Hours that a task has, by its finding's severity; an unrated one has no date: nobody can say how long it may stay.
SLA_HOURS: Mapping[str, int] = {"critical": 24, "high": 72, "medium": 168, "low": 336}


def finding_may(status: str, to: str) -> bool:
    """Whether a person may move a finding so; staying is no move and always allowed."""
    return status == to or to in FINDING_MOVES[status]


def task_may(status: str, to: str) -> bool:
    """Whether a person may move a task so; staying is no move and always allowed."""
    return status == to or to in TASK_MOVES[status]


def wants_reason(to: str) -> bool:
    """Whether a finding may get there only with a reason."""
    return to == "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A task and its finding together."""

    task: str
    finding: str


def proved(now: Standing) -> Standing:
    """What a full pass makes of both, from wherever they are."""
    _ = now
    return Standing(task="done", finding="resolved")


def reopened(now: Standing, before: Standing) -> Standing:
    """Both as they were before the proof; what somebody has moved on since stays where it is."""
    return Standing(
        task=before.task if now.task == "done" else now.task,
        finding=before.finding if now.finding == "resolved" else now.finding,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a run ends: ``done`` or ``failed``; ``analyse`` when an analyser should first look at what was found."""

    status: str
    analyse: bool = False


def finish(slots: Mapping[str, str], *, analyser: bool = False, findings: int = 0) -> Verdict | None:
    """Decide on a run by its slots' states; ``None`` while one of them has not ended.

    It is done when at least one slot is; without an analyser, or without findings, nothing stands between the last slot
    and the end.
    """
    if not slots or not all(state in ENDED for state in slots.values()):
        return None
    if "done" not in slots.values():
        return Verdict(status="failed")
    return Verdict(status="done", analyse=analyser and findings > 0)
