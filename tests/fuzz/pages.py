"""What pages, their servers and the browser say: by target what takes the bytes, and whole examples of them."""

from __future__ import annotations

import gzip
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import trustme

from surveyor.scan.check import cookie, linked_data, policy, rich_values, structured, transport
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.errors import ScanError
from surveyor.scan.evidence import Page, WellKnown
from surveyor.scan.formats import hello, robots, sitemap
from surveyor.scan.gather import tls
from surveyor.scan.gather.browser import cookies
from surveyor.scan.model import Domain
from surveyor.scan.net.browser import axe
from surveyor.scan.net.browser.protocol import decoded
from surveyor.scan.net.browser.tab import Tab
from surveyor.scan.net.extra import Extra

_URL = "https://site.example/a"
_RULES = [rule for checks in CHECKS.values() for rule in checks if rule.page is not None]
_HEADERS = tuple(dict.fromkeys(name for rule in _RULES for name in rule.headers))
_MORE = (
    "Set-Cookie",
    "Link",
    "X-Robots-Tag",
    "Content-Type",
    "Content-Language",
    "Strict-Transport-Security",
    "Refresh",
)
_AT = datetime(2026, 1, 1, tzinfo=UTC)
Run = Callable[[bytes], None]


def _page(body: bytes = b"", *headers: tuple[str, str], kind: str = "text/html") -> Page:
    return Page(asked=_URL, url=_URL, status=200, headers=(("Content-Type", kind), *headers), body=body)


def _judged(rules: list[Check], document: Document) -> None:
    """Run rules; what they say must be fit to be written."""
    for rule in rules:
        try:
            assert rule.page is not None
            for outcome in rule.page(document):
                assert outcome.key in rule.outcomes
                assert outcome.evidence
                orjson.dumps([(one.kind, one.where, one.value) for one in outcome.evidence])
        except ScanError:
            continue


def _markup(data: bytes) -> None:
    document = Document(_page(data))
    try:
        _ = document.elements
    except ScanError:
        return
    _judged([rule for rule in _RULES if rule.domain is not Domain.ACCESSIBILITY], document)


def _barriers(data: bytes) -> None:
    document = Document(_page(data))
    try:
        _ = document.elements
    except ScanError:
        return
    _judged([rule for rule in _RULES if rule.domain is Domain.ACCESSIBILITY], document)


def _changed(data: bytes) -> None:
    """The page as served before a NUL, as rendered behind it."""
    served, _, shown = data.partition(b"\0")
    one, other = Document(_page(served)), Document(_page(shown))
    for rule in CHECKS[Domain.SEO]:
        if rule.shown is not None:
            try:
                found = list(rule.shown(one, other))
            except ScanError:
                return
            assert all(outcome.evidence for outcome in found)


def _headers(data: bytes) -> None:
    """One header: which, by the first byte, and its value."""
    names = (*_HEADERS, *_MORE)
    value = data[1:].decode("latin-1")
    document = Document(_page(b"<p>x", (names[data[0] % len(names) if data else 0], value)))
    _judged([rule for rule in _RULES if rule.needs is Needs.PAGE or rule.headers], document)


def _policy(data: bytes) -> None:
    found = policy.parse((data.decode("latin-1"),))
    if found is not None:
        policy.flags(found)
        policy.weaknesses(found, secure=True)


def _cookies(data: bytes) -> None:
    for one in cookie.read(data.decode("latin-1").split("\n")):
        assert one.name
        assert len(cookie.quote(one).value) <= 1000


def _structured(data: bytes) -> None:
    values = tuple(data.decode("latin-1").split("\n"))
    structured.token(values)
    structured.dictionary(values)
    transport.read(values[0])


def _robots(data: bytes) -> None:
    found = robots.parse(data)
    for path in ("/", "/a?b=%C3%A4", "/" + data[:50].decode("latin-1")):
        found.allows("googlebot", path)
    assert all(problem.why for problem in found.problems)


def _sitemap(data: bytes) -> None:
    text, _ = sitemap.inflated(data, max_bytes=1 << 20)
    found = sitemap.parse(text)
    assert found.total >= len(found.entries)


def _data(data: bytes) -> None:
    document = Document(_page(b"<script type='application/ld+json'>" + data + b"</script><body>" + data))
    try:
        things = [thing for block in linked_data.blocks(document) for thing in block.things]
        things += linked_data.items(document)
    except ScanError:
        return
    for thing in things:
        list(rich_values.wrong(thing.values))


def _files(data: bytes) -> None:
    files = WellKnown(
        at=_AT,
        files={path: _page(data, kind="text/plain") for path in ("/robots.txt", "/security.txt", "/llms.txt")},
    )
    for checks in CHECKS.values():
        for rule in checks:
            if rule.site is not None:
                list(rule.site(Document(_page()), files))
            if rule.wellknown is not None:
                list(rule.wellknown(files))


def _hello(data: bytes) -> None:
    hello.agreed(data)
    hello.group_bits(data)
    hello.ended(data)
    for kind in hello.OFFERS:
        hello.chosen(kind, data)


def _certificate(data: bytes) -> None:
    try:
        tls.read(data)
    except ScanError:
        return


class _Silent:
    """A browser that takes everything and says nothing."""

    def call(self, method: str, params: Any = None, *, session: str = "", seconds: float) -> dict[str, Any]:
        """Nothing is answered."""
        return {}

    def tell(self, method: str, params: Any = None, *, session: str = "") -> None:
        """Nothing is done."""


def _protocol(data: bytes) -> None:
    """Messages of the browser, each behind a NUL, as a tab hears them."""
    extra = Extra("http://a.example/", (("Authorization", "Bearer of-a-token"), ("Cookie", "a=b; c=d")))
    tab = Tab(lambda _url: None, clock=lambda: 0.0, extra=extra)
    tab.attach(_Silent(), "", seconds=1.0)
    for part in data.split(b"\0"):
        try:
            told = decoded(part)
        except ValueError:
            continue
        cookies(told)
        tab.hear("", str(told.get("method", "")), told.get("params") or {})


def _axe(data: bytes) -> None:
    try:
        axe.barriers(data.decode("utf-8", "replace"))
    except ScanError:
        return


_EVENT = {
    "method": "Network.requestWillBeSent",
    "params": {"requestId": "1", "request": {"url": _URL}, "type": "Document"},
}
_BARRIER = {
    "rule": "label",
    "undecided": False,
    "within": True,
    "count": 2,
    "nodes": [{"markup": "<a>", "why": "no", "where": "a"}],
}
_THING = b'{"@context":"https://schema.org","@type":"Product","offers":[{"@type":"Offer","price":"1.2","url":"/a"}]}'
_HEAD = (
    b"<!doctype html><html lang=en><title>Shop</title><meta name=description content=x><meta charset=utf-8>"
    b"<meta name=robots content=noindex,none><link rel=canonical href=/a><meta property=og:title content=a>"
    b"<link rel=alternate hreflang=de href=/de><meta name=viewport content='width=device-width'>"
)
_BODY = (
    b"<h1>Shop</h1><a href=/b rel=nofollow>here</a><img src=http://a.example/x><form action=http://a.example>"
    b"<div itemscope itemtype=https://schema.org/Offer><b itemprop=price>1</b></div><table><tr><td headers=x>"
)
_SENT = (
    b"\x02\x00\x00\x28\x03\x03" + bytes(32) + b"\x00\x00\x2f\x00\x0c\x00\x00\x05\x00\x03\xff\xff\xff\x0e\x00\x00\x00"
)
#: By name what takes the bytes, and examples.
PAGES: dict[str, tuple[Run, tuple[bytes, ...]]] = {
    "page.markup": (_markup, (_HEAD + _BODY, b"<script type='application/ld+json'>" + _THING)),
    "page.barriers": (
        _barriers,
        (_HEAD + _BODY, b"<ul role=list><li role=tab aria-selected=true><label for=a><input id=a>"),
    ),
    "page.changed": (_changed, (_HEAD + b"\0" + _HEAD + _BODY, b"<title>a</title>\0<title>b</title>")),
    "page.headers": (
        _headers,
        tuple(
            bytes([at]) + value
            for at in range(len(_HEADERS) + len(_MORE))
            for value in (b"max-age=1; preload", b"camera=(self), usb=*", b"<https://a.example/>; rel=canonical")
        ),
    ),
    "page.policy": (_policy, (b"default-src 'self'; script-src 'nonce-a' 'strict-dynamic' https://a.example/b/",)),
    "page.cookies": (_cookies, (b"__Host-a=1; Secure; Path=/; SameSite=None; Partitioned\nb=2; Domain=.a.example",)),
    "page.structured": (
        _structured,
        (b'a=(self "https://a.example" 1.5 ?1);r=*, b=:YQ==:, c', b"same-origin; report-to=x"),
    ),
    "page.robots": (
        _robots,
        (b"User-agent: *\nDisallow: /a*b$\nAllow: /\nSitemap: https://a.example/s.xml\nCrawl-delay: 1",),
    ),
    "page.sitemap": (
        _sitemap,
        (
            b"<?xml version='1.0'?><urlset><url><loc>https://a.example/</loc><lastmod>2026-01-01</lastmod></url></urlset>",
            gzip.compress(b"<sitemapindex><sitemap><loc>https://a.example/a</loc></sitemap></sitemapindex>"),
            b"https://a.example/a\nhttps://a.example/b\n",
        ),
    ),
    "page.data": (
        _data,
        (_THING, b"<i itemscope itemtype=https://schema.org/Event itemref=a><time itemprop=startDate id=a>"),
    ),
    "page.files": (
        _files,
        (
            b"Contact: mailto:a@b.example\nExpires: 2027-01-01T00:00:00Z\n",
            b"# Shop\n\n## Pages\n\n- [a](/a)\n",
            b"User-agent: *\nDisallow: /",
        ),
    ),
    "tls.hello": (_hello, (b"\x16\x03\x03" + len(_SENT).to_bytes(2, "big") + _SENT, b"\x15\x03\x01\x00\x02\x02\x46")),
    "browser.protocol": (
        _protocol,
        (
            orjson.dumps(_EVENT)
            + b"\0"
            + orjson.dumps({"method": "Network.loadingFailed", "params": {"requestId": "1"}}),
            orjson.dumps({"method": "Log.entryAdded", "params": {"entry": {"level": "error", "text": "x"}}}),
            orjson.dumps({"cookies": [{"name": "a", "domain": ".a.example", "secure": True, "sameSite": "None"}]}),
        ),
    ),
    "browser.axe": (_axe, (orjson.dumps([_BARRIER]),)),
}


def _issued() -> bytes:
    """A certificate as servers send it, in DER."""
    chain = trustme.CA().issue_cert("a.example", "127.0.0.1").cert_chain_pems[0].bytes()
    return ssl.PEM_cert_to_DER_cert(chain.decode())


#: By name what makes the example.
MADE: dict[str, tuple[Run, Callable[[], bytes]]] = {"tls.certificate": (_certificate, _issued)}
