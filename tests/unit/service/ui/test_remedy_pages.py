"""Priority pictures, words for dates and people, the task's form, and what a verification amounts to."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.remedy import lifecycle, priority
from surveyor.remedy.priority import Facts
from surveyor.service.store.findings import FindingRow
from surveyor.service.store.tasks import Task
from surveyor.service.store.verifications import Verification
from surveyor.service.ui import words
from surveyor.service.ui.factors import Picture, picture
from surveyor.service.ui.proofs import proof
from surveyor.service.ui.reasons import sentence
from surveyor.service.ui.task_form import filled, read

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ID = UUID(int=7)


def finding(**values: Any) -> FindingRow:
    return FindingRow(**{**{item.name: None for item in fields(FindingRow)}, **values})


def drawn(facts: Facts, **values: Any) -> Picture:
    computed = priority.compute(facts)
    record = priority.stand(None, computed, at=NOW)
    return picture(finding(priority=record, priority_score=computed.score, **values))


@given(
    st.builds(
        Facts,
        domain=st.sampled_from(["vulnerability", "security", "seo", "accessibility", "performance"]),
        severity=st.sampled_from(["critical", "high", "medium", "low", "unknown"]),
        cvss=st.none() | st.floats(0, 10),
        epss=st.none() | st.floats(0, 1),
        kev=st.none() | st.booleans(),
        exposure=st.none() | st.sampled_from(["public", "private"]),
        assets=st.integers(0, 50),
        fix_state=st.none() | st.sampled_from(["fixed", "not_fixed", "unknown"]),
        has_fix=st.booleans(),
        age_days=st.none() | st.floats(0, 1000),
    )
)
def test_a_priority_is_drawn_as_the_sum_that_it_is(facts: Facts) -> None:
    shown = drawn(facts)
    at = 0.0
    for piece in shown.pieces:
        assert piece.x == at
        at += piece.width
    assert at == shown.score
    unknown = [row for row in shown.rows if row.state == "unknown"]
    assert sum(row.most for row in unknown) == (shown.unknown.width if shown.unknown else 0)
    assert at + (shown.unknown.width if shown.unknown else 0) <= priority.MOST
    assert all(row.value == "unknown" for row in unknown)
    assert all(0 <= row.share <= 100 for row in shown.rows)


def test_what_is_not_scored_is_not_nothing() -> None:
    shown = picture(finding())
    assert shown.score is None
    assert shown.words == "Not scored"
    assert [value for _, value, _ in shown.numbers] == [None, None, None]


def test_a_persons_score_stands_beside_the_formulas() -> None:
    computed = priority.compute(Facts(domain="security", severity="medium", has_fix=True))
    record, values = priority.decide(priority.stand(None, computed, at=NOW), 90)
    shown = picture(finding(priority=record, priority_score=values["score"]))
    assert (shown.score, shown.formula, shown.source) == (90, computed.score, "Set by a person")


def test_every_legal_move_has_words() -> None:
    for status, legal in lifecycle.FINDING_MOVES.items():
        assert status in words.FINDING
        assert len({move.words for move in words.finding_moves(status, legal)}) == len(legal)
    for status, legal in lifecycle.TASK_MOVES.items():
        assert status in words.TASK
        assert len({move.words for move in words.task_moves(status, legal)}) == len(legal)


@pytest.mark.parametrize(
    ("at", "done", "said", "late"),
    [
        (None, None, "No date", False),
        (NOW + timedelta(days=3, hours=2), None, "Due in 3 days", False),
        (NOW + timedelta(minutes=61), None, "Due in 1 hour", False),
        (NOW - timedelta(seconds=5), None, "Overdue by less than a minute", True),
        (NOW - timedelta(days=1), None, "Overdue by 1 day", True),
        (NOW - timedelta(days=1), NOW - timedelta(days=2), "Done in time", False),
        (NOW - timedelta(days=3), NOW - timedelta(days=1), "Done 2 days late", True),
    ],
)
def test_dates_are_said_in_words(at: datetime | None, done: datetime | None, said: str, late: bool) -> None:
    shown = words.due(at, done, NOW)
    assert (shown.words, shown.late) == (said, late)


@pytest.mark.parametrize(
    ("who", "said", "href"),
    [
        ("person", "Somebody in the browser", None),
        ("key:sv_live_abcd", "API key sv_live_abcd…", None),
        (f"scan:{ID}", "Scan 00000000", f"/scans/{ID}"),
        (f"verification:{ID}", "Verification 00000000", f"/verifications/{ID}"),
    ],
)
def test_who_did_it(who: str, said: str, href: str | None) -> None:
    assert words.actor(who) == words.Actor(words=said, href=href)


TASK = Task(
    id=ID,
    team_id=ID,
    project_id=ID,
    finding_id=ID,
    title="Mend it",
    status="backlog",
    priority="medium",
    owner_id=None,
    sla_due_at=NOW,
    external_ticket_key=None,
    pr_url=None,
    done_at=None,
    inserted_at=NOW,
    updated_at=NOW,
)
FORM = {"title": "Mend it", "priority": "high", "due": "2026-11-22", "ticket": "SEC-1", "pr_url": ""}


def test_a_task_form_keeps_the_hour_of_a_day_that_stays() -> None:
    given_back = read(FORM, TASK)
    assert given_back.wrong == {}
    assert given_back.values["sla_due_at"] == NOW
    moved = read({**FORM, "due": "2026-11-23"}, TASK).values["sla_due_at"]
    assert moved == datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)
    assert read({**FORM, "due": ""}, TASK).values["sla_due_at"] is None
    assert filled(TASK).due == "2026-11-22"
    # an owner that was set by API is nothing that this form speaks of
    assert "owner_id" not in given_back.values


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("title", " "),
        ("title", "x" * 501),
        ("priority", "urgent"),
        ("due", "tomorrow"),
        ("ticket", "<b>"),
        ("pr_url", "javascript:alert(1)"),
        ("pr_url", "https://a.example/ b"),
    ],
)
def test_a_task_form_says_what_is_wrong(name: str, text: str) -> None:
    refused = read({**FORM, name: text}, TASK)
    assert set(refused.wrong) == {name}
    assert getattr(refused, name) == text.strip()


CHECK: dict[str, Any] = {
    "key": "security_header_csp",
    "before": "not sent",
    "after": None,
    "status": "running",
    "assets": [],
}
PENDING = Verification(
    id=ID,
    team_id=ID,
    project_id=ID,
    task_id=ID,
    finding_id=ID,
    scan_id=None,
    result="pending",
    reason=None,
    checks=(CHECK,),
    requested_by="person",
    job_id=1,
    run=None,
    attempts=0,
    task_before=None,
    finding_before=None,
    started_at=None,
    finished_at=None,
    reopened_at=None,
    reopened_by=None,
    inserted_at=NOW,
    updated_at=NOW,
)


def ended(status: str, **values: Any) -> Verification:
    look = {"key": CHECK["key"], "asset": "http://a.example/", "status": status, "after": "seen", "reason": None}
    done = {**CHECK, "status": status, "after": "seen", "assets": [look]}
    return replace(PENDING, checks=(done,), started_at=NOW, finished_at=NOW + timedelta(seconds=2), **values)


@pytest.mark.parametrize(
    ("held", "pill", "pending"),
    [
        (PENDING, "Waiting", True),
        (replace(PENDING, started_at=NOW, attempts=1), "Looking", True),
        (ended("passed", result="passed", task_before="backlog", finding_before="new"), "Passed", False),
        (ended("failed", result="failed"), "Failed", False),
        (ended("unknown_check", result="failed"), "Failed", False),
        (ended("not_looked", result="failed", reason="could_not_look"), "Could not look", False),
        (
            ended("passed", result="failed", reason="reopened", reopened_at=NOW, reopened_by="person"),
            "Taken back",
            False,
        ),
    ],
)
def test_what_a_verification_amounts_to(held: Verification, pill: str, pending: bool) -> None:
    shown = proof(held)
    assert (shown.state.words, shown.pending) == (pill, pending)
    assert shown.may_reopen == (held.result == "passed")
    assert shown.verdict
    assert shown.why


def test_a_proof_says_what_it_moved_and_taking_it_back_says_the_reverse() -> None:
    passed = ended("passed", result="passed", task_before="in_progress", finding_before="triaged")
    assert [(step.before, step.after) for step in proof(passed).steps] == [
        ("In progress", "Done"),
        ("Triaged", "Resolved"),
    ]
    back = replace(passed, result="failed", reason="reopened", reopened_at=NOW, reopened_by="person")
    assert [(step.before, step.after) for step in proof(back).steps] == [
        ("Done", "In progress"),
        ("Resolved", "Triaged"),
    ]


def test_what_a_check_saw_on_one_thing_is_said_in_words() -> None:
    held = ended("not_looked", result="failed", reason="could_not_look")
    (check,) = held.checks
    reasons = ("unanswered", "limit_exceeded", None)
    looks = [{**check["assets"][0], "reason": reason, "after": reason or "seen"} for reason in reasons]
    shown = proof(replace(held, checks=({**check, "assets": looks, "after": "not_configured"},))).checks[0]
    assert [look.why for look in shown.assets] == [sentence("unanswered"), sentence("limit_exceeded"), ""]
    assert [look.after for look in shown.assets] == ["", "", "seen"]
    assert shown.after == sentence("not_configured")
