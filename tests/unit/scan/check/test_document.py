"""How a page's bytes become a tree, and how much of it is allowed."""

from __future__ import annotations

import pytest

from surveyor.scan.address import normal
from surveyor.scan.check import document, markup
from surveyor.scan.check.document import Document, decode
from surveyor.scan.check.element import selector
from surveyor.scan.errors import LimitExceeded
from tests.unit.scan.check.pages import page


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("grün".encode(), "text/html", "grün"),
        ("grün".encode("cp1252"), "text/html", "grün"),
        ("grün".encode("latin-1"), "text/html; charset=ISO-8859-1", "grün"),
        ("“grün”".encode("cp1252"), "text/html; charset=ISO-8859-1", "“grün”"),
        ("\ufeffgrün".encode(), "text/html; charset=ISO-8859-1", "grün"),
        ("\ufeffgrün".encode("utf-16-le"), "text/html", "grün"),
        ('<meta charset="cp1251">мир'.encode("cp1251"), "text/html", '<meta charset="cp1251">мир'),
        ("grün".encode(), "text/html; charset=nonsense", "grün"),
        ("grün".encode(), "text/html; charset=base64", "grün"),
        ("grün".encode(), "text/html; charset=idna", "grün"),
        ("grün".encode(), "text/html; charset=utf-16", "grün"),
        ("grün".encode()[:-1] + "ü".encode()[:1], "text/html", "grü�"),
    ],
)
def test_text_is_decoded_as_a_browser_would(body: bytes, content_type: str, text: str) -> None:
    assert decode(body, content_type) == text


def test_templates_are_not_part_of_the_page_and_selectors_find_their_way() -> None:
    document = Document(page("<div id=x><p>a</p><template><b>t</b></template><p><i>b</i></p></div>"))
    assert [node.tag for node in document.elements] == ["html", "head", "body", "div", "p", "template", "p", "i"]
    assert selector(document.elements[-1]) == "div#x > p:nth-of-type(2) > i:nth-of-type(1)"


#: The parser's cost grows with the square of what these repeat.
BOMBS = {
    "nesting": "<div>" * 100_000,
    "attributes": "<div " + " ".join(f"a{number}" for number in range(100_000)) + ">",
    "copies": "<p>" + "".join(f"<b id={number}>" for number in range(500)) + "</p>" + "<p>x</p>" * 5000,
    "options": "<select>" + "<option>" * 200_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_markup_made_to_be_expensive_is_refused_before_it_is_parsed(bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "LexborHTMLParser", lambda _text: pytest.fail("it was parsed"))
    with pytest.raises(LimitExceeded, match="nested or repeated"):
        _ = Document(page(BOMBS[bomb])).elements


def test_a_page_of_too_many_elements_is_refused_however_cheap_each_is() -> None:
    flat = "<p></p>" * 600_000
    markup.check(flat)
    with pytest.raises(LimitExceeded, match="300,000 elements"):
        _ = Document(page(flat)).elements


def test_a_large_ordinary_page_is_not() -> None:
    row = '<tr><td class="a b"><a href="/x?y=1"><b>x</b> y</a></td><td><ul><li>z<li>w</ul></td></tr>'
    assert len(Document(page("<table>" + row * 20_000 + "</table>")).elements) > 100_000


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Site.Example", "http://site.example/"),
        ("http://site.example:80/a?b#c", "http://site.example/a?b"),
        ("https://site.example:443/", "https://site.example/"),
        ("https://site.example:8443/A", "https://site.example:8443/A"),
        ("http://[::1]:80/", "http://[::1]/"),
    ],
)
def test_a_url_has_one_spelling(url: str, expected: str) -> None:
    assert normal(url) == expected
