"""Groups are the rules', explanations and verdicts a model's: what it may add, and that it takes nothing away."""

from __future__ import annotations

from typing import Any

import pytest

from surveyor.llm import explain as module
from surveyor.llm.accessibility import QUESTION_BYTES, UNCITED, UNKNOWN
from surveyor.llm.explain import LEAST_CONFIDENT, Explained, Judged, grouped, summed
from surveyor.llm.interface import Answer
from surveyor.scan.model import Domain, Evidence, Finding, Severity
from surveyor.scan.outline import Outline, template
from tests.servers.llm import Asked
from tests.unit.llm.test_analyse import TRIED

URL = "https://shop.example/"
REVIEW = "Contrast too low: to be reviewed"
PAGE = Outline(
    text='e1 <h2> "Offers"\n e2 <p> "Shoes"\n e3 <p> "Socks"',
    selectors={"e1": "h2", "e2": "main > p:nth-of-type(1)", "e3": "main > p:nth-of-type(2)"},
    undecided=(REVIEW,),
)


def element(where: str, value: str = "<p>") -> Evidence:
    return Evidence(kind="element", value=value, where=where)


def finding(title: str, *evidence: Evidence, severity: Severity = Severity.HIGH, confidence: float = 1.0) -> Finding:
    return Finding(
        domain=Domain.ACCESSIBILITY,
        rule="accessibility_x",
        title=title,
        severity=severity,
        evidence=evidence,
        confidence=confidence,
    )


LINKS = finding(
    "Links without a name",
    *(element(f"ul:nth-of-type(1) > li:nth-of-type({n}) > a") for n in range(1, 4)),
    element("footer > a:nth-of-type(9)"),
    Evidence(kind="count", value="30 in all"),
)
DOUBT = finding(
    REVIEW,
    element("main > p:nth-of-type(1)"),
    element("main > p:nth-of-type(2)"),
    severity=Severity.LOW,
    confidence=0.3,
)


def asked(findings: list[Finding], page: Outline = PAGE, **answer: list[dict[str, Any]]) -> tuple[Judged, Asked]:
    seen: list[Asked] = []

    def ask(question: Any) -> Answer[Any]:
        seen.append(Asked(question.system, {}, {"messages": [{"content": question.user}]}))
        value = Explained.model_validate({"explanations": [], "verdicts": [], **answer})
        return Answer(value=value, trail=(TRIED,))

    judged = module.explain(URL, findings, page, ask)
    assert judged is not None
    return judged, seen[0]


def verdict(element: str, says: str, confidence: float = 0.9) -> dict[str, Any]:
    return {"element": element, "verdict": says, "reason": f"So says {element}.", "confidence": confidence}


def told(found: Finding) -> list[tuple[str, str]]:
    return [(item.kind, item.value if item.kind != "element" else item.where or "") for item in found.evidence]


def test_groups_are_places_of_the_template_the_undecided_and_the_worst_first() -> None:
    groups = grouped([LINKS, DOUBT], PAGE.undecided)
    assert [(one.id, one.place, one.undecided, len(one.elements)) for one in groups] == [
        ("g1", "main > p", True, 2),
        ("g2", "ul > li > a", False, 3),
        ("g3", "footer > a", False, 1),
    ]
    assert template("ul#list-7 > li:nth-child(3) > a[href='/x']") == "ul#list > li > a"
    assert template("h2:nth-of-type(12)") == "h2"


def test_what_is_asked_shows_elements_and_what_stands_around_the_undecided() -> None:
    _, question = asked([LINKS, DOUBT])
    doubt, links, _ = question.data["groups"]
    assert doubt["undecided"] is True
    assert [one["id"] for one in doubt["elements"]] == ["g1.e1", "g1.e2"]
    assert doubt["elements"][0]["near"] == ['<h2> "Offers"', '<p> "Shoes"', '<p> "Socks"']
    assert (links["count"], len(links["elements"]), "undecided" in links) == (3, 3, False)


def test_an_explanation_stands_before_its_group_and_the_rule_keeps_its_word() -> None:
    judged, _ = asked([LINKS], explanations=[{"group": "g1", "because": ["g1.e2"], "explanation": " Icons \x00only. "}])
    [found] = judged.findings
    assert told(found)[:3] == [("group", "ul > li > a"), ("model", "Icons only."), ("element", LINKS.evidence[0].where)]
    assert told(found)[-1] == ("count", "30 in all")
    assert (found.title, found.severity, found.confidence, found.rule) == (LINKS.title, LINKS.severity, 1.0, LINKS.rule)
    assert summed(judged) == "explained 1 group of elements"


@pytest.mark.parametrize(
    ("says", "confidence"),
    [
        (("no_barrier", "no_barrier"), LEAST_CONFIDENT),
        (("no_barrier", "barrier"), 0.8),
        (("no_barrier", "cannot_say"), 0.3),
        (("cannot_say", "cannot_say"), 0.3),
    ],
)
def test_a_verdict_moves_how_sure_one_is_and_the_entry_stays(says: tuple[str, str], confidence: float) -> None:
    judged, _ = asked([DOUBT], verdicts=[verdict(f"g1.e{n}", word, 0.95) for n, word in enumerate(says, 1)])
    [found] = judged.findings
    assert found.confidence == confidence
    assert (found.title, found.severity) == (DOUBT.title, DOUBT.severity)
    assert sorted(item.where or "" for item in found.evidence if item.kind == "element") == [
        item.where for item in DOUBT.evidence
    ]
    kinds = [item.kind for item in found.evidence]
    assert kinds[1::2] == [f"model_{word}" for word in sorted(says, key=lambda word: word == "no_barrier")]
    assert all(item.where == "m-1" for item in found.evidence if item.kind.startswith("model"))
    assert "judged 2 of 2 undecided elements: " in summed(judged)


def test_elements_that_nobody_quoted_are_not_cleared_with_those_that_were() -> None:
    doubt = finding(REVIEW, *DOUBT.evidence, Evidence(kind="count", value="50 in all"), confidence=0.3)
    judged, _ = asked([doubt], verdicts=[verdict("g1.e1", "no_barrier"), verdict("g1.e2", "no_barrier")])
    assert judged.findings[0].confidence == 0.3


def test_what_names_nothing_that_was_shown_is_dropped_and_over_rules_there_is_no_verdict() -> None:
    judged, _ = asked(
        [LINKS, DOUBT],
        explanations=[
            {"group": "g2", "because": [], "explanation": "x"},
            {"group": "g2", "because": ["g1.e1"], "explanation": "x"},
            {"group": "g9", "because": ["g9.e1"], "explanation": "x"},
        ],
        verdicts=[verdict("g2.e1", "no_barrier"), verdict("g3.e1", "no_barrier"), verdict("g1.e7", "barrier")],
    )
    assert judged.findings == (LINKS, DOUBT)
    assert judged.dropped == {UNCITED: 2, UNKNOWN: 4}


def test_only_the_first_word_on_an_element_counts() -> None:
    judged, _ = asked([DOUBT], verdicts=[verdict("g1.e1", "no_barrier"), verdict("g1.e1", "barrier")])
    assert judged.findings[0].confidence == 0.3
    assert judged.verdicts == {"no_barrier": 1}


def test_there_is_room_for_the_undecided_first_and_what_has_none_is_counted() -> None:
    many = [finding(f"Problem {n}", element(f"x{'y' * n} > a", "<a " * 300)) for n in range(200)]
    doubts = finding(REVIEW, *(element(f"p:nth-of-type({n})", "é" * 300) for n in range(20)), confidence=0.3)
    judged, question = asked([*many, doubts])
    assert len(question.user.encode()) <= QUESTION_BYTES
    assert len(question.data["groups"][0]["elements"]) == 20
    assert judged.left == 201 - len(question.data["groups"]) > 100


def test_nobody_is_asked_about_nothing() -> None:
    def ask(_: object) -> Any:
        raise AssertionError

    assert module.explain(URL, [], PAGE, ask) is None
    assert module.explain(URL, [finding("No title", Evidence(kind="count", value="1"))], PAGE, ask) is None
