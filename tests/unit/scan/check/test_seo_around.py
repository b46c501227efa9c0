"""What is around a page, as search engines meet it: evidence in, keys out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import BESIDE, Needs
from surveyor.scan.check.references import references
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.evidence import Links, Mapped, Page, SitemapFile, Sitemaps, Step, WellKnown
from surveyor.scan.facts import Facts, Pages
from surveyor.scan.formats import sitemap
from surveyor.scan.model import Domain
from surveyor.scan.score import lighthouse
from tests.labelled import seo
from tests.unit.scan.check.pages import BY_ID, keys, page

HERE = "https://site.example/"
#: What scripts make of a page has its own tables.
_SHOWN = {Needs.RENDERED, Needs.SHOWN}
_JUDGED = BESIDE - _SHOWN | {Needs.WELLKNOWN}


def told(rule: str, evidence: Any, body: str = "", url: str = HERE) -> list[str]:
    check = BY_ID[f"seo_{rule}"]
    beside = (Document(page(body, url=url)), evidence) if check.needs in BESIDE else (evidence,)
    outcomes = list(getattr(check, check.needs)(*beside))
    assert all(outcome.evidence for outcome in outcomes)
    return [outcome.key for outcome in outcomes]


def robots(text: str | bytes | None, status: int = 200, kind: str = "text/plain") -> WellKnown:
    files = {"/robots.txt": page(text, status=status, content_type=kind)} if text is not None else {}
    return WellKnown(at=datetime(2026, 1, 1, tzinfo=UTC), files=files, missed={} if files else {"/robots.txt": "late"})


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (robots("User-agent: *\nDisallow: /a\n# b\n\nSitemap: https://site.example/s.xml"), []),
        (robots("", status=404), []),
        (robots(None), []),
        (robots("x", status=503), ["failing"]),
        (robots("<!doctype html><p>x", kind="text/html"), ["page"]),
        (robots("<html>"), ["page"]),
        (robots("Disallow: /"), ["invalid"]),
        (robots("User-agent: *\nDisallow: a"), ["invalid"]),
        (robots("User-agent: *\nDisallow: /a$b"), ["invalid"]),
        (robots("User-agent: *\nDisallow /a"), ["invalid"]),
        (robots("Sitemap: /map.xml"), ["invalid"]),
        (robots("User-agent:\nDisallow: /"), ["invalid"]),
    ],
)
def test_robots_txt(files: WellKnown, expected: list[str]) -> None:
    assert told("robots_txt", files) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("User-agent: *\nDisallow: /", ["blocked"]),
        ("User-agent: *\nDisallow: /list", ["blocked"]),
        ("User-agent: *\nDisallow: /\nAllow: /list", []),
        ("User-agent: *\nDisallow: /*?page=\n", ["blocked"]),
        ("User-agent: *\nDisallow: /list$", []),
        ("User-agent: bingbot\nDisallow: /", ["some"]),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Googlebot\nDisallow:", ["some"]),
        ("", []),
    ],
)
def test_crawling(text: str, expected: list[str]) -> None:
    assert told("crawling", robots(text), url=f"{HERE}list?page=2") == expected


def answers(body: str, **more: Any) -> Links:
    found = Links(references=references(Document(page(body))), answers={})
    return replace(found, **more)


def at(path: str, body: str = "", *, status: int = 200, kind: str = "text/html", via: Mapping[str, int] = {}) -> Page:
    hops = tuple(Step(url=url, status=code) for url, code in via.items())
    asked = next(iter(via), HERE + path)
    return replace(page(body, url=HERE + path, status=status, content_type=kind), asked=asked, hops=hops)


ANCHOR = "<a href=/a>Prices</a>"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (at("a"), []),
        (at("a", status=404), ["broken"]),
        (at("a", status=410), ["broken"]),
        (at("a", status=403), []),
        (at("a", status=429), []),
        (at("a", status=500), ["failing"]),
        (at("b", via={HERE + "a": 301}), ["moved"]),
        (at("b", via={HERE + "a": 302}), []),
        (None, []),
    ],
)
def test_broken_links(answer: Page | None, expected: list[str]) -> None:
    assert told("broken_links", answers(ANCHOR, answers={HERE + "a": answer} if answer else {})) == expected


def test_links_without_an_answer_are_their_own_outcome() -> None:
    assert told("broken_links", answers(ANCHOR, silent={HERE + "a": "no connection could be made"})) == ["silent"]


CANONICAL = "<link rel=canonical href='%s'>"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (at("a"), []),
        (at("a", CANONICAL % "/a"), []),
        (at("a", status=404), ["error"]),
        (at("a", status=429), []),
        (at("b", via={HERE + "a": 301}), ["redirect"]),
        (at("a", "<meta name=robots content=noindex>"), ["blocked"]),
        (at("a", CANONICAL % "/c"), ["chain"]),
        (at("a", "%PDF", kind="application/pdf"), []),
    ],
)
def test_canonical_targets(answer: Page, expected: list[str]) -> None:
    body = CANONICAL % "/a"
    assert told("canonical_target", answers(body, answers={HERE + "a": answer}), body) == expected
    assert told("canonical_target", answers(body), body) == []


LANG = "<link rel=alternate hreflang=%s href='%s'>"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (at("de", LANG % ("en", "/")), []),
        (at("de", LANG % ("en", "/me")), []),
        (at("de", "<p>x"), ["missing"]),
        (at("de", LANG % ("en", "/other")), ["missing"]),
        (replace(at("de", "<!--"), cut=True), []),
        (at("de", status=404), ["error"]),
        (at("de", status=403), []),
        (at("x", via={HERE + "de": 302}), ["redirect"]),
    ],
)
def test_translations_link_back(answer: Page, expected: list[str]) -> None:
    body = LANG % ("de", "/de") + CANONICAL % "/me"
    assert told("hreflang_return", answers(body, answers={HERE + "de": answer}), body) == expected


KETTLES = "<title>Shop for kettles</title><meta name=description content='All kettles.'>" + ANCHOR
SAME = "<title>Shop  for kettles</title>"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (at("a", SAME), ["title"]),
        (at("a", "<title>Prices</title><meta name=description content='All kettles.'>"), ["description"]),
        (at("a", "<title>x</title>"), []),
        (at("a", SAME + CANONICAL % "/"), []),
        (at("a", SAME, status=404), []),
    ],
)
def test_pages_that_cannot_be_told_apart(answer: Page, expected: list[str]) -> None:
    assert told("duplicates", answers(KETTLES, answers={HERE + "a": answer}), KETTLES) == expected


def test_several_addresses_of_one_page_are_one() -> None:
    moved = at("a", SAME, via={HERE + "b": 301})
    twice = answers(KETTLES, answers={HERE + "a": at("a", SAME), HERE + "b": moved})
    (outcome,) = BY_ID["seo_duplicates"].links(Document(page(KETTLES)), twice)  # type: ignore[misc]
    assert outcome.count == 1


@pytest.mark.parametrize(
    ("stray", "expected"),
    [
        (at("x", status=404), []),
        (at("x"), ["served"]),
        (at("", via={HERE + "x": 302}), ["redirected"]),
        (at("", via={HERE + "x": 302}, status=404), []),
        (None, []),
    ],
)
def test_soft_404(stray: Page | None, expected: list[str]) -> None:
    assert told("soft_404", answers("", stray=stray)) == expected


ICON = "<link rel='shortcut icon' href=/i.png>"
PICTURE = "<meta property=og:image content=/p.png>"
GONE, THERE = at("x", status=404), at("x", "GIF", kind="image/gif")


@pytest.mark.parametrize(
    ("body", "path", "answer", "expected"),
    [
        ("", "favicon.ico", GONE, ["missing"]),
        ("", "favicon.ico", at("x"), ["missing"]),
        ("", "favicon.ico", THERE, []),
        # a machine that is not wanted is no picture that is not there
        ("", "favicon.ico", at("x", status=403), []),
        (ICON, "i.png", GONE, ["broken"]),
        (ICON, "i.png", THERE, []),
    ],
)
def test_icons(body: str, path: str, answer: Page, expected: list[str]) -> None:
    assert told("favicon", answers(body, answers={HERE + path: answer}), body) == expected


@pytest.mark.parametrize(
    ("answer", "expected"), [(GONE, ["broken"]), (at("p"), ["broken"]), (THERE, []), (at("p", status=429), [])]
)
def test_pictures_of_previews(answer: Page, expected: list[str]) -> None:
    assert told("share_image", answers(PICTURE, answers={HERE + "p.png": answer}), PICTURE) == expected


def mapped(
    text: str | bytes, named: str | None = "robots.txt", *, status: int = 200, kind: str = "text/xml"
) -> Sitemaps:
    data = text if isinstance(text, bytes) else text.encode()
    answer = at("sitemap.xml", status=status, kind=kind)
    return Sitemaps(files=(SitemapFile(page=answer, sitemap=sitemap.parse(data), named=named),))


URL = "<url><loc>https://site.example/%s</loc>%s</url>"
SET = "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>%s</urlset>"


@pytest.mark.parametrize(
    ("maps", "expected"),
    [
        (mapped(SET % (URL % ("a", "<lastmod>2026-01-02T03:04:05+01:00</lastmod>"))), []),
        (mapped("https://site.example/a\nhttps://site.example/b\n", kind="text/plain"), []),
        (mapped("<p>", None, status=404), ["missing"]),
        (mapped("<html><p>x</p></html>", None, kind="text/html"), ["missing"]),
        (Sitemaps(files=(), missed={"x": "late"}), []),
        (mapped("<p>", status=404), ["unavailable"]),
        (mapped(SET.removesuffix(">") % (URL % ("a", ""))), ["invalid"]),
        (mapped("<rss><a/></rss>"), ["invalid"]),
        (mapped("nonsense"), ["invalid"]),
        (mapped("<!DOCTYPE x [<!ENTITY a 'b'>]><urlset/>"), ["invalid"]),
        (mapped(SET % ((URL % ("a", "")) * 50_001)), ["large"]),
        (mapped(SET % ""), ["empty"]),
        (mapped(SET % "<url><loc>/a</loc></url>"), ["relative"]),
        (mapped(SET % "<url><loc>https://other.example/a</loc></url>"), ["foreign"]),
        (mapped(SET % (URL % ("a", "<lastmod>01.02.2026</lastmod>"))), ["date"]),
    ],
)
def test_sitemaps(maps: Sitemaps, expected: list[str]) -> None:
    assert told("sitemap", maps) == expected


LLMS = "# Shop\n\n> Kettles.\n\n## Pages\n\n- [Prices](https://site.example/prices): all of them\n"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, []),
        (page("x", status=404, content_type="text/plain"), []),
        (page("<title>x</title>"), []),
        (page(LLMS, content_type="text/plain"), []),
        (page("\ufeff" + LLMS, content_type="text/markdown"), []),
        (page(LLMS.removeprefix("# Shop"), content_type="text/plain"), ["invalid"]),
        (page("# Shop\n\n- [a](/a)", content_type="text/plain"), ["invalid"]),
        (page("# Shop\n\n## Pages\n\nSee the sitemap.", content_type="text/plain"), ["invalid"]),
    ],
)
def test_llms_txt(answer: Page | None, expected: list[str]) -> None:
    files = {"/llms.txt": answer} if answer is not None else {}
    assert told("llms_txt", WellKnown(at=datetime(2026, 1, 1, tzinfo=UTC), files=files)) == expected


RULES = page("User-agent: *\nDisallow: /basket", content_type="text/plain")


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (Mapped(), []),
        (Mapped(listed=(HERE + "a",), robots=RULES, answers={HERE + "a": at("a")}), []),
        (Mapped(listed=(HERE + "a", HERE + "basket?x"), robots=RULES), ["blocked"]),
        (Mapped(listed=(HERE + "basket",)), []),
        (Mapped(answers={HERE + "a": at("a", status=404)}), ["dead"]),
        (Mapped(answers={HERE + "a": at("a", status=403)}), []),
        (Mapped(answers={HERE + "a": at("b", via={HERE + "a": 301})}), ["moved"]),
        (Mapped(answers={HERE + "a": at("a", "<meta name=robots content=noindex>")}), ["hidden"]),
        (Mapped(answers={HERE + "a": at("a", CANONICAL % "/a")}), []),
        (Mapped(answers={HERE + "a": at("a", CANONICAL % "/b")}), ["elsewhere"]),
        (Mapped(answers={HERE + "a": at("a", "%PDF", kind="application/pdf")}), []),
    ],
)
def test_addresses_of_sitemaps(evidence: Mapped, expected: list[str]) -> None:
    assert told("sitemap_addresses", evidence) == expected


BOTH = {"title": ["a", "b"]}


def facts(path: str, **more: Any) -> Facts:
    return Facts(url=HERE + path, **more)


@pytest.mark.parametrize(
    ("rule", "pages", "expected"),
    [
        ("site_duplicates", (facts("a", title="A"), facts("b", title="B")), {}),
        ("site_duplicates", (facts("a", title="A"), facts("b", title=" a")), {"title": ["a", "b"]}),
        ("site_duplicates", (facts("a", title="A"), facts("b", title="A", hidden=True)), {}),
        ("site_duplicates", (facts("a", title="A"), facts("b", title="A", canonical=HERE + "a")), {}),
        ("site_duplicates", (facts("a", title="A"), facts("b", title="A", canonical=HERE + "b")), BOTH),
        ("site_duplicates", (facts("a", description="x"), facts("b", description="x")), {"description": ["a", "b"]}),
        ("site_duplicates", (facts("a", headings=("x",)), facts("b", headings=("X",))), {"heading": ["a", "b"]}),
        ("site_duplicates", (facts("a", headings=("x", "y")), facts("b", headings=("X",))), {}),
        ("site_canonical", tuple(facts(at, title=at, canonical=HERE) for at in "ab"), {}),
        ("site_canonical", tuple(facts(at, title=at, canonical=HERE) for at in "abc"), {"same": ["a", "b", "c"]}),
        ("site_canonical", tuple(facts(at, title="A", canonical=HERE) for at in "abc"), {}),
        ("site_canonical", tuple(facts(at, title=at, canonical=HERE + at) for at in "abc"), {}),
        ("site_canonical", tuple(facts(at, title=at, canonical=HERE, hidden=True) for at in "abc"), {}),
    ],
)  # fmt: skip
def test_pages_of_a_site_together(rule: str, pages: tuple[Facts, ...], expected: dict[str, list[str]]) -> None:
    judge = BY_ID[f"seo_{rule}"].pages
    assert judge is not None
    found = list(judge(Pages(pages=pages)))
    assert {one.key: [url.removeprefix(HERE) for url in one.pages] for one in found} == expected
    assert all(one.evidence and one.count == len(one.pages) for one in found)


#: The tests that are tables of one rule's cases.
TABLES = (
    (test_robots_txt, "robots_txt"),
    (test_crawling, "crawling"),
    (test_broken_links, "broken_links"),
    (test_canonical_targets, "canonical_target"),
    (test_translations_link_back, "hreflang_return"),
    (test_soft_404, "soft_404"),
    (test_pages_that_cannot_be_told_apart, "duplicates"),
    (test_icons, "favicon"),
    (test_pictures_of_previews, "share_image"),
    (test_sitemaps, "sitemap"),
    (test_llms_txt, "llms_txt"),
    (test_addresses_of_sitemaps, "sitemap_addresses"),
)


def test_every_outcome_has_a_case() -> None:
    # these are not in tables
    seen = {
        "seo_broken_links": {"silent"},
    }
    for test, rule in TABLES:
        for case in seo.cases(test):
            seen.setdefault(f"seo_{rule}", set()).update(case[-1])
    assert seen == {rule.id: set(rule.outcomes) for rule in CHECKS[Domain.SEO] if rule.needs in _JUDGED}


GOOD = f"<title>A shop</title><meta name=description content='x'>{CANONICAL % HERE}<a href=/a>Prices</a>"


def scored(body: str, files: WellKnown | None, status: int = 200) -> Any:
    document = Document(page(body, status=status))
    came_to = {check.id: tuple(keys(check.id, document.page)) for check in CHECKS[Domain.SEO] if check.page is not None}
    if files is not None:
        came_to["seo_robots_txt"] = tuple(told("robots_txt", files))
    return lighthouse.score(HERE, document, files, came_to)


def test_the_score_is_the_weighted_share_of_audits() -> None:
    none, rules = robots("", status=404), robots("User-agent: *\nAllow: /")
    assert scored(GOOD, rules).score == 100
    outcomes = {test.id: test.outcome for test in scored(GOOD, none).tests}
    assert (outcomes["robots-txt"], outcomes["image-alt"], outcomes["canonical"]) == (
        "not_applicable",
        "not_applicable",
        "passed",
    )
    # nine audits of weight 1 without images, and 93/23: without a title 1 - 1 / 12.04
    found = scored(GOOD.replace("A shop", ""), rules)
    assert found.score == 92
    assert {test.id: test.modifier for test in found.tests}["document-title"] == -8.3
    # 31 % of the category rest on being crawlable, where every audit applies
    blocked = scored(GOOD + "<img alt=x>", robots("User-agent: *\nDisallow: /"))
    assert blocked.score == 69
    assert scored(GOOD, robots("User-agent: bingbot\nDisallow: /")).score == 100


def test_what_was_not_looked_at_bounds_the_score() -> None:
    unseen = scored(GOOD, robots(None))
    assert (unseen.score, unseen.highest) == (None, 100)
    assert unseen.lowest is not None
    assert unseen.lowest < 70
    assert [test.id for test in unseen.tests if test.outcome == "not_looked"] == ["is-crawlable"]
    assert scored(GOOD + "<meta name=robots content=none>", robots(None)).score is not None
    nothing = lighthouse.score(HERE, Document(page("x", status=500)), None, {"seo_http_status": ("error",)})
    assert (nothing.score, nothing.lowest, nothing.tests) == (None, None, ())
    assert nothing.detail
