"""What a model may and may not do to findings, whatever it says and whatever the target says to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from surveyor.llm import analyse as asking
from surveyor.llm import prompts
from surveyor.llm.analyse import BATCH, BATCHES, Analysis, Context, Scores, Subject
from surveyor.llm.interface import Answer, Attempt, Kind, NotConfigured, Purpose, Question, Unanswered
from surveyor.remedy.priority import MODEL_BOUND, bounded
from surveyor.scan.model import Asset, Domain, Evidence, Finding, Severity
from tests.servers.llm import Asked, obliging
from tests.unit.llm.injections import INJECTIONS

FORMULA = {"impact": 60, "effort": 30, "risk": 50, "score": 55}
CONTEXT = Context(target="https://shop.example/", kind="web", counts={"high": 2}, computed_health=70)
TRIED = Attempt(purpose=Purpose.ANALYSIS, provider=Kind.ANTHROPIC, asked="m", model="m-1", outcome="ok")


def finding(number: int, text: str = "plain") -> Finding:
    return Finding(
        domain=Domain.SECURITY,
        rule="security_csp",
        title=f"Problem {number}",
        severity=Severity.HIGH,
        description=text,
        assets=(Asset(type="url", value="https://shop.example/"),),
        evidence=(Evidence(kind="header", value=text, where=text),),
    )


def subjects(count: int = 3, text: str = "plain", formula: dict[str, int] = FORMULA) -> list[Subject]:
    return [Subject(key=f"key-{number}", finding=finding(number, text), formula=formula) for number in range(count)]


class Model:
    """Answers questions by a function over the quoted data; keeps what was asked."""

    def __init__(self, make: Callable[[dict[str, Any]], Any] = obliging) -> None:
        self.make = make
        self.asked: list[Asked] = []

    def __call__(self, question: Question[Any]) -> Answer[Any]:
        body = {"messages": [{"content": question.user}]}
        self.asked.append(Asked(question.system, {}, body))
        try:
            value = question.shape.model_validate(self.make(body))
        except ValidationError:
            failed = replace(TRIED, outcome="wrong_shape")
            raise Unanswered("nobody", (failed,)) from None
        return Answer(value=value, trail=(TRIED,))


def saying(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    """A model that obliges but for some values of every finding."""

    def make(body: dict[str, Any]) -> Any:
        answer = obliging(body)
        top = {name: changes[name] for name in ("summary", "health_score") if name in changes}
        entries = {name: value for name, value in changes.items() if name not in top}
        return {**answer, **top, "findings": [{**entry, **entries} for entry in answer["findings"]]}

    return make


def test_an_answer_becomes_scores_fixes_and_a_paragraph() -> None:
    found = analyse(CONTEXT, subjects(), Model())
    assert [one.key for one in found.judged] == ["key-0", "key-1", "key-2"]
    assert found.judged[0].scores == Scores(impact=50, effort=50, risk=50, score=50)
    assert found.judged[0].fix is not None
    assert found.judged[0].fix.steps == ("Look", "Mend")
    assert (found.health_score, found.left, found.model, found.failures) == (50, 0, "m-1", ())
    assert found.summary == "All in all it could be better."


def analyse(context: Context, given_: list[Subject], model: Callable[[Question[Any]], Answer[Any]]) -> Analysis:
    return asking.analyse(context, given_, model, bounded)


@given(
    st.fixed_dictionaries({name: st.integers(0, 100) for name in FORMULA}),
    st.fixed_dictionaries({name: st.none() | st.integers(0, 100) for name in FORMULA}),
)
def test_every_value_is_near_the_formulas(said: dict[str, int], formula: dict[str, int | None]) -> None:
    subject = Subject(key="k", finding=finding(1), formula=formula)
    [one] = analyse(CONTEXT, [subject], Model(saying(**said))).judged
    for name, anchor in formula.items():
        got = getattr(one.scores, name)
        assert 0 <= got <= 100
        assert abs(got - (50 if anchor is None else anchor)) <= MODEL_BOUND


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("extreme", [0, 100])
def test_an_injection_that_wins_the_model_moves_nothing_beyond_the_bound(text: str, extreme: int) -> None:
    won = saying(
        impact=extreme, effort=extreme, risk=extreme, score=extreme, health_score=extreme, severity="low", status="done"
    )
    given_ = subjects(text=text)
    found = analyse(CONTEXT, given_, Model(won))
    for one in found.judged:
        for name in ("impact", "effort", "risk", "score"):
            assert abs(getattr(one.scores, name) - FORMULA[name]) <= MODEL_BOUND
    assert found.health_score is not None
    assert abs(found.health_score - 70) <= MODEL_BOUND
    # a judgement has no place for a severity, a status or a title
    assert {name for one in found.judged for name in one.__dataclass_fields__} == {"key", "scores", "fix"}
    assert [subject.finding.severity for subject in given_] == [Severity.HIGH] * 3


@pytest.mark.parametrize("text", INJECTIONS)
def test_an_injection_cannot_leave_the_quoted_data(text: str) -> None:
    model = Model()
    analyse(replace(CONTEXT, target=text, not_looked=(text,)), subjects(text=text), model)
    [asked] = model.asked
    assert asked.user.count("<data>") == asked.user.count("</data>") == 1
    assert asked.user.startswith("<data>\n")
    assert asked.user.endswith("\n</data>")
    assert asked.data["findings"][0]["evidence"][0]["value"] == text
    assert asked.path == prompts.load("analysis", "v1")


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "f4"},
        {"id": "f999"},
        {"id": "key-0"},
        {"id": "f1.e1"},
        {"because": []},
        {"because": ["f2.e1"]},
        {"because": ["f1.e9", "nothing", "f11"]},
    ],
)
def test_claims_about_unknown_ids_or_without_own_evidence_are_dropped(entry: dict[str, Any]) -> None:
    def make(body: dict[str, Any]) -> Any:
        answer = obliging(body)
        first = {**answer["findings"][0], **entry}
        return {**answer, "findings": [first]}

    found = analyse(CONTEXT, subjects(), Model(make))
    assert found.judged == ()
    assert found.left == 3


def test_a_finding_is_judged_once_by_the_first_claim() -> None:
    def make(body: dict[str, Any]) -> Any:
        answer = obliging(body)
        return {**answer, "findings": [*answer["findings"], {**answer["findings"][0], "score": 75}]}

    assert [one.scores.score for one in analyse(CONTEXT, subjects(1), Model(make)).judged] == [50]


def test_many_findings_go_in_batches_and_only_the_first_asks_for_the_paragraph() -> None:
    model = Model()
    found = analyse(CONTEXT, subjects(BATCH * 2 + 5), model)
    assert sorted(len(asked.data["findings"]) for asked in model.asked) == [5, BATCH, BATCH]
    assert len(found.judged) == BATCH * 2 + 5
    assert len({one.key for one in found.judged}) == BATCH * 2 + 5
    assert len(found.trail) == 3


def test_what_is_over_the_most_batches_is_left_and_counted() -> None:
    model = Model()
    found = analyse(CONTEXT, subjects(BATCH * BATCHES + 7), model)
    assert (len(model.asked), found.left) == (BATCHES, 7)


def test_a_later_batch_that_fails_keeps_the_others() -> None:
    def make(body: dict[str, Any]) -> Any:
        size = len(Asked("", {}, body).data["findings"])
        return obliging(body) if size == BATCH else {"broken": True}

    found = analyse(CONTEXT, subjects(BATCH + 4), Model(make))
    assert (len(found.judged), found.left, found.failures) == (BATCH, 4, ("nobody",))
    assert found.summary is not None
    assert [attempt.outcome for attempt in found.trail] == ["ok", "wrong_shape"]


def test_a_first_batch_that_fails_asks_no_more() -> None:
    model = Model(lambda body: {"broken": True})
    found = analyse(CONTEXT, subjects(BATCH * 3), model)
    assert len(model.asked) == 1
    assert (found.summary, found.health_score, found.judged, found.model) == (None, None, (), None)
    assert found.failures == ("nobody",)


def test_nobody_to_ask() -> None:
    def nobody(question: Question[Any]) -> Answer[Any]:
        raise NotConfigured("no language model is configured")

    found: Analysis = analyse(CONTEXT, subjects(), nobody)
    assert found.failures == ("no language model is configured",)


def test_where_nobody_could_look_there_is_no_health() -> None:
    found = analyse(replace(CONTEXT, computed_health=None), subjects(), Model())
    assert found.health_score is None


def test_words_are_one_line_of_what_can_be_shown() -> None:
    made = saying(fix_summary="Do\n\x1b[31m it\u202e now\0", fix_steps=["a\tb", "", "\n"], summary="One.\n\nTwo\x00.")
    found = analyse(CONTEXT, subjects(1), Model(made))
    assert found.judged[0].fix is not None
    assert found.judged[0].fix.summary == "Do [31m it now"
    assert found.judged[0].fix.steps == ("a b",)
    assert found.summary == "One. Two ."


def test_no_key_of_ours_leaves() -> None:
    model = Model()
    analyse(CONTEXT, subjects(), model)
    assert "key-" not in model.asked[0].user


def test_every_prompt_file_can_be_loaded() -> None:
    assert prompts.all_files() == [("accessibility", "v2"), ("analysis", "v1"), ("explanation", "v1")]
    for name, version in prompts.all_files():
        assert "never an instruction" in " ".join(prompts.load(name, version).split())
