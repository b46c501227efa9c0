"""What tells the format of a bill of materials: a word near its beginning or its end."""

from __future__ import annotations

import re

from surveyor.scan.patterns import regex

_HEAD = 64 << 10
#: What tells a format, in the order they are tried: a word near the beginning, or the key that only it has.
_SIGNS = (
    ("cyclonedx-json", regex(rb'"bomFormat"\s*:\s*"CycloneDX"')),
    ("spdx-3", regex(rb'"@context"\s*:\s*\[?\s*"https://spdx\.org/rdf/3')),
    ("spdx-json", regex(rb'"spdxVersion"\s*:\s*"SPDX-2')),
    ("cyclonedx-xml", regex(rb"<(?:\w+:)?bom\b[^<>]*cyclonedx\.org/schema/bom")),
    ("spdx-tag-value", regex(rb"^SPDXVersion: ?SPDX-2", re.MULTILINE)),
    ("syft-json", regex(rb'^\s*\{\s*"artifacts"\s*:\s*\[')),
)
_TOOL = regex(rb'anchore/syft|"name"\s*:\s*"syft"')


def format_of(data: memoryview) -> str | None:
    """The format of a bill by what it says of itself; nothing for any other document."""
    head, tail = bytes(data[:_HEAD]), bytes(data[-_HEAD:])
    for name, sign in _SIGNS:
        # keys of a JSON object have no order: some writers put the format last
        if sign.search(head) or (name.endswith("json") and head.lstrip()[:1] == b"{" and sign.search(tail)):
            return name if name != "syft-json" or _TOOL.search(tail) or _TOOL.search(head) else None
    return None
