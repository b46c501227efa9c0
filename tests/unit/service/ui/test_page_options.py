"""What the form of a page's scan says beside the address."""

from __future__ import annotations

import pytest

from surveyor.scan.figures import Device
from surveyor.scan.plan import Crawl
from surveyor.service.actions.options import PLAIN, Options
from surveyor.service.errors import InvalidParams
from surveyor.service.ui import page_options


def test_a_form_says_how_many_pages_as_what_and_with_which_headers() -> None:
    assert page_options.read({"url": "x", "pages": "", "device": "mobile"}) == PLAIN
    assert page_options.read({"pages": "1", "depth": "2"}) == PLAIN
    typed = {"pages": "50", "rate": "2.5", "sitemap": "on", "device": "desktop", "headers": "A: b\r\n\nX-Y:  c d \n"}
    crawl = Crawl(pages=50, rate=2.5, sitemap=True)
    assert page_options.read(typed) == Options(crawl=crawl, device=Device.DESKTOP, headers=(("A", "b"), ("X-Y", "c d")))
    assert page_options.read({"sitemap": "on"}).crawl == Crawl(sitemap=True)
    assert "headers" not in page_options.given(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *({"pages": "many"}, {"pages": "501"}, {"pages": "9", "rate": "nan"}, {"pages": "9", "rate": "inf"}),
        *({"device": "watch"}, {"headers": "secret"}, {"headers": "A: secret\nA: secret"}, {"headers": "Host: secret"}),
        {"headers": "A: secret\x00"},
    ],
    ids=repr,
)
def test_what_is_wrong_is_said_without_the_values_of_headers(typed: dict[str, str]) -> None:
    with pytest.raises(InvalidParams) as refused:
        page_options.read(typed)
    assert "secret" not in refused.value.message


def test_headers_stay_with_the_origin_of_the_scan() -> None:
    asked = Options(headers=(("A", "b"),))
    assert asked.of("https://shop.example/x", "https://shop.example/") == asked
    assert asked.of("https://shop.example:8443/x", "https://shop.example/").headers == ()
    assert asked.of("http://shop.example/", "https://shop.example/").headers == ()
