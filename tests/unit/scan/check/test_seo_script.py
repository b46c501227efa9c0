"""What only scripts make of a page: as it is served, as a browser shows it, and the keys."""

from __future__ import annotations

import pytest

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Needs, Outcome
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine import views
from surveyor.scan.evidence import Loading, Rendered
from surveyor.scan.model import Domain, Evidence
from tests.unit.scan.check.pages import BY_ID, page

LINK = "<link rel=canonical href='%s'>"
LANG = "<link rel=alternate hreflang=%s href='%s'>"
ROBOTS = "<meta name=%s content=%s>"
NOINDEX = ROBOTS % ("robots", "noindex")
OG = "<meta property='og:%s' content='%s'>"
DATA = '<script type=\'application/ld+json\'>{"@context":"https://schema.org","@type":"%s"}</script>'
SAID = " ".join(f"word{at}" for at in range(40))
MORE = " ".join(f"late{at}" for at in range(40))
LINKS = "<a href=/a>a</a><a href=/b>b</a><a href=/c>c</a>"
#: Rule, page as served, page as a browser shows it, keys.
CASES = [
    ("title", "<title>Shop</title>", "<title>Shop</title>", []),
    ("title", "<title>Shop</title>", "<title>SHOP</title>", []),
    ("title", "", "<title>Shop</title>", ["added"]),
    ("title", "<title>Loading</title>", "<title>Shop</title>", ["changed"]),
    ("title", "<title>Shop</title>", "", []),
    ("title", NOINDEX, "<title>Shop</title>", []),
    ("title", ROBOTS % ("bingbot", "noindex"), "<title>Shop</title>", ["added"]),
    ("description", "<meta name=description content=a>", "<meta name=description content=a>", []),
    ("description", "", "<meta name=description content=a>", ["added"]),
    ("description", "<meta name=description content=a>", "<meta name=description content=b>", ["changed"]),
    ("canonical", LINK % "/a", LINK % "https://site.example/a", []),
    ("canonical", "", "", []),
    ("canonical", "", LINK % "/a", ["added"]),
    ("canonical", LINK % "/a", "", ["removed"]),
    ("canonical", LINK % "/a", LINK % "/b", ["changed"]),
    ("canonical", LINK % "/a", LINK % "/a" + LINK % "/b", ["changed"]),
    ("canonical", NOINDEX, LINK % "/a", []),
    ("robots", NOINDEX, NOINDEX, []),
    ("robots", NOINDEX, "", ["lifted"]),
    ("robots", "", NOINDEX, ["imposed"]),
    ("robots", ROBOTS % ("googlebot", "none"), ROBOTS % ("googlebot", "all"), ["lifted"]),
    ("robots", ROBOTS % ("robots", "nofollow"), "", []),
    ("heading", "<h1>Shop</h1>", "<h1>Shop</h1>", []),
    ("heading", "<h1></h1>", "<h1>Shop</h1>", ["added"]),
    ("heading", "<h1>One moment</h1>", "<h1>Shop</h1>", ["changed"]),
    ("text", f"<p>{SAID}", f"<p>{SAID} and more", []),
    ("text", "<div id=root></div>", f"<p>{SAID}", ["most"]),
    ("text", f"<p>{SAID}", f"<p>{SAID} {MORE}", ["most"]),
    ("text", "<p>a", "<p>a few words", []),
    ("text", f"<p>{SAID} {MORE}", f"<p>{SAID}", ["removed"]),
    ("text", "<p>", f"<p>{'漢字' * 20}", ["most"]),
    ("text", NOINDEX, f"<p>{SAID}", []),
    ("links", LINKS, LINKS, []),
    ("links", "", LINKS, ["most"]),
    ("links", LINKS, LINKS + "<a href=/d>d</a>", []),
    ("links", "", LINKS.replace("/", "https://other.example/"), []),
    ("links", "", "<a href=/a>a</a><a href='#x'>x</a><a href=/#y>y</a>", []),
    ("data", DATA % "Article", DATA % "Article", []),
    ("data", "", DATA % "Article", ["added"]),
    ("data", "", DATA % "Product", ["product"]),
    ("data", DATA % "Article", DATA % "Article" + DATA % "Offer" + DATA % "Person", ["product", "added"]),
    ("languages", LANG % ("de", "/de"), LANG % ("DE", "https://site.example/de"), []),
    ("languages", "", LANG % ("de", "/de"), ["added"]),
    ("languages", LANG % ("de", "/de"), LANG % ("de", "/de") + LANG % ("fr", "/fr"), ["changed"]),
    ("preview", OG % ("title", "a"), OG % ("title", "a"), []),
    ("preview", "", OG % ("title", "a"), ["added"]),
    ("preview", OG % ("title", "Loading"), OG % ("title", "a"), ["added"]),
    ("preview", OG % ("title", "a"), "", []),
]


@pytest.mark.parametrize(("rule", "served", "shown", "expected"), CASES)
def test_what_scripts_change(rule: str, served: str, shown: str, expected: list[str]) -> None:
    judge = BY_ID[f"seo_script_{rule}"].shown
    assert judge is not None
    found = list(judge(Document(page(served)), Document(page(shown))))
    assert [outcome.key for outcome in found] == expected
    assert all(outcome.evidence and outcome.count for outcome in found)


@pytest.mark.parametrize(
    ("url", "documents", "expected"),
    [
        ("https://site.example/", ("https://site.example/",), []),
        ("https://site.example/new", ("https://site.example/", "https://site.example/new"), ["redirect"]),
        # an application that names a view of itself, and one with another page in a frame
        ("https://site.example/home", ("https://site.example/",), []),
        ("https://site.example/", ("https://site.example/", "https://site.example/frame"), []),
        ("https://site.example/#/home", ("https://site.example/",), []),
    ],
)
def test_pages_that_scripts_leave(url: str, documents: tuple[str, ...], expected: list[str]) -> None:
    requests = tuple(Loading(url=one, kind="Document", status=200) for one in documents)
    rendered = Rendered(url=url, html="", browser="x", sandboxed=True, requests=requests)
    judge = BY_ID["seo_script_redirect"].rendered
    assert judge is not None
    assert [outcome.key for outcome in judge(Document(page("")), rendered)] == expected


def test_every_outcome_of_scripts_has_a_case() -> None:
    seen: dict[str, set[str]] = {"seo_script_redirect": {"redirect"}}
    for rule, *_, expected in CASES:
        seen.setdefault(f"seo_script_{rule}", set()).update(expected)
    needs = {Needs.SHOWN, Needs.RENDERED}
    assert seen == {rule.id: set(rule.outcomes) for rule in CHECKS[Domain.SEO] if rule.needs in needs}


def test_a_problem_says_in_which_form_of_the_page_it_is() -> None:
    def outcome(key: str, *values: str, count: int = 1) -> Outcome:
        return Outcome(key=key, evidence=tuple(Evidence(kind="element", value=one) for one in values), count=count)

    served = [outcome("missing", "a"), outcome("several", "a", "b", count=2)]
    shown = [outcome("several", "b", "c", count=3), outcome("generic", "d")]
    found = {one.key: one for one in views.joined(served, shown)}
    assert [(one.kind, one.value) for one in found["missing"].evidence] == [("element", "a"), ("markup", views.SERVED)]
    assert [one.value for one in found["several"].evidence] == ["a", "b", "c", views.BOTH]
    assert [one.value for one in found["generic"].evidence] == ["d", views.RENDERED]
    assert [(found[key].confidence, found[key].count) for key in ("missing", "several", "generic")] == [
        (0.5, 1),
        (None, 3),
        (None, 1),
    ]
