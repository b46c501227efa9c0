"""What a page's addresses answer, and its site's sitemaps, from real servers on loopback."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from surveyor.scan.check.document import Document
from surveyor.scan.check.references import references
from surveyor.scan.errors import NotConfigured
from surveyor.scan.evidence import Links, Mapped, Page, Sitemaps
from surveyor.scan.gather import Errand, http, links, sitemaps, wellknown
from surveyor.scan.gather import mapped as addresses
from surveyor.scan.net import Client
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.web import Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as one:
        yield one


def errand(site: Site, settings: Settings | None = None) -> Errand:
    allowed = settings or site.settings()
    made = Errand(
        url=site.url(), settings=allowed, client=Client(allowed), deadline=time.monotonic() + 60, jitter=lambda: 0.5
    )
    page = http.gather(made)
    whole = replace(made, page=lambda: page, references=references(Document(page)))
    return replace(whole, wellknown=lambda: wellknown.gather(whole))


def errand_of(site: Site, body: str) -> Errand:
    site.page("/", body)
    return errand(site)


def linked(site: Site, body: str, settings: Settings | None = None) -> Links:
    site.page("/", body)
    found = links.GATHERER.gather(errand(site, settings))
    assert isinstance(found, Links)
    return found


def paths(site: Site) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in site.requests]


def test_addresses_are_asked_once_and_an_impossible_one_too(site: Site) -> None:
    site.page("/a", "<title>a</title>")
    found = linked(
        site, "<a href=/a#x>a</a><a href='a'>b</a><a href=/b>c</a><a href='#top'>d</a><a href=mailto:x@y>e</a>"
    )
    assert {url.removeprefix(site.url()): page.status for url, page in found.answers.items()} == {
        "a": 200,
        "b": 404,
        "favicon.ico": 404,
    }
    assert found.stray is not None
    assert found.stray.status == 404
    assert paths(site).count("GET /a") == 1
    assert (found.silent, found.untried, found.missed) == ({}, {}, {})


def test_no_more_than_the_limit_and_that_is_told(site: Site) -> None:
    body = "<link rel=canonical href=/c>" + "".join(f"<a href=/{at}>x</a>" for at in range(30))
    found = linked(site, body, site.settings(links=5))
    assert [url.removeprefix(site.url()) for url in sorted(found.answers)] == ["0", "1", "2", "c", "favicon.ico"]
    assert len(found.untried) == 27
    assert set(found.missed) == {"anchor"}


def test_the_canonical_address_goes_first_and_own_links_and_others_by_turns(site: Site) -> None:
    body = "<a href=/1>x</a><a href=/2>x</a><a href=http://10.0.0.1/>y</a><meta property=og:image content=/i.png>"
    made = errand_of(site, f"{body}<link rel=canonical href=/c>")
    kinds = {reference.url: reference.kind for reference in made.references}
    ordered = [url.removeprefix(site.url()) for url in links._by_turns(kinds, "127.0.0.1")]
    assert ordered == ["c", "favicon.ico", "i.png", "1", "http://10.0.0.1/", "2"]


def test_none_are_asked_for_when_that_is_turned_off(site: Site) -> None:
    with pytest.raises(NotConfigured, match="SURVEYOR_LINKS"):
        linked(site, "<a href=/a>x</a>", site.settings(links=0))
    assert paths(site) == ["GET /"]


def test_robots_txt_is_heeded_and_private_addresses_are_not_asked(site: Site) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /private\n", content_type="text/plain")
    body = "<a href=/private/a>x</a><a href='http://10.0.0.1/'>y</a><a href='http://127.0.0.1:1/'>z</a><a href=/b>b</a>"
    found = linked(site, body)
    assert set(found.untried) == {site.url("/private/a"), "http://10.0.0.1/", "http://127.0.0.1:1/"}
    assert found.untried[site.url("/private/a")] == "robots.txt forbids it"
    assert not any("private" in path for path in paths(site))


def test_another_host_is_asked_by_head_and_by_get_where_that_fails(site: Site) -> None:
    with Site() as other:
        other.page("/a", "x")
        other.page("/gone", status=404)
        hosts = (AllowedHost(host="127.0.0.1"), AllowedHost(host="localhost"))
        body = "".join(
            f"<a href='{other.url(path).replace('127.0.0.1', 'localhost')}'>x</a>" for path in ("/a", "/gone")
        )
        found = linked(site, body, Settings(allow_hosts=hosts))
        assert sorted(paths(other)) == ["GET /gone", "HEAD /a", "HEAD /gone"]
    assert sorted(page.status for page in found.answers.values()) == [200, 404, 404]


def test_a_host_that_does_not_answer_is_left_alone_after_a_while(site: Site) -> None:
    hosts = (AllowedHost(host="127.0.0.1"), AllowedHost(host="localhost"))
    with socket.socket() as nobody:  # the port is ours, and nobody listens there
        nobody.bind(("127.0.0.1", 0))
        gone = f"http://localhost:{nobody.getsockname()[1]}/"
        body = "".join(f"<a href='{gone}{at}'>x</a>" for at in range(10))
        found = linked(site, body, Settings(allow_hosts=hosts))
    assert len(found.silent) == 10
    assert "the host did not answer before" in found.silent.values()


def test_a_host_is_asked_two_things_at_once_at_most(site: Site) -> None:
    now, most, lock, meeting = 0, 0, threading.Lock(), threading.Barrier(2)

    def slow(out: Any) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(4)  # for the second of two, however late it comes; then a third has time to come
        time.sleep(0.05)
        with lock:
            now -= 1
        out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    for at in range(8):
        site.raw(f"/{at}", slow)
    linked(site, "".join(f"<a href=/{at}>x</a>" for at in range(8)))
    assert most == 2


def test_time_that_is_over_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_ALL_SECONDS", 0.3)
    for at in range(6):
        site.drip(f"/{at}", seconds=60.0)
    begun = time.monotonic()
    found = linked(site, "".join(f"<a href=/{at}>x</a>" for at in range(6)))
    assert time.monotonic() - begun < 30.0
    assert set(found.untried.values()) == {"there was no time left"}
    assert "anchor" in found.missed
    # who was cut short by us is not one who does not answer
    assert found.silent == {}


def test_robots_txt_is_heeded_for_the_impossible_address_too(site: Site) -> None:
    site.page("/robots.txt", "User-agent: surveyor\nDisallow: /", content_type="text/plain")
    found = linked(site, "<a href=/a>x</a>")
    assert (found.stray, found.missed["stray"]) == (None, "robots.txt forbids it")
    files = ["/robots.txt", "/.well-known/security.txt", "/security.txt", "/llms.txt"]
    assert paths(site) == ["GET /", *(f"GET {path}" for path in files)]


def test_what_an_answer_does_not_tell_is_missed(site: Site) -> None:
    site.page("/de", "<!--" + "x" * 70_000)
    site.page("/i.png", status=403)
    site.page("/c", status=429)
    site.page("/a", status=403)
    found = linked(
        site,
        "<link rel=canonical href=/c><link rel=alternate hreflang=de href=/de><link rel=icon href=/i.png>"
        "<a href=/a>x</a><meta property=og:image content=/o.png>",
    )
    assert {kind: why.rpartition(": ")[2] for kind, why in found.missed.items()} == {
        "canonical": "the server answered 429",
        "alternate": "only a part of its head was read",
        "icon": "the server answered 403",
    }
    site.page("/de", "<head></head><!--" + "x" * 70_000)
    assert "alternate" not in linked(site, "<link rel=alternate hreflang=de href=/de>").missed


MAP = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://a.example/</loc></url></urlset>"


def mapped(site: Site) -> Sitemaps:
    site.page("/")
    found = sitemaps.GATHERER.gather(errand(site))
    assert isinstance(found, Sitemaps)
    return found


def test_the_usual_place_is_looked_at_where_robots_txt_names_none(site: Site) -> None:
    site.page("/sitemap.xml", MAP, content_type="text/xml")
    (file,) = mapped(site).files
    assert (file.sitemap.kind, file.sitemap.total, file.named) == ("urlset", 1, None)


def test_an_index_in_gzip_that_robots_txt_names_and_the_first_of_its_files(site: Site) -> None:
    body = "".join(f"<sitemap><loc>{site.url(f'/{at}.xml')}</loc></sitemap>" for at in range(9))
    packed = gzip.compress(f"<sitemapindex>{body}</sitemapindex>".encode())
    site.page("/index.xml.gz", packed, content_type="application/gzip")
    site.page("/robots.txt", f"Sitemap: {site.url('/index.xml.gz')}", content_type="text/plain")
    site.page("/0.xml", MAP)
    site.page("/1.xml", f"<sitemapindex><sitemap><loc>{site.url('/deeper.xml')}</loc></sitemap></sitemapindex>")
    found = mapped(site)
    assert [(file.page.status, file.sitemap.kind) for file in found.files] == [
        (200, "sitemapindex"),
        (200, "urlset"),
        (200, "sitemapindex"),
        (404, ""),
        (404, ""),
    ]
    assert found.missed == {"sitemap": "5 were read; 6 more are named"}
    assert not any("deeper" in path for path in paths(site))


def test_without_robots_txt_it_is_not_known_which_sitemaps_there_are(site: Site) -> None:
    site.page("/robots.txt", "busy", status=503)
    assert mapped(site).missed == {"/robots.txt": "the server answered 503"}
    site.raw("/robots.txt", b"not http\r\n\r\n")
    assert set(mapped(site).missed) == {"/robots.txt"}


def test_addresses_of_sitemaps_are_asked_evenly_as_robots_txt_allows(site: Site) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /no", content_type="text/plain")
    places = [*(f"/{at}" for at in range(40)), "/no/1"]
    urls = "".join(f"<url><loc>{url}</loc></url>" for url in (*map(site.url, places), "https://other.example/"))
    site.page("/sitemap.xml", f"<urlset>{urls}</urlset>", content_type="text/xml")
    site.page("/5")
    found = mapping(site)
    assert [(url.rpartition("/")[2], page.status) for url, page in found.answers.items()] == [
        (f"{at}", 200 if at == 5 else 404) for at in range(0, 40, 5)
    ]
    assert (len(found.listed), found.robots is not None) == (41, True)
    assert found.missed == {"address": "8 of 40 were asked"}
    assert len(mapping(site, times=5).answers) == 40
    with pytest.raises(NotConfigured, match="SURVEYOR_LINKS"):
        mapping(site, settings=site.settings(links=0))


def mapping(site: Site, settings: Settings | None = None, *, times: int = 1) -> Mapped:
    site.page("/")
    asked = errand(site, settings)
    found = addresses.GATHERER.gather(replace(asked, times=times, sitemaps=lambda: sitemaps.gather(asked)))
    assert isinstance(found, Mapped)
    return found


def test_a_bomb_is_cut(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "_BYTES", 1 << 20)
    site.page("/sitemap.xml", gzip.compress(b"<urlset>" + b" " * (64 << 20)), content_type="application/gzip")
    (file,) = mapped(site).files
    assert file.cut
    assert mapped(site).missed["sitemap"].endswith("/sitemap.xml only the beginning")
    assert file.sitemap.error is None


def test_what_a_page_names_is_bounded() -> None:
    many = "".join(f"<a href=/{at}>x</a>" for at in range(5_000))
    url = "https://a.example/"
    made: Callable[[str], Page] = lambda body: Page(asked=url, url=url, status=200, headers=(), body=body.encode())  # noqa: E731
    assert len(references(Document(made(many)))) == 2_000
    assert references(Document(made("<a href='/" + "x" * 3_000 + "'>x</a><link rel=icon href=data:,>"))) == ()
