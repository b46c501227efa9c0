"""What axe-core says becomes findings of ours: barriers, and what is to be reviewed, never passed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from surveyor.scan.check import axe, registry, twins
from surveyor.scan.check.accessibility import label_in_name
from surveyor.scan.check.document import Document
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.evidence import Barrier, Page, Rendered
from surveyor.scan.model import Asset, Domain, Evidence, Finding, Severity
from surveyor.scan.net.browser import axe as runner

ASSET = Asset(type="url", value="https://shop.example/")


def rendered(*barriers: Barrier) -> Rendered:
    return Rendered(url=ASSET.value, html="<html>", browser="b", sandboxed=True, barriers=barriers)


def barrier(
    rule: str, *, undecided: bool = False, count: int = 1, within: bool = False, where: str = "body > p:nth-of-type(1)"
) -> Barrier:
    quoted = Evidence(kind="element", value="<p>x", where=where)
    return Barrier(rule=rule, undecided=undecided, evidence=(quoted,), count=count, within=within)


def found(evidence: Rendered, markup: str = "<p>x") -> list[Finding]:
    page = Page(asked=ASSET.value, url=ASSET.value, status=200, headers=(), body=markup.encode())
    judges = ((rule, rule.rendered) for rule in CHECKS[Domain.ACCESSIBILITY] if rule.rendered is not None)
    judged = ((rule, judge(Document(page), evidence)) for rule, judge in judges)
    return [registry.finding(rule, outcome, ASSET) for rule, outcomes in judged for outcome in outcomes]


@pytest.mark.parametrize("rule", axe.CHECKS, ids=lambda rule: rule.id)
def test_each_rule_hears_its_own_name_only(rule: registry.Check) -> None:
    name = rule.id.removeprefix("accessibility_").replace("_", "-")
    assert [one.rule for one in found(rendered(barrier(name)))] == [rule.id]


def test_what_was_not_decided_is_another_finding_of_little_confidence() -> None:
    seen = rendered(barrier("color-contrast", count=30), barrier("color-contrast", undecided=True))
    sure, doubt = found(seen)
    assert (sure.title, sure.severity, sure.confidence) == ("Text with too little contrast", Severity.HIGH, 0.95)
    assert doubt.title == "Text with too little contrast: to be reviewed"
    assert (doubt.severity, doubt.confidence) == (Severity.LOW, 0.3)
    assert sure.evidence[-1] == Evidence(kind="count", value="30 in all")
    assert "WCAG 2.1 1.4.3 Contrast (Minimum) (AA)" in sure.description


def test_classes_that_markup_decides_are_told_once() -> None:
    assert found(rendered(barrier("image-alt"), barrier("link-name"), barrier("document-title"))) == []


def test_what_markup_does_not_show_is_told_of_those_classes_too() -> None:
    inner = barrier("input-button-name", within=True, where="iframe >>> input", count=2)
    (told,) = found(rendered(barrier("button-name", count=25), inner, barrier("aria-command-name", within=True)))
    assert told.rule == "accessibility_button_name_within"
    assert told.title == "Buttons without a name, in frames or shadow trees"
    assert [quoted.value for quoted in told.evidence if quoted.kind == "count"] == ["3 in all"]
    assert "WCAG 2.1 4.1.2" in told.description


def test_what_was_not_decided_of_those_classes_is_told_unless_markup_finds_fault_with_it() -> None:
    doubts = (
        barrier("aria-valid-attr-value", undecided=True, where="p#first"),
        barrier("aria-valid-attr-value", undecided=True, where="p#second"),
    )
    (told,) = found(rendered(*doubts), "<p id=first aria-hidden=maybe>x<p id=second>y")
    assert told.rule == "accessibility_aria_value_within"
    assert [quoted.where for quoted in told.evidence] == ["p#second"]
    assert (told.title, told.confidence) == ("Invalid ARIA attribute values: to be reviewed", 0.3)
    assert found(rendered(doubts[0]), "<p id=first aria-hidden=maybe>x") == []


def test_what_axe_core_says_of_areas_that_scroll_is_to_be_reviewed_unless_it_was_measured() -> None:
    said = barrier("scrollable-region-focusable", where="div#a")
    measured = barrier("surveyor-scrolled-unreached", where="div#a")
    (sure,) = found(rendered(said, measured))
    (doubt,) = found(rendered(said, replace(measured, evidence=(replace(measured.evidence[0], where="div#b"),))))
    assert (sure.title, sure.confidence) == ("Scrolling areas that no keyboard reaches", 0.95)
    assert (doubt.title, doubt.confidence) == ("Scrolling areas that no keyboard reaches: to be reviewed", 0.3)


def test_focus_in_hidden_parts_of_frames_was_not_tried_and_is_to_be_reviewed() -> None:
    (told,) = found(rendered(barrier("aria-hidden-focus", within=True, where="iframe >>> a")))
    assert (told.rule, told.confidence) == ("accessibility_hidden_focus_within", 0.3)


NAMES = [
    # label, name; then whether the name lacks it, and if so whether that is a doubt
    ("ACT rules", "ACT rules", None),
    ("Next Page", "Next Page in the list", None),
    ("Search (beta)", "Search", None),
    ("nonstandard", "non-standard", None),
    ("\u00dcber uns", "u\u0308ber  UNS", None),
    ("\u691c\u7d22", "\u30b5\u30a4\u30c8\u691c\u7d22", None),
    ("X", "Close", None),
    ("big\u2060deal", "big deal", None),
    ("letter\u2060s", "letters", None),
    ("ACT rules", "WCAG", False),
    ("Discover It", "Discover Italy", False),
    ("Next Page", "Page Next", False),
    ("0112358132134", "0 1 1 2 3 5 8", False),
    ("Mon", "Monday", True),
    ("FAQ", "Frequently asked questions", True),
    ("No. 3", "Number 3", True),
    ("7", "Page seven", True),
    ("Kettle\nRead more\n", "Read more about kettles", True),
    ("Write", "x" * 300, True),
]


@pytest.mark.parametrize(("label", "name", "doubt"), NAMES)
def test_the_words_that_are_seen_stand_together_in_the_name(label: str, name: str, doubt: bool | None) -> None:
    told = label_in_name.doubtful(label, name) if label_in_name.lacks(label, name) else None
    assert told is doubt


def test_no_rule_that_is_run_goes_unheard() -> None:
    script = Path(runner.__file__).parent / "vendor" / "axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core is put here when Surveyor is installed; `make test` does")
    rule = re.compile(r'\{id:"([a-z-]+)",(?:(?!\{id:").)*?tags:\[([^\]]*)\]')
    tags = {match[1]: set(match[2].replace('"', "").split(",")) for match in rule.finditer(script.read_text())}
    run = {name for name, own in tags.items() if own & set(runner.TAGS) and not own & {"experimental", "deprecated"}}
    of_the_whole_page = {"document-title", "html-has-lang"}
    heard = {name for names in twins.TWINS.values() for name in names}
    heard |= {one.id.removeprefix("accessibility_").replace("_", "-") for one in axe.CHECKS}
    assert len(run) > 50
    judged_further = {"label-content-name-mismatch", "frame-title-unique"}
    assert run - heard == of_the_whole_page | judged_further
