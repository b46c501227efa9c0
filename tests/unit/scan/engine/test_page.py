"""One problem is one finding, where a rule of markup and one that compares both forms of a page could each tell it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Needs
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine.page import _Judge
from surveyor.scan.engine.rules import Rules
from surveyor.scan.engine.units import Ledger
from surveyor.scan.model import Asset, Domain
from tests.unit.scan.check.pages import page

OG = "".join(f"<meta property='og:{name}' content=x>" for name in ("title", "description", "type"))
ADDRESSES = "".join(f"<meta property='og:{name}' content=https://site.example/x>" for name in ("image", "url"))
NOINDEX = "<meta name=robots content=noindex>"
SAID = " ".join(f"word{at}" for at in range(40))
APP = "<script src=/a.js></script><div id=root></div>"


def findings(served: str, shown: str) -> dict[str, str]:
    """Title by rule, of all rules that judge the page or compare its forms."""
    document, late = Document(page(served)), Document(page(shown))
    rules = Rules(Domain.SEO, None, Asset(type="url", value=document.page.url), Ledger(lambda *_, **__: None))
    around = SimpleNamespace(shown=late, moved=False, unshown=None, get=lambda _: late)
    judge = _Judge(rules, document, cast("Any", around), missed=None, unfit=None)
    for rule in rules.checks:
        if rule.page is not None:
            judge._judge_within(rule)
        elif rule.needs is Needs.SHOWN:
            judge._judge_around(rule)
    return {one.title: one.rule for one in rules.result.findings}


@pytest.mark.parametrize(
    ("served", "shown", "once", "untold"),
    [
        ("", "<title>Shop</title>", "Page title only by script", "Page title missing"),
        ("<title>React App</title>", "<title>Shop</title>", "Page title changed by script", "that nobody chose"),
        ("", "<meta name=description content=a>", "Meta description only by script", "Meta description missing"),
        ("", "<link rel=canonical href=https://site.example/>", "Canonical link only by script", "link missing"),
        ("", "<h1>Shop</h1>", "Main heading only by script", "Main heading (h1) missing"),
        ("", OG + ADDRESSES, "Preview properties only by script", "Open Graph properties missing"),
        (OG, OG + ADDRESSES, "Preview properties only by script", "Open Graph properties incomplete"),
        (APP, APP + f"<p>{SAID}", "Most of the text only by script", "Text only by scripts"),
        (NOINDEX, "", "noindex that only a script takes back", "Page blocked from indexing"),
    ],
)
def test_what_only_one_form_of_a_page_lacks_is_told_once(served: str, shown: str, once: str, untold: str) -> None:
    found = findings(served, shown)
    assert once in found
    assert not [title for title in found if untold in title]


def test_what_both_forms_lack_or_nobody_compares_is_told_as_ever() -> None:
    both = findings("<p>a", "<p>a")
    assert {"Page title missing", "Main heading (h1) missing", "Open Graph properties missing"} <= both.keys()
    # crawlers leave a page with noindex alone, so scripts bring it nothing; a heading without words is none
    assert "Page title missing" in findings(NOINDEX, NOINDEX + "<title>Shop</title>")
    assert "Main heading (h1) missing" in findings("<p>a", "<h1></h1>")
    # a page of few words is one whose text scripts bring only if they do
    assert "Text only by scripts" not in findings(APP, APP)


def test_rules_name_others_that_there_are() -> None:
    comparing = {rule.id for rule in CHECKS[Domain.SEO] if rule.needs is Needs.SHOWN}
    named = [(rule, key, other) for rule in CHECKS[Domain.SEO] for key, other in rule.told_by.items()]
    assert named
    assert all(key in rule.outcomes and other in comparing for rule, key, other in named)
