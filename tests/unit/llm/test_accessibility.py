"""A model's review of a page: fixed titles, the page's own words as evidence, nothing that names no line."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from surveyor.llm import accessibility
from surveyor.llm.accessibility import MOST_CONFIDENT, QUESTION_BYTES, findings, review
from surveyor.llm.criteria import CRITERIA
from surveyor.llm.interface import Answer
from surveyor.scan.check.wcag import CRITERIA as RULED
from surveyor.scan.model import Domain, Severity
from tests.unit.llm.injections import INJECTIONS
from tests.unit.llm.test_analyse import TRIED

URL = "https://shop.example/"
OUTLINE = """e1 <html lang="en">
  e2 <title> "Shop"
  e9 <img src="a.png" alt="IMG_0042.jpg">
  e12 <a href="/x"> "click here"
  … 40 more li"""


def issues(*given: dict[str, Any]) -> list[accessibility.Issue]:
    usual = {"criterion": "1.1.1", "elements": ["e9"], "explanation": "A file name says nothing.", "confidence": 0.7}
    return [accessibility.Issue.model_validate({**usual, **one}) for one in given]


def test_a_claim_becomes_a_finding_with_the_pages_own_line() -> None:
    [found] = findings(URL, OUTLINE, issues({}), "haiku-1", {"e9": "main > img:nth-of-type(1)"})
    assert found.domain is Domain.ACCESSIBILITY
    assert found.rule == "accessibility_model_1_1_1"
    assert found.title == "Non-text Content may not be met (WCAG 1.1.1, judged by a model)"
    assert found.severity is Severity.MEDIUM
    assert found.confidence == 0.7
    assert [(item.kind, item.value, item.where) for item in found.evidence] == [
        ("element", '<img src="a.png" alt="IMG_0042.jpg">', "main > img:nth-of-type(1)"),
        ("model", "A file name says nothing.", "haiku-1"),
    ]
    assert found.assets[0].value == URL


def test_where_no_selector_is_known_none_is_made_up() -> None:
    [found] = findings(URL, OUTLINE, issues({}), "m", {"e2": "title"})
    assert found.evidence[0].where is None


def test_a_line_stands_wherever_it_was_quoted_from() -> None:
    """Also what older findings quoted, whose evidence named the line's id."""
    for places in (None, {"e9": "img:nth-of-type(1)"}):
        [found] = findings(URL, OUTLINE, issues({}), "m", places)
        quoted = [item.value for item in found.evidence if item.kind == "element"]
        assert accessibility.standing(OUTLINE.replace("e9", "e41"), quoted) == tuple(quoted)
        assert accessibility.standing(OUTLINE.replace("IMG_0042.jpg", "A cart"), quoted) == ()


def test_titles_are_the_catalogues_however_the_model_words_it() -> None:
    one = findings(URL, OUTLINE, issues({"explanation": "x"}), "a")
    other = findings(URL, OUTLINE, issues({"explanation": "something else", "confidence": 1, "elements": ["e12"]}), "b")
    assert (one[0].title, one[0].rule) == (other[0].title, other[0].rule)
    assert other[0].confidence == MOST_CONFIDENT


@pytest.mark.parametrize("elements", [[], ["e99"], ["9"], ["e2 "], ["html"]])
def test_a_claim_that_names_no_line_is_dropped(elements: list[str]) -> None:
    assert findings(URL, OUTLINE, issues({"elements": elements}), "m") == ()


def test_one_finding_a_criterion() -> None:
    claims = issues({}, {"criterion": "2.4.4", "elements": ["e12"]}, {"elements": ["e9", "e2", "e77"]})
    made = findings(URL, OUTLINE, claims, "m", {"e2": "title", "e9": "img", "e12": "a"})
    assert [one.rule for one in made] == ["accessibility_model_1_1_1", "accessibility_model_2_4_4"]
    assert [item.where for item in made[0].evidence if item.kind == "element"] == ["img", "img", "title"]


def test_a_criterion_of_nobodys_breaks_the_shape() -> None:
    for criterion in ("9.9.9", "1.4.3", "Non-text Content"):
        with pytest.raises(ValueError, match="criterion"):
            issues({"criterion": criterion})


@pytest.mark.parametrize("text", INJECTIONS)
def test_an_injection_stays_data_and_words_no_title(text: str) -> None:
    asked: list[Any] = []

    def ask(question: Any) -> Answer[Any]:
        asked.append(question)
        claim = {"criterion": "2.4.4", "elements": ["e3"], "explanation": text, "confidence": 1}
        return Answer(value=accessibility.Review.model_validate({"issues": [claim]}), trail=(TRIED,))

    line = " ".join(text.split())
    made, _ = review(URL, f'e1 <html>\n  e3 <a> "{line}"', ask)
    assert asked[0].user.count("<data>") == asked[0].user.count("</data>") == 1
    assert asked[0].user.endswith("\n</data>")
    assert [one.title for one in made] == [CRITERIA["2.4.4"].title]
    assert made[0].severity is Severity.MEDIUM
    assert made[0].confidence <= MOST_CONFIDENT


def test_no_more_than_the_bound_leaves() -> None:
    question = accessibility.question(URL, "\n".join(f'e{n} <p> "é"' for n in range(10_000)))
    assert QUESTION_BYTES * 0.8 < len(question.user.encode()) <= QUESTION_BYTES
    shown = [int(found) for found in re.findall(r"e(\d+) <p>", question.user)]
    assert max(b - a for a, b in itertools.pairwise(shown)) < 40
    assert shown[-1] > 9_950


def test_the_catalogue_agrees_with_the_rules() -> None:
    for number, ruled in RULED.items():
        if number in CRITERIA:
            assert (CRITERIA[number].name, CRITERIA[number].level) == (ruled.name, ruled.level)
    assert len({one.title for one in CRITERIA.values()}) == len(CRITERIA)
    assert all(one.level in {"A", "AA"} for one in CRITERIA.values())
