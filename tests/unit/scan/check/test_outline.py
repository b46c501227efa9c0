"""A page's outline: what means something, from all of the page, within the bound whatever the page is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyor.scan.check import outline as module
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import selector
from surveyor.scan.check.outline import BYTES, SELECTOR_BYTES, outline
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.evidence import Page
from surveyor.scan.outline import Outline


def outlined(html: str, limit: int = BYTES) -> str:
    return outline(document(html), limit)


def document(html: str) -> Document:
    headers = (("content-type", "text/html; charset=utf-8"),)
    page = Page(asked="http://x/", url="http://x/", status=200, headers=headers, body=html.encode())
    return Document(page)


def test_a_line_an_element_with_what_matters() -> None:
    made = outlined(
        '<!doctype html><html lang="en"><head><title>Shop</title><script>var a = 1</script><style>p{}</style></head>'
        '<body><div class="w"><div><a href="/x" class="b" style="c" onclick="go(1)">click <b>here</b></a></div></div>'
        '<img src="a.png" alt="IMG_1.jpg" data-x="y"><svg><title>Cart</title><path d="M0 0"/></svg>'
        '<button aria-label="Close" aria-hidden="true">x</button></body></html>'
    )
    assert [line.split(" ", 1)[1] if line.startswith("e") else line.strip() for line in made.splitlines()] == [
        '<html lang="en">',
        'e2 <title> "Shop"',
        "e5 <body>",
        'e8 <a href="/x" onclick> "click"',
        'e9 <b> "here"',
        'e10 <img src="a.png" alt="IMG_1.jpg">',
        "e11 <svg>",
        'e12 <title> "Cart"',
        'e14 <button aria-label="Close" aria-hidden="true"> "x"',
    ]
    assert "var a" not in made
    assert "go(1)" not in made


def test_the_head_of_a_heavy_page_leaves_room_for_its_body() -> None:
    heavy = "<script>" + "x" * 200_000 + "</script><style>" + "y" * 200_000 + "</style>"
    made = outlined(
        f"<html><head><title>T</title>{heavy}</head><body><h1>First</h1><footer>Last</footer></body></html>"
    )
    assert "First" in made
    assert "Last" in made


@pytest.mark.parametrize("count", [10, 1_000, 20_000])
def test_a_long_page_keeps_its_beginning_and_its_end(count: int) -> None:
    rows = "".join(f"<li><a href='/{number}'>Entry {number} {'words ' * 20}</a></li>" for number in range(count))
    made = outlined(f"<html><body><h1>Begin</h1><ul>{rows}</ul><footer>End of the page</footer></body></html>")
    assert len(made.encode()) <= BYTES
    assert "Begin" in made
    assert "End of the page" in made
    if count > 1_000:
        assert "more li" in made


def test_a_long_page_without_repetitions_is_thinned_evenly() -> None:
    tags = ("p", "h2", "blockquote", "pre", "ul")
    parts = "".join(f"<{tags[n % 5]}>Part {n} {'w' * 30}</{tags[n % 5]}>" for n in range(5_000))
    made = outlined(f"<html><body>{parts}</body></html>")
    assert len(made.encode()) <= BYTES
    numbers = [int(line.split("Part ")[1].split()[0]) for line in made.splitlines() if "Part " in line]
    assert numbers == sorted(numbers)
    for tenth in range(10):
        assert any(tenth * 500 <= number < (tenth + 1) * 500 for number in numbers)
    assert "more lines between these" in made


def test_lines_name_each_element_once() -> None:
    made = outlined("<p>a</p><p>b</p>" * 500)
    names = [line.split()[0] for line in made.splitlines() if line.lstrip().startswith("e")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "html",
    ["", "plain", "<" * 5_000, "<p " + "a" * 100_000 + ">", "<div>" * 2_000, "<img alt='" + "é" * 90_000 + "'>"],
)
def test_strange_markup_stays_within_the_bound(html: str) -> None:
    try:
        made = outlined(html)
    except LimitExceeded:
        return
    assert len(made.encode()) <= BYTES


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="<>/ap div\"'=é1\n", max_size=400), st.integers(200, 1_000))
def test_any_text_stays_within_any_bound(html: str, limit: int) -> None:
    assert len(outlined(html, limit).encode()) <= limit


PAGE = (
    '<body><nav><a href="/">Home</a><a href="/x">click here</a></nav>'
    '<main id="shop"><ul><li>One</li><li><img src="a.png" alt="IMG_1.jpg"></li></ul></main></body>'
)


def test_each_line_has_the_selector_that_rules_would_quote() -> None:
    page = document(PAGE)
    made = module.outlined(page)
    assert made.text == outline(page)
    lines = [line.split(maxsplit=1) for line in made.text.splitlines()]
    assert list(made.selectors) == [name for name, _ in lines]
    places = {line: made.selectors[name] for name, line in lines}
    assert places['<a href="/x"> "click here"'] == "body > nav:nth-of-type(1) > a:nth-of-type(2)"
    assert places['<img src="a.png" alt="IMG_1.jpg">'] == (
        "main#shop > ul:nth-of-type(1) > li:nth-of-type(2) > img:nth-of-type(1)"
    )
    assert all(selector(page.elements[int(name[1:])]) == made.selectors[name] for name, _ in lines)


def test_selectors_are_bounded_and_their_cost_does_not_grow_with_a_row() -> None:
    deep = "x" * 40
    rows = f"<{deep}>" * 5 + "".join(f"<{deep}{n}>w</{deep}{n}>" for n in range(4_000))
    assert sum(map(len, module.outlined(document(rows)).selectors.values())) <= SELECTOR_BYTES
    wide = "<b>x</b><i>y</i>" * 40_000
    assert len(module.outlined(document(wide)).selectors) > 1


@pytest.mark.parametrize("gap", ["\u2028", "\x85", "\x1c", "\xa0"])
def test_a_page_cannot_write_a_line_of_its_own(gap: str) -> None:
    forged = "e1\xa0<forged"
    made = outlined(
        f"<p aria-a{gap}{forged}=1>a</p><x{gap}{forged}>b</x><p title='a{gap}{forged}'>c{gap}&lt;{forged}</p>"
        + f"<y{gap}{forged}>z</y{gap}{forged}>" * 5_000
    )
    assert "forged" in made
    assert not [line for line in made.splitlines() if re.match(r"\s*e1\s<forged", line)]


def test_what_is_handed_over_cannot_be_mistaken() -> None:
    given = Outline(text='e1 <p> "}\ud800"', selectors={"e1": 'p:"x\ud800'})
    taken = Outline.decode(given.encode())
    assert (taken.text, taken.selectors) == ('e1 <p> "}?"', {"e1": 'p:"x?'})
    for data in (b"", b"e1 <p>", b"[]", b'{"text": 1, "selectors": {}}', b'{"text": "", "selectors": {"e1": 1}}'):
        with pytest.raises(ValueError, match=r".*"):
            Outline.decode(data)
