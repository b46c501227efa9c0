"""Evidence in blocks: by place in the template, a model's words beside it, and what it has cleared apart."""

from __future__ import annotations

from typing import Any

from surveyor.service.ui.evidence import Block, cleared, judged_by, shown
from surveyor.service.ui.render import ENVIRONMENT

MODEL = "claude-haiku-4-5"


def element(where: str, value: str = "<a>") -> dict[str, Any]:
    return {"kind": "element", "where": where, "value": value}


def word(kind: str, value: str) -> dict[str, Any]:
    return {"kind": kind, "where": MODEL, "value": value}


GROUP = {"kind": "group", "where": None, "value": "ul > li > a"}
LINKS = [element(f"ul > li:nth-of-type({n}) > a") for n in (1, 2)]
COUNT = {"kind": "count", "where": None, "value": "30 in all"}


def told(blocks: tuple[Block, ...]) -> list[tuple[str, str, list[str]]]:
    return [
        (block.place, block.word.text if block.word else "", [q.where or q.value for q in block.quotes])
        for block in blocks
    ]


def page(evidence: list[dict[str, Any]]) -> str:
    template = ENVIRONMENT.from_string('{% from "_evidence.html" import evidence %}{{ evidence(e, "None.") }}')
    return template.render(e=shown(evidence))


def test_elements_of_one_place_stand_together_and_what_is_no_element_behind_them() -> None:
    made = shown([LINKS[0], element("footer > a"), LINKS[1], COUNT])
    assert told(made.blocks) == [
        ("ul > li > a", "", [LINKS[0]["where"], LINKS[1]["where"]]),
        ("", "", ["footer > a"]),
        ("", "", ["30 in all"]),
    ]
    assert "<b>2</b> in <code>ul &gt; li &gt; a</code>" in page([*LINKS, COUNT])


def test_what_repeats_no_place_is_shown_as_it_was() -> None:
    header = {"kind": "header", "where": "content-security-policy", "value": ""}
    made = shown([header, header, element("a"), element("b")])
    assert told(made.blocks) == [("", "", ["content-security-policy", "content-security-policy", "a", "b"])]
    assert page([header]).count("(empty)") == 1
    assert "None." in page([])


def test_an_explanation_stands_at_its_group_and_names_who_said_it() -> None:
    evidence = [GROUP, word("model", "Icons <b>only</b>."), *LINKS, element("footer > a")]
    assert told(shown(evidence).blocks)[0] == ("ul > li > a", "Icons <b>only</b>.", [one["where"] for one in LINKS])
    assert judged_by(evidence) == MODEL
    made = page(evidence)
    assert "Icons &lt;b&gt;only&lt;/b&gt;." in made
    assert f"{MODEL}, a language model" in made


def test_a_models_own_claims_are_blocks_each_with_its_words() -> None:
    evidence = [LINKS[0], LINKS[1], word("model", "Both alike."), element("h1"), word("model", "A placeholder.")]
    assert [(block.word.text if block.word else "", len(block.quotes)) for block in shown(evidence).blocks] == [
        ("Both alike.", 2),
        ("A placeholder.", 1),
    ]


def test_what_a_model_has_cleared_stands_and_stands_apart() -> None:
    evidence = [
        LINKS[0],
        word("model_barrier", "Grey on grey."),
        LINKS[1],
        word("model_no_barrier", "Black on white."),
    ]
    made = shown(evidence)
    assert [quote.where for block in made.blocks for quote in block.quotes] == [LINKS[0]["where"]]
    assert [quote.where for block in made.cleared for quote in block.quotes] == [LINKS[1]["where"]]
    assert not cleared(evidence)
    assert cleared(evidence[2:])
    assert not cleared([])
    text = page(evidence)
    assert text.index("<b>Barrier.</b> Grey") < text.index("Reviewed by a model: no barrier seen") < text.index("Black")
