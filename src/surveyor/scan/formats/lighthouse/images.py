"""Images that could be smaller, or whose place is not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from surveyor.scan.formats.loose import URL, listed, part, place, text, whole
from surveyor.scan.patterns import regex
from surveyor.scan.speed import Picture, Place, Resource

#: What tells the reasons apart, in English, which is the language that we ask for.
_REASONS = (
    ("size", regex(r"larger than it needs to be")),
    ("video", regex(r"video format")),
    ("format", regex(r"modern image format")),
    ("compression", regex(r"compression")),
)
_SIZES = regex(r"\((\d{1,6})x(\d{1,6})\)")


def read(audits: Mapping[str, Any], resources: tuple[Resource, ...]) -> Iterator[Picture]:
    """Every image that an audit names."""
    sent = {one.url: one for one in resources}
    unsized = dict(_named(audits, "unsized-images"))
    for url, row in _named(audits, "image-delivery-insight"):
        found = _picture(url, row, sent.get(url))
        yield replace(found, sized=False) if unsized.pop(url, None) is not None else found
    for url, row in unsized.items():
        yield replace(_picture(url, row, sent.get(url)), sized=False)


def _named(audits: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for row in listed(part(audits, name, "details").get("items")):
        url = text(row.get("url"), URL)
        if url and not url.startswith(("blob:", "filesystem:")):
            yield url, row


def _picture(url: str, row: Mapping[str, Any], resource: Resource | None) -> Picture:
    wasted: dict[str, int] = {}
    natural = None
    for one in listed(part(row, "subItems").get("items")):
        reason, size = text(one.get("reason")), whole(one.get("wastedBytes"))
        kind = next((kind for kind, pattern in _REASONS if pattern.search(reason)), None)
        if kind is None or not size:
            continue
        wasted[kind] = size
        if kind == "size" and (found := _SIZES.search(reason)):
            natural = int(found[1]), int(found[2])
    box = part(row, "node", "boundingRect")
    width, height = whole(box.get("width")), whole(box.get("height"))
    mime = resource.mime if resource else ""
    return Picture(
        url=url,
        place=place(row.get("node")) or Place(where=""),
        natural=natural,
        shown=(width, height) if width and height else None,
        format=mime.partition("/")[2] if mime.startswith("image/") else "",
        transfer=resource.transfer if resource else whole(row.get("totalBytes")),
        wasted=wasted,
    )
