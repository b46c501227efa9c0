"""The page as evidence."""

from __future__ import annotations

import time

import pytest

from surveyor.scan.errors import Malformed
from surveyor.scan.gather import Errand, http
from surveyor.scan.limits import Limits
from surveyor.scan.net import Client
from tests.servers.web import Site


def errand(site: Site, path: str = "/") -> Errand:
    settings = site.settings(limits=Limits(page_bytes=1000))
    return Errand(url=site.url(path), settings=settings, client=Client(settings), deadline=time.monotonic() + 60)


def test_a_page_says_where_it_came_from(site: Site) -> None:
    site.redirect("/", "/b")
    site.page("/b", "<p>x", headers=(("X-One", " a "),))
    page = http.gather(errand(site))
    assert (page.asked, page.url) == (site.url(), site.url("/b"))
    assert [(step.url, step.status) for step in page.route] == [(site.url(), 302), (site.url("/b"), 200)]
    assert (page.status, page.body, page.cut, page.secure) == (200, b"<p>x", False, False)
    assert (page.header("x-one"), page.media_type, page.is_html) == ("a", "text/html", True)


def test_a_long_page_is_cut_and_says_so(site: Site) -> None:
    site.page("/", "x" * 1001)
    page = http.gather(errand(site))
    assert (len(page.body), page.cut) == (1000, True)


def test_too_many_headers_make_a_page_unreadable_rather_than_partly_read(site: Site) -> None:
    site.page("/", "x", headers=tuple((f"X-{number}", "y") for number in range(300)))
    with pytest.raises(Malformed, match="headers"):
        http.gather(errand(site))


@pytest.mark.parametrize(
    ("content_type", "body", "html"),
    [("application/xhtml+xml", "x", True), ("text/plain", "<p>", False), ("", " <p>", True), ("", "PK", False)],
)
def test_what_counts_as_a_page(site: Site, content_type: str, body: str, *, html: bool) -> None:
    site.page("/", body, content_type=content_type)
    assert http.gather(errand(site)).is_html is html
