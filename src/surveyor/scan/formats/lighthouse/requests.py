"""Requests of a load, with what other audits say of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyor.scan.formats.loose import URL, listed, number, part, text, whole
from surveyor.scan.speed import Resource

_UNUSED = ("unused-javascript", "unused-css-rules")


def read(result: Mapping[str, Any]) -> Iterator[Resource]:
    """Every request that the result lists."""
    audits = part(result, "audits")
    blocking = _by_url(audits, "url", "render-blocking-insight", "render-blocking-resources")
    lifetimes = _by_url(audits, "cacheLifetimeMs", "cache-insight", "uses-long-cache-ttl")
    unused = {url: row for name in _UNUSED for url, row in _rows(audits, name)}
    own = {text(one.get("name")) for one in listed(result.get("entities")) if one.get("isFirstParty") is True}
    for row in listed(part(audits, "network-requests", "details").get("items")):
        url, size = text(row.get("url"), URL), whole(row.get("resourceSize"))
        if not url or url.startswith(("data:", "blob:")):
            continue
        lifetime = number(lifetimes.get(url))
        entity = text(row.get("entity"))
        yield Resource(
            url=url,
            kind=text(row.get("resourceType"), 20).lower(),
            start=number(row.get("networkRequestTime")),
            end=number(row.get("networkEndTime")),
            status=whole(row.get("statusCode")),
            protocol=text(row.get("protocol"), 20),
            mime=text(row.get("mimeType"), 100).lower(),
            transfer=whole(row.get("transferSize")),
            size=size,
            lifetime=None if lifetime is None else lifetime / 1000,
            priority=text(row.get("priority"), 20),
            blocking=True if url in blocking else None,
            third_party=entity not in own if own and entity else None,
            unused=_unused(unused.get(url), size),
        )


def _rows(audits: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for row in listed(part(audits, name, "details").get("items")):
        if url := text(row.get("url"), URL):
            yield url, row


def _by_url(audits: Mapping[str, Any], field: str, *names: str) -> dict[str, object]:
    return {url: row.get(field) for name in names for url, row in _rows(audits, name)}


def _unused(row: Mapping[str, Any] | None, size: int | None) -> int | None:
    """Bytes of the decoded size; the audit counts them as they were sent, and their share."""
    if row is None:
        return None
    share = number(row.get("wastedPercent"))
    if size and share is not None:
        return int(size * min(share, 100) / 100)
    return whole(row.get("wastedBytes"))
