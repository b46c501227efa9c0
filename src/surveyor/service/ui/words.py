"""The words of the way from a finding to a proof: states, moves, who did it, and when it is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from surveyor.scan import vocabulary
from surveyor.service.auth import Identity

#: Characters of somebody's own words that are repeated to them.
_QUOTED = 60


class Own(TypedDict):
    """Whose: what every verb asks for."""

    team_id: UUID
    project_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state as a pill shows it."""

    key: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A legal next state, called by what one does to get there."""

    to: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did something, with a page to look at where there is one."""

    words: str
    href: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When something is due, in words; ``late`` when that has passed."""

    words: str
    late: bool = False


FINDING: Mapping[str, State] = {
    "new": State(key="queued", words="New"),
    "triaged": State(key="known", words="Triaged"),
    "in_progress": State(key="doing", words="In progress"),
    "ready_verify": State(key="ready", words="Ready to verify"),
    "resolved": State(key="complete", words="Resolved"),
    "dismissed": State(key="cancelled", words="Dismissed"),
}
TASK: Mapping[str, State] = {
    "in_progress": State(key="doing", words="In progress"),
    "ready_verify": State(key="ready", words="Ready to verify"),
    "blocked": State(key="partial", words="Blocked"),
    "backlog": State(key="queued", words="Backlog"),
    "done": State(key="complete", words="Done"),
}
#: What leads from one state to another, where the way there has a name of its own.
_FINDING_WAYS = {
    ("new", "triaged"): "Mark as triaged",
    ("in_progress", "triaged"): "Back to triaged",
    ("dismissed", "triaged"): "Take up again",
    ("ready_verify", "in_progress"): "Back to work",
    ("resolved", "in_progress"): "Open again",
}
_FINDING_TO = {
    "in_progress": "Start work",
    "ready_verify": "Ready to verify",
    "resolved": "Resolve without proof",
    "dismissed": "Dismiss",
}
_TASK_WAYS = {
    ("ready_verify", "in_progress"): "Back to work",
    ("blocked", "in_progress"): "Unblock",
    ("done", "in_progress"): "Open again",
}
_TASK_TO = {
    "backlog": "Back to the backlog",
    "in_progress": "Start work",
    "ready_verify": "Ready to verify",
    "blocked": "Mark as blocked",
    "done": "Done without proof",
}
TRIGGERS = {"verification_reopened": "A proof was taken back", "reappeared": "A scan saw it again"}
DOMAINS = {"seo": "SEO"}
ENGINES = {"psi": "PageSpeed Insights", "lab": "the laboratory", "lighthouse": "Lighthouse"}


def own(who: Identity) -> Own:
    """The team and project that somebody acts in."""
    return {"team_id": who.team_id, "project_id": who.project_id}


def address(typed: str) -> str:
    """What somebody typed as a URL: without a scheme it is taken for https."""
    return f"https://{typed}" if typed and "://" not in typed else typed


def unknown(name: str, given: str, known: Iterable[str]) -> tuple[str, ...]:
    """What to say of a value in an address that is none of those there are; nothing of none and of a known one."""
    values = tuple(known)
    if not given or given in values:
        return ()
    return (f"There is no {name} “{_cut(given)}”; it can be {', '.join(values[:-1])} or {values[-1]}.",)


def _cut(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 1]}…"


def said(message: str) -> str:
    """An error's message as a sentence of its own."""
    whole = f"{message[:1].upper()}{message[1:]}"
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


def plain(name: str) -> str:
    """An identifier as words."""
    return DOMAINS.get(name) or name.replace("_", " ").capitalize()


def counted(count: int, one: str, more: str | None = None) -> str:
    """``1 finding``, ``2 findings``; ``more`` where the plural is not a regular one."""
    return vocabulary.counted(count, one) if more is None else f"{count:,} {one if count == 1 else more}"


def finding_moves(status: str, legal: tuple[str, ...]) -> tuple[Move, ...]:
    """What may be made of a finding."""
    return tuple(Move(to=to, words=_FINDING_WAYS.get((status, to)) or _FINDING_TO[to]) for to in legal)


def task_moves(status: str, legal: tuple[str, ...]) -> tuple[Move, ...]:
    """What may be made of a task."""
    return tuple(Move(to=to, words=_TASK_WAYS.get((status, to)) or _TASK_TO[to]) for to in legal)


def actor(who: str) -> Actor:
    """``person``, ``key:PREFIX``, ``scan:ID`` or ``verification:ID`` for people."""
    kind, _, name = who.partition(":")
    if kind == "key":
        return Actor(words=f"API key {name}…")
    if kind == "scan":
        return Actor(words=f"Scan {name[:8]}", href=f"/scans/{name}")
    if kind == "verification":
        return Actor(words=f"Verification {name[:8]}", href=f"/verifications/{name}")
    return Actor(words="Somebody in the browser" if kind == "person" else who)


def due(at: datetime | None, done: datetime | None, now: datetime) -> Due:
    """How it stands with a date: said in words, so that colour is never alone in saying it."""
    if at is None:
        return Due(words="No date")
    if done is not None:
        return Due(words=f"Done {_span(done, at)} late", late=True) if done > at else Due(words="Done in time")
    if now > at:
        return Due(words=f"Overdue by {_span(now, at)}", late=True)
    return Due(words=f"Due in {_span(at, now)}")


def _span(later: datetime, earlier: datetime) -> str:
    minutes = int((later - earlier).total_seconds() // 60)
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            return counted(minutes // size, unit)
    return "less than a minute"
