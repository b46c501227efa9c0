"""A model's review of a page: fixed titles, the page's own words as evidence, nothing that names no line."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from surveyor.llm import accessibility
from surveyor.llm.accessibility import MISPLACED, MOST_CONFIDENT, QUESTION_BYTES, UNCITED, UNKNOWN, findings, told
from surveyor.llm.classes import BY_RULE, CLASSES
from surveyor.llm.shape import wire_schema
from surveyor.scan.check.wcag import CRITERIA
from surveyor.scan.model import Domain, Finding, Severity

URL = "https://shop.example/"
OUTLINE = """e1 <html lang="en">
  e2 <title> "Shop"
  e5 <p> "Wir liefern in alle Länder der Welt."
  e9 <img src="a.png" alt="IMG_0042.jpg">
  e12 <a href="/x"> "click here"
  e14 <a href="/y"> "Opening hours"
  e20 <div onclick> "Buy"
  … 40 more li"""


def issues(*given: dict[str, Any]) -> list[accessibility.Issue]:
    usual = {"elements": ["e9"], "explanation": "A file name says nothing.", "confidence": 0.7}
    return [accessibility.Issue.model_validate({"barrier": "alternative_text", **usual, **one}) for one in given]


def made(*given: dict[str, Any], model: str = "m", places: dict[str, str] | None = None) -> tuple[Finding, ...]:
    return findings(URL, OUTLINE, issues(*given), model, places)[0]


def test_a_claim_becomes_a_finding_with_the_pages_own_line() -> None:
    [found] = made({}, model="haiku-1", places={"e9": "main > img:nth-of-type(1)"})
    assert found.domain is Domain.ACCESSIBILITY
    assert found.rule == "accessibility_model_alternative_text"
    assert found.title == "Text alternatives that do not say what is there (judged by a model)"
    assert found.severity is Severity.MEDIUM
    assert found.confidence == 0.7
    assert found.recommended_fix == CLASSES["alternative_text"].recommended
    assert [(item.kind, item.value, item.where) for item in found.evidence] == [
        ("element", '<img src="a.png" alt="IMG_0042.jpg">', "main > img:nth-of-type(1)"),
        ("model", "A file name says nothing.", "haiku-1"),
    ]
    assert found.assets[0].value == URL


def test_where_no_selector_is_known_none_is_made_up() -> None:
    [found] = made({}, places={"e2": "title"})
    assert found.evidence[0].where is None


def test_a_line_stands_wherever_it_was_quoted_from() -> None:
    """Also what older findings quoted, whose evidence named the line's id."""
    for places in (None, {"e9": "img:nth-of-type(1)"}):
        [found] = made({}, places=places)
        quoted = [item.value for item in found.evidence if item.kind == "element"]
        assert accessibility.standing(OUTLINE.replace("e9", "e41"), quoted) == tuple(quoted)
        assert accessibility.standing(OUTLINE.replace("IMG_0042.jpg", "A cart"), quoted) == ()


def test_titles_are_the_catalogues_however_the_model_words_it() -> None:
    [one] = made({"explanation": "x"}, model="a")
    [other] = made({"explanation": "something\x1b\u202e else" * 100, "confidence": 1}, model="b")
    assert (one.title, one.rule) == (other.title, other.rule)
    assert other.confidence == MOST_CONFIDENT
    assert other.evidence[-1].value.isprintable()
    assert len(other.evidence[-1].value) <= 300


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ({"elements": []}, UNCITED),
        *(({"elements": [name]}, UNKNOWN) for name in ("e99", "9", "e2 ", "html", "…", "e")),
        ({"barrier": "security_csp"}, UNKNOWN),
        ({"elements": ["e12"]}, MISPLACED),
        ({"barrier": "link_purpose"}, MISPLACED),
        ({"barrier": "page_language", "elements": ["e5"]}, MISPLACED),
        ({"barrier": "control_role", "elements": ["e12", "e14"]}, MISPLACED),
    ],
)
def test_a_claim_that_rests_on_no_line_of_its_kind_is_dropped_and_counted(claim: dict[str, Any], why: str) -> None:
    found, dropped = findings(URL, OUTLINE, issues(claim, {}), "m")
    assert [one.rule for one in found] == ["accessibility_model_alternative_text"]
    assert dropped == {why: 1}
    assert told(dropped) == f"1 claim dropped: 1 {why}"


def test_one_finding_a_class_and_its_own_kind_of_line_first() -> None:
    found = made(
        {"barrier": "link_purpose", "elements": ["e12"]},
        {"elements": ["e2", "e9", "e77", "e9"]},
        {"barrier": "page_language", "elements": ["e5", "e1"]},
        places={"e2": "title", "e9": "img", "e12": "a"},
    )
    assert [one.rule.removeprefix("accessibility_model_") for one in found] == [
        "alternative_text",
        "link_purpose",
        "page_language",
    ]
    assert [item.where for item in found[0].evidence if item.kind == "element"] == ["img", "title"]
    assert [item.value[:5] for item in found[2].evidence if item.kind == "element"] == ["<html", '<p> "']


def test_what_is_asked_is_what_may_be_answered() -> None:
    whole = accessibility.question(URL, OUTLINE)
    narrow = accessibility.question(URL, OUTLINE, [CLASSES["error_text"]])
    for question, ids in ((whole, list(CLASSES)), (narrow, ["error_text"])):
        issue = wire_schema(question.shape)["$defs"]["Issue"]["properties"]["barrier"]
        assert issue["enum"] == ids
        assert [name for name in CLASSES if f"\n- {name}: " in question.system] == ids
    assert narrow.shape.model_validate({"issues": [issues({})[0].model_dump()]}).issues
    assert findings(URL, OUTLINE, issues({}), "m", classes=[CLASSES["error_text"]]) == ((), {UNKNOWN: 1})


def test_no_more_than_the_bound_leaves() -> None:
    question = accessibility.question(URL, "\n".join(f'e{n} <p> "é"' for n in range(10_000)))
    assert QUESTION_BYTES * 0.8 < len(question.user.encode()) <= QUESTION_BYTES
    shown = [int(found) for found in re.findall(r"e(\d+) <p>", question.user)]
    assert max(b - a for a, b in itertools.pairwise(shown)) < 40
    assert shown[-1] > 9_950


def test_what_is_taken_out_before_it_leaves_does_not_break_the_bound() -> None:
    question = accessibility.question(URL, "\n".join(f'e{n} <p> "pwd=ab{n}"' for n in range(2_500)))
    assert "[secret]" in question.user
    assert len(question.user.encode()) <= QUESTION_BYTES


def test_the_catalogue_agrees_with_the_recommendation_and_with_itself() -> None:
    for one in CLASSES.values():
        if one.number in CRITERIA:
            known = CRITERIA[one.number]
            assert (one.name, one.level, one.reference) == (known.name, known.level, known.link)
        assert one.level in {"A", "AA"}
        assert one.title.endswith(" (judged by a model)")
    assert len({one.title for one in CLASSES.values()}) == len(CLASSES) == len(BY_RULE)
