"""Sitemaps: the addresses that a site wants listed (sitemaps.org protocol 0.90), as XML or as lines of text."""

from __future__ import annotations

import zlib

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.evidence import Entry, Sitemap
from surveyor.scan.formats import xml

#: What one file may hold by the protocol, and how long an address may be.
ENTRIES, BYTES = 50_000, 50_000_000
_LOCATION = 2_048
_GZIP = b"\x1f\x8b"


def inflated(data: bytes, *, max_bytes: int) -> tuple[bytes, bool]:
    """The file as it was before gzip, and whether some is missing; what is not gzip stays."""
    if not data.startswith(_GZIP):
        return data, False
    decoder = zlib.decompressobj(31)
    try:
        found = decoder.decompress(data, max_bytes)
    except zlib.error:
        return b"", True
    return found, not decoder.eof


def parse(data: bytes, *, cut: bool = False) -> Sitemap:
    """A file's entries, the first 50,000 of them; text without a tag is one of lines.

    ``cut`` says that the end is missing, which is then no error.
    """
    begin = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not begin.startswith(b"<"):
        return _lines(data)
    kind, error, total = "", None, 0
    entries: list[Entry] = []
    location = modified = ""
    try:
        for element in xml.elements(memoryview(data)):
            kind = kind or element.path[0]
            name = element.path[-1]
            if len(element.path) == 3 and name == "loc":
                location = element.text[:_LOCATION]
            elif len(element.path) == 3 and name == "lastmod":
                modified = element.text[:100]
            elif len(element.path) == 2 and name in {"url", "sitemap"}:
                total += 1
                if len(entries) < ENTRIES:
                    entries.append(Entry(location, modified))
                location = modified = ""
    except (Malformed, Unsupported, LimitExceeded) as problem:
        error = None if cut and isinstance(problem, Malformed) else str(problem)[:200]
    known = kind if kind in {"urlset", "sitemapindex"} else ""
    return Sitemap(kind=known, entries=tuple(entries), total=total, error=error)


def _lines(data: bytes) -> Sitemap:
    lines = [line.strip() for line in data.decode("utf-8-sig", "replace").splitlines()]
    found = [line[:_LOCATION] for line in lines if line.lower().startswith(("http://", "https://"))]
    if not found:
        return Sitemap(kind="", error="neither XML nor addresses")
    return Sitemap(kind="text", entries=tuple(map(Entry, found[:ENTRIES])), total=len(found))
