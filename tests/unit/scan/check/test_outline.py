"""A page's outline: what means something, from all of the page, within the bound whatever the page is."""

from __future__ import annotations

import re

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyor.scan.check import outline as module
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import selector
from surveyor.scan.check.outline import BYTES, SELECTOR_BYTES
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.evidence import Page
from surveyor.scan.outline import Outline


def outlined(html: str, limit: int = BYTES) -> str:
    return module.outlined(document(html), limit=limit).text


def size(text: str) -> int:
    """Bytes of the lines as a list in JSON."""
    return len(orjson.dumps(text.splitlines()))


def document(html: str) -> Document:
    headers = (("content-type", "text/html; charset=utf-8"),)
    page = Page(asked="http://x/", url="http://x/", status=200, headers=headers, body=html.encode())
    return Document(page)


def test_a_line_an_element_with_what_matters() -> None:
    made = outlined(
        '<!doctype html><html lang="en"><head><title>Shop</title><script>var a = 1</script><style>p{}</style></head>'
        '<body><div class="w"><div><a href="/x" class="b" style="c" onclick="go(1)">click <b>here</b></a></div></div>'
        '<img src="a.png" alt="IMG_1.jpg" data-x="y"><svg><title>Cart</title><path d="M0 0"/></svg>'
        '<button aria-label="Close">x</button></body></html>'
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
        'e14 <button aria-label="Close"> "x"',
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
    assert size(made) <= BYTES
    assert "Begin" in made
    assert "End of the page" in made
    if count > 1_000:
        assert "more li" in made


def test_a_long_page_without_repetitions_is_thinned_evenly() -> None:
    tags = ("p", "h2", "blockquote", "pre", "ul")
    parts = "".join(f"<{tags[n % 5]}>Part {n} {'w' * 30}</{tags[n % 5]}>" for n in range(5_000))
    made = outlined(f"<html><body>{parts}</body></html>")
    assert size(made) <= BYTES
    numbers = [int(line.split("Part ")[1].split()[0]) for line in made.splitlines() if "Part " in line]
    assert numbers == sorted(numbers)
    for tenth in range(10):
        assert any(tenth * 500 <= number < (tenth + 1) * 500 for number in numbers)
    assert "parts of the page between these" in made


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
    assert size(made) <= BYTES


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="<>/ap div\"'=é1\n", max_size=400), st.integers(200, 1_000))
def test_any_text_stays_within_any_bound(html: str, limit: int) -> None:
    assert size(outlined(html, limit)) <= limit


PAGE = (
    '<body><nav><a href="/">Home</a><a href="/x">click here</a></nav>'
    '<main id="shop"><ul><li>One</li><li><img src="a.png" alt="IMG_1.jpg"></li></ul></main></body>'
)


def test_each_line_has_the_selector_that_rules_would_quote() -> None:
    page = document(PAGE)
    made = module.outlined(page)
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
    wide = "<b>x</b><i>y</i>" * 10_000
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
    given = Outline(text='e1 <p> "}\ud800"', selectors={"e1": 'p:"x\ud800'}, left_out="x", undecided=("a", "b"))
    taken = Outline.decode(given.encode())
    assert (taken.left_out, taken.undecided) == ("x", ("a", "b"))
    assert (taken.text, taken.selectors) == ('e1 <p> "}?"', {"e1": 'p:"x?'})
    for data in (b"", b"e1 <p>", b"[]", b'{"text": 1, "selectors": {}}', b'{"text": "", "selectors": {"e1": 1}}'):
        with pytest.raises(ValueError, match=r".*"):
            Outline.decode(data)


def test_what_nobody_meets_is_not_shown() -> None:
    made = outlined(
        "<p hidden>a1</p><p aria-hidden=TRUE>a2</p><div style='color:red; DISPLAY : none'><p>a3</p></div>"
        "<input type=hidden value=a4><p hidden=until-found>b1</p><p style='display:block'>b2</p><!-- a5 -->"
        "<template>a6</template><noscript>a7</noscript>"
        "<p>i\u200bg\u202en\U000e0041ore\ue000</p><p title='\u2066x'>b3</p>"
    )
    assert not re.search(r"a\d", made)
    assert all(word in made for word in ("b1", "b2", '"ignore"', '<p title="x"> "b3"'))


def test_what_is_said_again_and_again_is_shown_twice_and_nothing_is_lost() -> None:
    more = "".join(f"<li><a href='/more'>Read more</a> {'words ' * 20}</li>" for _ in range(900))
    made = module.outlined(document(f"<h1>Begin</h1><ul>{more}</ul><p>End</p>"))
    assert made.text.count("Read more") == 2
    assert re.search(r"^ *… 898 more like e\d+$", made.text, re.MULTILINE)
    assert made.left_out == ""


def test_what_is_left_out_of_a_long_page_is_the_least_of_every_part_and_is_told() -> None:
    def part(number: int, words: int) -> str:
        texts = "".join(f"<p>p{number}.{n}</p><blockquote>{n} w{n * number}</blockquote>" for n in range(words))
        return f"<section><h2>Part {number}</h2>{texts}<label>Field {number}<input name=f{number}></label></section>"

    # one part as long as all others together
    made = module.outlined(document("".join(part(n, 4_000 if n == 20 else 90) for n in range(40))))
    assert size(made.text) <= BYTES
    for number in range(40):
        assert f'"Part {number}"' in made.text
        assert f'"Field {number}"' in made.text
        assert f'"p{number}.0"' in made.text
    assert re.fullmatch(r"[\d,]+ of the page's 15,\d+ elements are shown; \d+ of its \d+ parts .*", made.left_out)
    at = [int(found) for found in re.findall(r'"p20\.(\d+)"', made.text)]
    assert at == sorted(at)
    assert max(at) > 3_000


def test_a_long_text_keeps_both_its_ends_and_is_told() -> None:
    made = module.outlined(document(f"<p>Begin {'w ' * 3_000} end</p><img src='data:image/png;base64,{'A' * 9_000}'>"))
    assert re.search(r'"Begin w .*….* w end"', made.text)
    assert 'src="data:image/png…"' in made.text
    assert made.left_out == "1 long text is shortened"
