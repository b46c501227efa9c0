"""Cuts NVD's JSON into its records as they stand there, without reading the whole: pages, yearly files, JSON lines.

Each record begins with ``{"cve":``. Inside of a string that cannot stand: its quotation marks would be escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from surveyor.scan.advise import record as bounds
from surveyor.scan.advise.fields import document
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.patterns import regex

_BEGIN = regex(rb'\{\s{0,64}"cve"\s{0,64}:')
#: No beginning is longer, so none is missed at the end of a chunk.
_LONGEST = 160
#: A string that does not end goes on to the end of the text, so that nothing is looked at twice.
_TOKEN = regex(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[{}]', re.DOTALL)
_BETWEEN = b", \t\r\n"


def cut(chunks: Iterable[bytes], about: dict[str, Any]) -> Iterator[bytes]:
    """Each record; behind the last, ``about`` holds what the document says besides, nothing for JSON lines.

    Raises ``Malformed`` for what is cut short or no such document, ``LimitExceeded`` for a record beyond all bounds.
    """
    held, head, looked = bytearray(), None, 0
    for chunk in chunks:
        held += chunk
        begun = 0
        for found in _BEGIN.finditer(held, looked):
            if found.start() == 0:
                head = b"" if head is None else head
                continue
            if head is None:
                head = bytes(held[: found.start()])
            else:
                yield bytes(held[begun : found.start()].rstrip(_BETWEEN))
            begun = found.start()
        del held[:begun]
        looked = max(1 if head is not None else 0, len(held) - _LONGEST)
        if len(held) > bounds.MAX_RECORD_BYTES:
            raise LimitExceeded(f"a record of more than {bounds.MAX_RECORD_BYTES:,} bytes")
    if head is None:
        about.update(document(bytes(held)))
        return
    end = _end(held)
    yield bytes(held[:end])
    rest = bytes(held[end:])
    if head.strip(_BETWEEN) or rest.strip(_BETWEEN):
        about.update(document(head + rest))


def _end(text: bytearray) -> int:
    """Where the object ends that begins a text; raises ``Malformed`` when it does not."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] == b"{":
            depth += 1
        elif token[0] == b"}":
            depth -= 1
            if not depth:
                return token.end()
    raise Malformed("a record that was cut short")
