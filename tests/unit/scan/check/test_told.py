"""A browser's accessibility tree beside the markup: what it hides, what it names, and what only it has."""

from __future__ import annotations

from typing import Any

from surveyor.scan.accessible import Node, Tree
from surveyor.scan.check.outline import outlined
from tests.unit.scan.check.test_outline import document

PAGE = (
    "<html lang=en><title>Shop</title><body><h1>Offers</h1><p class=gone>by a style sheet</p>"
    "<div><p style='display:none'>by itself, but a script shows it</p></div>"
    "<label for=f>Your name</label><input id=f><i id=x>a</i><i id=x>b</i></body></html>"
)
#: The way to an element of the page.
BODY = "body > "


def node(where: str, role: str = "StaticText", name: str = "", **more: Any) -> Node:
    return Node(role=role, name=name, parent=more.pop("parent", 0), where=where, tag=more.pop("tag", "p"), **more)


NODES = (
    node("html", "RootWebArea", "Shop", parent=-1, tag="html"),
    node(f"{BODY}h1:nth-of-type(1)", "heading", "Offers", tag="h1"),
    node(f"{BODY}div:nth-of-type(1) > p:nth-of-type(1)", name="by itself, but a script shows it"),
    node(f"{BODY}label:nth-of-type(1)", name="Your name", tag="label"),
    node("input#f", "textbox", "Your name", named_by="labelfor", description="As on the card", tag="input"),
    node("i#x", "generic", "a", named_by="labelfor", tag="i"),
    node(f"{BODY}iframe:nth-of-type(1) >>> body > button:nth-of-type(1)", "button", "Pay \u202enow", tag="button"),
    node(f"{BODY}iframe:nth-of-type(1) >>> body > button:nth-of-type(1)", name="Pay \u202enow", parent=6, tag="button"),
    node(f"{BODY}iframe:nth-of-type(1) >>> body > p:nth-of-type(1)", name="by card only", tag="p"),
)


def test_what_the_browser_hides_is_not_shown_and_what_it_shows_is() -> None:
    made = outlined(document(PAGE), Tree(nodes=NODES))
    assert "by a style sheet" not in made.text
    assert "by itself, but a script shows it" in made.text
    assert "by a style sheet" in outlined(document(PAGE)).text


def test_names_and_descriptions_that_come_from_elsewhere_stand_at_their_element() -> None:
    made = outlined(document(PAGE), Tree(nodes=NODES)).text
    assert '<input id="f" accessible-name="Your name" accessible-description="As on the card">' in made
    assert 'accessible-name="a"' not in made


def test_frames_and_shadow_trees_stand_behind_the_page_each_with_its_own_place() -> None:
    made = outlined(document(PAGE), Tree(nodes=NODES))
    lines = made.text.splitlines()
    at = lines.index("… in frames and shadow trees")
    assert [line.split(maxsplit=1)[1] for line in lines[at + 1 :]] == [
        '<button role="button"> "Pay now"',
        '<p> "by card only"',
    ]
    assert made.selectors[lines[at + 1].split()[0]] == NODES[6].where


def test_a_tree_that_is_cut_or_of_another_page_hides_nothing() -> None:
    for tree in (Tree(nodes=NODES, more=1), Tree(nodes=(node("main#other", name="x"),))):
        assert "by a style sheet" in outlined(document(PAGE), tree).text
