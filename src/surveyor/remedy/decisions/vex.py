"""The VEX formats that are read and written, and which of them a document is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from surveyor.remedy.decisions import csaf, cyclonedx, openvex
from surveyor.remedy.decisions.claim import Claim, Origin
from surveyor.remedy.decisions.statement import STATEMENTS, Book
from surveyor.scan.errors import LimitExceeded, Unsupported

READERS: tuple[ModuleType, ...] = (openvex, cyclonedx, csaf)
WRITERS: Mapping[str, Callable[[Sequence[Claim], Origin], dict[str, Any]]] = {
    openvex.FORMAT: openvex.write,
    cyclonedx.FORMAT: cyclonedx.write,
    csaf.FORMAT: csaf.write,
}


def read(document: Mapping[str, object], source: str) -> Book:
    """What a VEX document states, whichever format it is in."""
    for reader in READERS:
        if reader.recognises(document):
            book: Book = reader.read(document, source)
            if len(book.statements) + len(book.faults) > STATEMENTS:
                raise LimitExceeded(f"more than {STATEMENTS:,} statements")
            return book
    raise Unsupported("no VEX document: neither OpenVEX nor CycloneDX nor CSAF")
