"""Which elements are worth a picture: the worst barriers first, one of each before a second."""

from __future__ import annotations

from surveyor.scan.engine import pictures
from surveyor.scan.evidence import Page, Rendered

MARKUP = "<!doctype html><html><title>t</title><main>" + "<img src=a.png>" * 5 + "<a href=/x></a>" * 5


def test_of_one_page_of_several_fewer_are_pictured() -> None:
    url = "http://shop.example/"
    page = Page(asked=url, url=url, status=200, headers=(("Content-Type", "text/html"),), body=MARKUP.encode())
    rendered = Rendered(url=url, html=MARKUP, browser="Chrome/156", sandboxed=True)
    whole = pictures.Wanted()(page, rendered)
    assert len([one for one in whole if one.value.startswith("<img")]) == 3
    assert {one.value[:4] for one in pictures.Wanted(2)(page, rendered)} == {"<img", "<a h"}
    assert pictures.Wanted(4)(page, rendered) == whole[:4]
    (only,) = {one.value[:4] for one in pictures.Wanted(rules=("accessibility_image_alt",))(page, rendered)}
    assert only == "<img"
