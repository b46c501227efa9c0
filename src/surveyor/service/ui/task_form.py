"""The form of one task: what was typed, judged, and why it was not taken."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from surveyor.service.store.tasks import Task

PRIORITIES = ("critical", "high", "medium", "low")
_TITLE, _URL = 500, 2000
_TICKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.#/-]{0,99}")
_PR = re.compile(r"https?://[^\s\x00<>\"']+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the fields hold; ``wrong`` says by field why one was not taken, ``values`` is what it amounts to."""

    title: str
    priority: str
    due: str
    ticket: str
    pr_url: str
    updated_at: datetime | None
    wrong: dict[str, str] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)


def filled(task: Task) -> Given:
    """The form as it stands before anybody typed."""
    return Given(
        title=task.title,
        priority=task.priority,
        due=task.sla_due_at.astimezone(UTC).date().isoformat() if task.sla_due_at else "",
        ticket=task.external_ticket_key or "",
        pr_url=task.pr_url or "",
        updated_at=task.updated_at,
    )


def read(fields: dict[str, str], task: Task) -> Given:
    """Judge what was sent; an empty field empties what it stands for, the title and the priority apart."""
    text = {name: fields.get(name, "").strip() for name in ("title", "priority", "due", "ticket", "pr_url")}
    wrong: dict[str, str] = {}
    if not 0 < len(text["title"]) <= _TITLE or "\x00" in text["title"]:
        wrong["title"] = f"A title has 1 to {_TITLE} characters."
    if text["priority"] not in PRIORITIES:
        wrong["priority"] = "Choose one of the four."
    if text["ticket"] and not _TICKET.fullmatch(text["ticket"]):
        wrong["ticket"] = "Letters, digits and . _ # / - only, as in SEC-142."
    if text["pr_url"] and (len(text["pr_url"]) > _URL or not _PR.fullmatch(text["pr_url"])):
        wrong["pr_url"] = "An address that begins with http:// or https://."
    values: dict[str, object] = {
        "title": text["title"],
        "priority": text["priority"],
        "external_ticket_key": text["ticket"] or None,
        "pr_url": text["pr_url"] or None,
    }
    try:
        values["sla_due_at"] = _due(text["due"], task)
    except ValueError:
        wrong["due"] = "A date, as in 2026-11-30."
    return Given(**text, updated_at=_moment(fields.get("updated_at", "")), wrong=wrong, values=values)


def _due(text: str, task: Task) -> datetime | None:
    """The end of a day; the day that the task is due anyway keeps its hour."""
    if not text:
        return None
    day = date.fromisoformat(text)
    held = task.sla_due_at
    if held is not None and held.astimezone(UTC).date() == day:
        return held
    return datetime.combine(day, time(23, 59, 59), UTC)


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
