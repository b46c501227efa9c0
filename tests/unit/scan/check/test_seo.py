"""What search engines read, one line a case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from surveyor.scan.check.registry import CHECKS
from surveyor.scan.evidence import Step
from surveyor.scan.model import Domain
from tests.labelled import seo
from tests.unit.scan.check.pages import keys, outcomes, page

FULL = "".join(
    f'<meta property="og:{name}" content="{value}">'
    for name, value in (
        ("title", "x"),
        ("description", "x"),
        ("image", "https://site.example/a.png"),
        ("url", "https://site.example/"),
        ("type", "website"),
    )
)
HERE, OTHER = "https://site.example/", "https://site.example/de"
LINK = "<link rel=canonical href='%s'>"
LANG = "<link rel=alternate hreflang='%s' href='%s'>"
LANGS = LANG % ("en", HERE) + LANG % ("x-default", HERE)
ROBOTS = "<meta name=robots content='%s'>"
OG = "<meta property='og:%s' content='%s'>"
TEXT = "A text that is long enough to tell searchers something of this page, we think."
CASES = [
    ("title", "<title>Shop</title>", []),
    ("title", "<title> </title>", ["missing"]),
    ("title", "<p>x", ["missing"]),
    ("title", "<body><svg><title>icon</title></svg>", ["missing"]),
    ("title", "<title>a</title><title>b</title>", ["several"]),
    ("title", "<title>a</title><body><svg><title>icon</title></svg>", []),
    ("title", "<title> Untitled\n Document</title>", ["generic"]),
    ("title_width", "<title>Shop for things of use</title>", []),
    ("title_width", f"<title>{TEXT}</title>", ["wide"]),
    ("title_width", "<title>Shop</title>", ["narrow"]),
    ("title_width", "<title></title>", []),
    ("title_width", f"<title>{'i' * 100}</title>", []),
    ("title_width", f"<title>{'W' * 32}</title>", ["wide"]),
    ("title_width", f"<title>{'漢' * 31}</title>", ["wide"]),
    ("meta_description", '<meta name="Description" content="A shop.">', []),
    ("meta_description", '<meta name="description" content=" ">', ["missing"]),
    ("meta_description", "", ["missing"]),
    ("meta_description", "<meta name=description content=a><meta name=description content=b>", ["several"]),
    ("meta_description", "<title>A shop</title><meta name=description content=' a  Shop'>", ["title"]),
    ("meta_description", "<body><svg><title>a</title></svg><title>b</title><meta name=description content=a>", []),
    ("description_width", f"<meta name=description content='{TEXT}'>", []),
    ("description_width", f"<meta name=description content='{TEXT * 3}'>", ["wide"]),
    ("description_width", "<meta name=description content='A shop.'>", ["narrow"]),
    ("headings", "<h1>a</h1><h2>b</h2>", []),
    ("headings", "<h2>b</h2>", ["missing"]),
    ("headings", "<h1>a</h1><h1>b</h1>", ["several"]),
    ("headings", "<h1>a</h1><h2> </h2><h3><img alt=x></h3>", ["empty"]),
    ("canonical", LINK % HERE, []),
    ("canonical", f'<link rel="stylesheet CANONICAL" href="{HERE}">', []),
    ("canonical", "", ["missing"]),
    ("canonical", LINK % "/a", ["relative"]),
    ("canonical", LINK % "", ["invalid"]),
    ("canonical", LINK % "ftp://site.example/", ["invalid"]),
    ("canonical", LINK % "http://[", ["invalid"]),
    ("canonical", LINK % OTHER + LINK % HERE, ["several"]),
    ("canonical", LINK % HERE + LINK % "HTTPS://SITE.example", []),
    ("canonical", "<body><p>" + LINK % HERE, ["misplaced"]),
    ("canonical", LINK % f"{HERE}#a", ["fragment"]),
    ("canonical", LINK % OTHER + LANG % ("de", OTHER) + LANG % ("en", HERE), ["language"]),
    ("canonical", LINK % "https://other.example/", ["foreign"]),
    ("canonical", LINK % "https://www.site.example/", []),
    ("canonical", LINK % "http://www.site.example/", ["insecure"]),
    ("hreflang", LANGS, []),
    ("hreflang", LANG % ("EN-gb", HERE), []),
    ("hreflang", LANGS + LANG % ("english", OTHER), ["code"]),
    ("hreflang", LANGS + LANG % ("uk-", OTHER), ["code"]),
    ("hreflang", LANGS + LANG % ("en-UK", OTHER), ["region"]),
    ("hreflang", LANGS + LANG % ("de", "/de"), ["relative"]),
    ("hreflang", LANGS + LANG % ("en", OTHER), ["repeated"]),
    ("hreflang", LANGS + "<body><p>" + LANG % ("de", OTHER), ["misplaced"]),
    ("hreflang", LANG % ("de", OTHER), ["no_self"]),
    ("hreflang", LANG % ("de", OTHER) + LANG % ("en", HERE), ["no_default"]),
    ("indexing", ROBOTS % "index, follow", []),
    ("indexing", ROBOTS % "NOINDEX, follow", ["blocked"]),
    ("indexing", ROBOTS % "none", ["blocked"]),
    ("indexing", ROBOTS % "unavailable_after: 2020-01-01", ["blocked"]),
    ("indexing", ROBOTS % "unavailable_after: Sat, 25 Jun 2011 15:00:00 PST", ["blocked"]),
    ("indexing", ROBOTS % "unavailable_after: 2999-01-01", []),
    ("indexing", "<meta name=otherbot content=noindex>", []),
    ("indexing", "<meta name=Googlebot content=noindex>", ["some"]),
    ("indexing", ROBOTS % "noindex" + "<meta name=googlebot content=index>", ["some"]),
    ("robots_meta", ROBOTS % "index, max-snippet:-1, max-image-preview:large", []),
    ("robots_meta", ROBOTS % "index" + ROBOTS % "noindex", ["conflict"]),
    ("robots_meta", ROBOTS % "index, nofolow", ["unknown"]),
    ("mixed_signals", ROBOTS % "noindex" + LINK % HERE, []),
    ("mixed_signals", ROBOTS % "index" + LINK % OTHER, []),
    ("mixed_signals", ROBOTS % "noindex" + LINK % OTHER, ["canonical"]),
    ("mixed_signals", ROBOTS % "noindex" + LANGS, ["hreflang"]),
    ("redirects", "", []),
    ("redirects", "<meta http-equiv=refresh content='0; url=/a'>", ["refresh"]),
    ("redirects", "<meta http-equiv=refresh content=30>", []),
    ("link_text", "<a href=/a>Prices</a><a href=/b>here we are</a>", []),
    ("link_text", "<a href=/a> Click\n here…</a>", ["generic"]),
    ("link_text", "<html lang=de><a href=/a>Weiterlesen</a>", ["generic"]),
    ("link_text", "<html lang=de><a href=/a>more</a>", []),
    ("link_text", "<html lang=de><p lang=en-GB><a href=/a>more</a>", ["generic"]),
    ("link_text", "<a href=/a>こちら</a>", ["generic"]),
    ("link_text", "<a href=/a rel=nofollow>here</a><a href='#a'>here</a><a>here</a><a href=mailto:a@b>here</a>", []),
    ("link_text", "<a href=/a aria-label='Prices of 2026'>here</a>", []),
    ("crawlable_anchors", "<a href=/a>a</a><a name=x></a><a id=x></a><a role=button>x</a><a href='mailto:'>x</a>", []),
    ("crawlable_anchors", "<a>x</a>", ["empty"]),
    ("crawlable_anchors", "<a href=''>x</a>", ["empty"]),
    ("crawlable_anchors", "<a href='javascript: void(0);'>x</a>", ["script"]),
    ("crawlable_anchors", "<a href=file:///c:/x.doc>x</a>", ["file"]),
    ("crawlable_anchors", "<a href='http://[::1'>x</a>", ["invalid"]),
    ("crawlable_anchors", "<a href='https://a:99999/'>x</a>", ["invalid"]),
    ("nofollow", "<a href=/a>a</a><a rel=nofollow href=https://other.example/>b</a>", []),
    ("nofollow", "<a rel='noopener nofollow' href=/a>a</a>", ["internal"]),
    ("pagination", "<link rel=next href='/?page=2'>", []),
    ("pagination", "<link rel=prev href=''>", ["neighbour"]),
    ("pagination", "<link rel=next href='/#x'>", ["neighbour"]),
    ("image_alt", '<img alt="a"><img alt>', []),
    ("image_alt", "<img><img alt=a><img>", ["missing"]),
    ("image_alt", "<img title=a><img role=presentation><img aria-label=a><div hidden><img></div>", []),
    ("open_graph", FULL, []),
    ("open_graph", "", ["missing"]),
    ("open_graph", OG % ("title", "x"), ["incomplete"]),
    ("open_graph", FULL + OG % ("image", "/b.png"), ["relative"]),
    ("open_graph", FULL + OG % ("title", "y"), ["several"]),
    ("twitter_card", FULL, []),
    ("twitter_card", "", []),
    ("twitter_card", FULL + "<meta name=twitter:card content=summary>", []),
    ("twitter_card", FULL + "<meta name=twitter:card content=photo>", ["unknown"]),
    ("twitter_card", "<meta name=twitter:card content=summary><meta name=twitter:title content=a>", ["incomplete"]),
    ("viewport", "<meta name=viewport content='width=device-width, initial-scale=1'>", []),
    ("viewport", "<meta name=viewport content='initial-scale=1'>", []),
    ("viewport", "", ["missing"]),
    ("viewport", "<meta name=viewport content='width=1024'>", ["fixed"]),
    ("charset", "<meta charset=UTF-8>", []),
    ("charset", "<meta charset=latin1>", ["conflict"]),
    ("lang", "<html lang=en>", []),
    ("lang", "<html>", ["missing"]),
    ("lang", "<html lang=english_us>", ["invalid"]),
    ("lang", f"<html lang=de>{LANGS}", ["conflict"]),
    ("content", "<script src=a.js></script><div id=root></div>", ["scripted"]),
    ("content", "<script src=a.js></script>" + "word " * 30, []),
    ("content", "<div id=root></div>", []),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "body", "expected"), CASES)
def test_a_page_is_judged_by_its_markup(rule: str, body: str, expected: list[str]) -> None:
    assert keys(f"seo_{rule}", f"<!doctype html>{body}") == expected


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


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://site.example/shop/red-shoes?size=4", []),
        ("https://site.example/" + "a" * 200, ["long"]),
        ("https://site.example/?PHPSESSID=1", ["session"]),
        ("https://site.example/a;jsessionid=1", ["session"]),
        ("https://site.example/?a=1&b=1&c=1&d=1&e=1", ["parameters"]),
        ("https://site.example/a//b", ["slashes"]),
        ("https://site.example/Shoes", ["letters"]),
        ("https://site.example/red_shoes", ["underscores"]),
    ],
)
def test_addresses(url: str, expected: list[str]) -> None:
    assert keys("seo_url", page(url=url)) == expected


@pytest.mark.parametrize(
    ("url", "canonical", "expected"),
    [
        ("https://site.example/list?page=2", "https://site.example/list?page=2", []),
        ("https://site.example/list?page=2", "https://site.example/list", ["first"]),
        ("https://site.example/list/page/3", "https://site.example/list/", ["first"]),
        ("https://site.example/list?page=1", "https://site.example/list", []),
        ("https://site.example/list?page=2", "https://site.example/other", []),
    ],
)
def test_later_pages_of_a_series(url: str, canonical: str, expected: list[str]) -> None:
    assert keys("seo_pagination", page(LINK % canonical, url=url)) == expected


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [((), []), ((301,), []), ((301, 308), ["chain"]), ((302,), ["temporary"]), ((301, 302), ["chain", "temporary"])],
)
def test_the_way_to_a_page(statuses: tuple[int, ...], expected: list[str]) -> None:
    hops = tuple(Step(url=f"https://site.example/{at}", status=status) for at, status in enumerate(statuses))
    assert keys("seo_redirects", replace(page(), hops=hops)) == expected


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("text/html", "x", ["missing"]),
        ("text/html", b"\xef\xbb\xbfx", []),
        ("text/html", "<meta charset=utf8>", []),
        ("text/html", f"<!--{'x' * 1024}--><meta charset=utf-8>", ["late"]),
        ("text/html; charset=utf-8", f"<!--{'x' * 1024}--><meta charset=utf-8>", []),
        ("text/html; charset=iso-8859-1", "x", ["legacy"]),
        ("text/html", "<meta http-equiv=content-type content='text/html; charset=windows-1252'>", ["legacy"]),
        ("text/html; charset=utf-8", "<meta charset=nonsense>", ["conflict"]),
    ],
)
def test_encodings(kind: str, body: str | bytes, expected: list[str]) -> None:
    assert keys("seo_charset", page(body, content_type=kind)) == expected


def test_links_in_headers_count() -> None:
    other = ("Link", '</a.css>; rel=preload, <https://site.example/de>; rel="canonical"')
    assert keys("seo_canonical", page("", other)) == []
    assert keys("seo_canonical", page(LINK % HERE, other)) == ["several"]
    header = ("Link", f"<{OTHER}>; rel=alternate; hreflang=deutsch, <{HERE}>; rel=alternate; hreflang=x-default")
    assert keys("seo_hreflang", page("", header)) == ["code"]


def test_a_canonical_link_to_the_root_hides_the_page() -> None:
    assert keys("seo_canonical", page(LINK % HERE, url=OTHER)) == ["root"]


def test_headers_and_elements_contradict_each_other() -> None:
    assert keys("seo_robots_meta", page(ROBOTS % "index", ("X-Robots-Tag", "noindex"))) == ["conflict"]
    assert keys("seo_robots_meta", page(ROBOTS % "index", ("X-Robots-Tag", "bingbot: noindex"))) == []
    assert keys("seo_lang", page("<html lang=de>", ("Content-Language", "en"))) == ["conflict"]
    assert keys("seo_lang", page("<html lang=en>", ("Content-Language", "en-GB"))) == []
    assert keys("seo_lang", page("<html lang=de>", ("Content-Language", "en, de"))) == []


SCHEMA = '"@context":"https://schema.org"'
DATA = "<script type='application/ld+json'>%s</script>"
ITEM = "<div itemscope itemtype='https://schema.org/%s'>%s</div>"
VOCAB = "vocab=https://schema.org/"
RDFA = "<div %s typeof='%s' resource='#me'>%s</div>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<script type=text/x>{</script>", []),
        (DATA % "{", ["invalid"]),
        (DATA % "", ["invalid"]),
        (DATA % '{"@type":"Person","name":"a"}', ["context"]),
        (DATA % f'{{{SCHEMA},"name":"a"}}', ["untyped"]),
        (DATA % f'{{{SCHEMA},"@type":"Person","name":"a"}}', []),
        (DATA % f'{{{SCHEMA},"@type":["Person"],"name":""}}', ["incomplete"]),
        (DATA % f'{{{SCHEMA},"@graph":[{{"@type":"WebSite","name":"a","url":"b"}},{{"@id":"x"}}]}}', []),
        (DATA % f'{{{SCHEMA},"@type":"Article","headline":"a"}}', ["sparse"]),
        (DATA % f'{{{SCHEMA},"@type":"Nonsense"}}', []),
        (DATA % f'{{{SCHEMA},"@type":"Person","name":"a","x":{{"@type":"Offer","price":0}}}}', ["incomplete"]),
        (DATA % f'[{{{SCHEMA},"@type":"Person","name":"a"}},{{{SCHEMA},"@type":"Person"}}]', ["incomplete"]),
        (DATA % '{"@context":{"@vocab":"http://schema.org/"},"@type":"Person","name":"a"}', []),
        (ITEM % ("Person", "<b itemprop=name>a</b>"), []),
        (ITEM % ("Person", "a"), ["incomplete"]),
        (ITEM % ("Person", "<p itemscope itemprop=x><b itemprop=name>a</b></p>"), ["incomplete"]),
        ("<b id=n itemprop=name>a</b><div itemscope itemref=n itemtype=http://schema.org/Person></div>", []),
        ("<div itemscope itemtype=https://other.example/Person></div>", []),
        (RDFA % ("vocab=https://schema.org/", "Person", "<b property=name>a</b>"), []),
        (RDFA % ("vocab=http://schema.org", "Person", "a"), ["incomplete"]),
        (RDFA % ("", "schema:Person", "<b property=schema:name>a</b>"), []),
        (RDFA % ("prefix='s: http://schema.org/ og: http://ogp.me/ns#'", "s:Person og:x", ""), ["incomplete"]),
        (RDFA % ("", "https://schema.org/Person", "<meta property=og:title content=a>"), ["incomplete"]),
        (RDFA % ("", "Person", ""), []),
        (RDFA % ("vocab=https://other.example/", "Person", ""), []),
        # who is in another's property is another; what is said of a thing elsewhere is said of it
        (RDFA % (VOCAB, "Person", "<p property=x typeof=Thing><b property=name>a</b></p>"), ["incomplete"]),
        (RDFA % (VOCAB, "Person", f"</div><div {VOCAB} resource='#me'><b property=name>a</b>"), []),
        (RDFA % (VOCAB, "Organization", "<p vocab=''><b property=name>a</b></p>"), ["sparse"]),
        (RDFA % (VOCAB, "Person", "<p property=employer typeof=Organization></p><b property=name>a</b>"), []),
    ],
)
def test_structured_data(body: str, expected: list[str]) -> None:
    assert keys("seo_structured_data", body) == expected


OFFER = f'{{{SCHEMA},"@type":"Offer",%s}}'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (DATA % (OFFER % '"price":"19.90","priceCurrency":"EUR","availability":"https://schema.org/InStock"'), []),
        (DATA % (OFFER % '"price":19.9,"priceValidUntil":"2027-01-31T12:00:00+01:00","url":"/a?b=1"'), []),
        (DATA % (OFFER % '"price":"","name":"2 €","image":["a.png","https://a.example/b.png"],"logo":{}'), []),
        (DATA % (OFFER % '"ratingValue":"4.5"'), []),
        (DATA % (OFFER % '"ratingValue":8,"bestRating":10,"worstRating":1,"ratingCount":3'), []),
        (DATA % (OFFER % '"totalTime":"PT1H30M","duration":"P1DT2H"'), []),
        (DATA % '{"price":"free"}', []),
        (DATA % (OFFER % '"price":"€ 19,90"'), ["unusable"]),
        (DATA % (OFFER % '"priceCurrency":"€"'), ["unusable"]),
        (DATA % (OFFER % '"datePublished":"31.01.2026"'), ["unusable"]),
        (DATA % (OFFER % '"totalTime":"90 minutes"'), ["unusable"]),
        (DATA % (OFFER % '"duration":"PT"'), ["unusable"]),
        (DATA % (OFFER % '"ratingValue":8'), ["unusable"]),
        (DATA % (OFFER % '"reviewCount":"many"'), ["unusable"]),
        (DATA % (OFFER % '"availability":"in stock"'), ["unusable"]),
        (DATA % (OFFER % '"url":"javascript:void(0)"'), ["unusable"]),
        (ITEM % ("Offer", "<meta itemprop=price content=1><link itemprop=availability href=InStock>"), []),
        (ITEM % ("Offer", "<span itemprop=price>19,90</span>"), ["unusable"]),
        (ITEM % ("Event", "<time itemprop=startDate datetime=2026-01-31>31.1.</time>"), []),
        (ITEM % ("Event", "<time itemprop=startDate>31.1.</time>"), ["unusable"]),
        (ITEM % ("Product", "<p itemprop=offers itemscope itemtype=https://schema.org/Offer>x</p>"), []),
        (RDFA % (VOCAB, "Offer", "<b property=price content=19.90>19,90 €</b><a property=url href=/a>x</a>"), []),
        (RDFA % (VOCAB, "Offer", "<b property=price>19,90 €</b>"), ["unusable"]),
        (RDFA % (VOCAB, "Event", "<time property=startDate datetime=2026-01-31>31.1.</time>"), []),
        (RDFA % (VOCAB, "Event", "<time property=startDate>31.1.</time>"), ["unusable"]),
    ],
)  # fmt: skip
def test_values_of_structured_data(body: str, expected: list[str]) -> None:
    assert keys("seo_structured_values", body) == expected


def test_what_structured_data_lacks_is_named() -> None:
    (broken,) = outcomes("seo_structured_data", (DATA % "{") * 11)
    assert (broken.count, len(broken.evidence)) == (11, 10)
    (found,) = outcomes("seo_structured_data", DATA % f'{{{SCHEMA},"@type":"AggregateRating"}}')
    assert "AggregateRating: ratingValue; AggregateRating: ratingCount or reviewCount" in found.evidence[0].value


#: The tests that are tables of one rule's cases.
TABLES = (
    (test_addresses, "url"),
    (test_later_pages_of_a_series, "pagination"),
    (test_the_way_to_a_page, "redirects"),
    (test_encodings, "charset"),
    (test_an_error_status_is_a_finding, "http_status"),
    (test_structured_data, "structured_data"),
    (test_values_of_structured_data, "structured_values"),
)


def test_every_outcome_of_a_page_has_a_case() -> None:
    seen: dict[str, set[str]] = {}
    for rule, _, expected in CASES:
        seen.setdefault(f"seo_{rule}", set()).update(expected)
    for test, rule in TABLES:
        for case in seo.cases(test):
            seen.setdefault(f"seo_{rule}", set()).update(case[-1])
    seen["seo_canonical"].add("root")  # needs an address of its own
    wanted = {rule.id: set(rule.outcomes) for rule in CHECKS[Domain.SEO] if rule.page is not None}
    assert {rule: keys - seen.get(rule, set()) for rule, keys in wanted.items() if keys - seen.get(rule, set())} == {}
