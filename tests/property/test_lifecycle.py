"""The tables of states: every move is legal or refused, and proof and its withdrawal undo each other."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from surveyor.remedy import lifecycle
from surveyor.remedy.lifecycle import FINDING_MOVES, TASK_MOVES, Standing, proved, reopened

FINDING = ("new", "triaged", "in_progress", "ready_verify", "resolved", "dismissed")
TASK = ("backlog", "in_progress", "ready_verify", "done", "blocked")
STANDING = st.builds(Standing, task=st.sampled_from(TASK), finding=st.sampled_from(FINDING))


def test_the_tables_name_every_state_and_no_other() -> None:
    assert set(FINDING_MOVES) == set(FINDING)
    assert set(TASK_MOVES) == set(TASK)
    for moves in (FINDING_MOVES, TASK_MOVES):
        assert all(set(to) <= set(moves) and state not in to for state, to in moves.items())


@given(st.sampled_from(FINDING), st.sampled_from(FINDING))
def test_a_finding_moves_as_its_table_says_and_in_no_other_way(state: str, to: str) -> None:
    assert lifecycle.finding_may(state, to) is (state == to or to in FINDING_MOVES[state])


@given(st.sampled_from(TASK), st.sampled_from(TASK))
def test_a_task_moves_as_its_table_says_and_in_no_other_way(state: str, to: str) -> None:
    assert lifecycle.task_may(state, to) is (state == to or to in TASK_MOVES[state])


@given(st.lists(st.sampled_from(FINDING), max_size=12))
def test_no_way_leads_to_resolved_past_ready_to_verify(moves: list[str]) -> None:
    way = ["new"]
    for to in moves:
        if lifecycle.finding_may(way[-1], to):
            way.append(to)
    steps = [(a, b) for a, b in pairwise(way) if b == "resolved" and a != "resolved"]
    assert all(a == "ready_verify" for a, _ in steps)


@given(st.sampled_from(FINDING), st.sampled_from(FINDING))
def test_every_state_can_be_reached_from_every_other_one_but_new(start: str, goal: str) -> None:
    reached, front = {start}, [start]
    while front:
        for to in FINDING_MOVES[front.pop()]:
            if to not in reached:
                reached.add(to)
                front.append(to)
    assert goal == "new" or goal in reached


@given(STANDING)
def test_withdrawing_a_proof_gives_back_what_was_there(before: Standing) -> None:
    assert proved(before) == Standing(task="done", finding="resolved")
    assert reopened(proved(before), before) == before


@given(STANDING, STANDING)
def test_what_somebody_moved_on_since_stays(now: Standing, before: Standing) -> None:
    after = reopened(now, before)
    assert after.task == (before.task if now.task == "done" else now.task)
    assert after.finding == (before.finding if now.finding == "resolved" else now.finding)


def test_only_a_dismissal_wants_a_reason() -> None:
    assert [state for state in FINDING if lifecycle.wants_reason(state)] == ["dismissed"]
