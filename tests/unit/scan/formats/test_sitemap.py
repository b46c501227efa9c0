"""Sitemaps by the protocol of sitemaps.org, and what is none."""

from __future__ import annotations

import gzip

import pytest

from surveyor.scan.formats import sitemap

SPACE = "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"


def test_addresses_with_their_dates_and_only_those_of_the_protocol() -> None:
    text = (
        f"<urlset {SPACE} xmlns:i='urn:i'><url><loc> https://a.example/1?a&amp;b </loc><lastmod>2026-01-01</lastmod>"
        "<i:image><i:loc>https://a.example/i.png</i:loc></i:image></url><url><loc>https://a.example/2</loc></url></urlset>"
    )
    read = sitemap.parse(text.encode())
    assert (read.kind, read.total, read.error) == ("urlset", 2, None)
    assert [(entry.location, entry.modified) for entry in read.entries] == [
        ("https://a.example/1?a&b", "2026-01-01"),
        ("https://a.example/2", ""),
    ]


@pytest.mark.parametrize(
    ("data", "kind", "wrong"),
    [
        (b"", "", True),
        (b"<urlset/>", "urlset", False),
        (b"<sitemapindex/>", "sitemapindex", False),
        (b"<urlset><url>", "", True),
        (b"<html>", "", True),
        (b"https://a.example/\n", "text", False),
        (b"<!DOCTYPE urlset [<!ENTITY a 'aaaa'>]><urlset>&a;</urlset>", "", True),
        (b"<?xml version='1.0' encoding='nonsense'?><urlset/>", "", True),
        (b"<urlset>" + b"<a>" * 200, "", True),
        (bytes(range(256)), "", True),
    ],
)
def test_kinds_and_errors(data: bytes, kind: str, wrong: bool) -> None:
    read = sitemap.parse(data)
    assert bool(read.error) is wrong
    assert read.kind == kind


def test_what_is_cut_is_no_error_and_what_was_read_stays() -> None:
    data = b"<urlset>" + b"<url><loc>https://a.example/</loc></url>" * 3 + b"<url><lo"
    assert sitemap.parse(data).error
    read = sitemap.parse(data, cut=True)
    assert (read.total, read.error) == (3, None)


def test_gzip_is_bounded() -> None:
    data, cut = sitemap.inflated(gzip.compress(b"x" * 1000), max_bytes=100)
    assert (len(data), cut) == (100, True)
    assert sitemap.inflated(gzip.compress(b"abc"), max_bytes=100) == (b"abc", False)
    assert sitemap.inflated(b"\x1f\x8bnonsense", max_bytes=100) == (b"", True)
    assert sitemap.inflated(b"<urlset/>", max_bytes=100) == (b"<urlset/>", False)
