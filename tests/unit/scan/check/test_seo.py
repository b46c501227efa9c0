"""What search engines read, one line a case."""

from __future__ import annotations

import pytest

from tests.unit.scan.check.pages import keys, outcomes, page

FULL = "".join(f'<meta property="og:{name}" content="x">' for name in ("title", "description", "image", "url", "type"))
LINK = '<link rel=canonical href="%s">'
CASES = [
    ("seo_title", "<title>Shop</title>", []),
    ("seo_title", "<title> </title>", ["missing"]),
    ("seo_title", "<p>x", ["missing"]),
    ("seo_title", "<body><svg><title>icon</title></svg>", ["missing"]),
    ("seo_title", "<title>a</title><title>b</title>", ["several"]),
    ("seo_title", "<title>a</title><body><svg><title>icon</title></svg>", []),
    ("seo_meta_description", '<meta name="Description" content="A shop.">', []),
    ("seo_meta_description", '<meta name="description" content=" ">', ["missing"]),
    ("seo_meta_description", "", ["missing"]),
    ("seo_headings", "<h1>a</h1><h2>b</h2>", []),
    ("seo_headings", "<h2>b</h2>", ["missing"]),
    ("seo_headings", "<h1>a</h1><h1>b</h1>", ["several"]),
    ("seo_canonical", '<link rel="canonical" href="https://site.example/">', []),
    ("seo_canonical", '<link rel="stylesheet CANONICAL" href="https://site.example/">', []),
    ("seo_canonical", "", ["missing"]),
    ("seo_canonical", '<link rel=canonical href="/a">', ["relative"]),
    ("seo_canonical", '<link rel=canonical href="">', ["invalid"]),
    ("seo_canonical", '<link rel=canonical href="ftp://site.example/">', ["invalid"]),
    ("seo_canonical", '<link rel=canonical href="http://[">', ["invalid"]),
    ("seo_canonical", LINK % "https://a.example/" + LINK % "https://b.example/", ["several"]),
    ("seo_canonical", LINK % "https://a.example/" + LINK % "HTTPS://A.example", []),
    ("seo_open_graph", FULL, []),
    ("seo_open_graph", "", ["missing"]),
    ("seo_open_graph", '<meta property="og:title" content="x">', ["incomplete"]),
    ("seo_image_alt", '<img alt="a"><img alt>', []),
    ("seo_image_alt", "<img><img alt=a><img>", ["missing"]),
    ("seo_indexing", '<meta name=robots content="index, follow">', []),
    ("seo_indexing", '<meta name=robots content="NOINDEX, follow">', ["blocked"]),
    ("seo_indexing", '<meta name=otherbot content="noindex">', []),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "body", "expected"), CASES)
def test_a_page_is_judged_by_its_markup(rule: str, body: str, expected: list[str]) -> None:
    assert keys(rule, f"<!doctype html>{body}") == expected


def test_a_header_can_block_indexing_and_one_for_another_robot_does_not() -> None:
    assert keys("seo_indexing", page("", ("X-Robots-Tag", "noindex"))) == ["blocked"]
    assert keys("seo_indexing", page("", ("X-Robots-Tag", "otherbot: noindex"))) == []


@pytest.mark.parametrize(
    ("status", "expected"), [(200, []), (399, []), (400, ["error"]), (404, ["error"]), (503, ["error"])]
)
def test_an_error_status_is_a_finding(status: int, expected: list[str]) -> None:
    assert keys("seo_http_status", page("x", status=status)) == expected


def test_elements_are_quoted_with_selectors_and_counted_beyond_what_is_quoted() -> None:
    (found,) = outcomes("seo_image_alt", "<main id=m>" + "<p><img src=a.png></p>" * 30)
    assert (len(found.evidence), found.count) == (20, 30)
    assert found.evidence[1].where == "main#m > p:nth-of-type(2) > img:nth-of-type(1)"
    assert found.evidence[1].value == '<img src="a.png">'
