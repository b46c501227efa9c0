"""Tables of data: which heading a cell belongs to."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.semantics import Semantics
from surveyor.scan.model import Domain

_ROWS = 2
_COLUMNS = 2


def judge(document: Document) -> Iterable[Outcome]:
    """Tables of data without a heading cell, by their caption; by a summary alone; references to no cell of the table.

    Only tables of data have captions. A summary was also given to tables that only place things, which then are told
    as data (WCAG, failure F46): what is missing there, its author knows.
    """
    told = document.semantics
    tables = [node for node in document.named("table") if told.exposed(node) and told.role(node) == "table"]
    bare = [node for node in tables if _is_grid(node) and not _has_headers(told, node)]
    evidence, count = quote(filter(_captioned, bare))
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)
    evidence, count = quote(node for node in bare if _summary(node) and not _captioned(node))
    if count:
        yield Outcome(key="described", evidence=evidence, count=count)
    evidence, count = quote(cell for table in tables for cell in _cells(table) if _dangling(document, cell, table))
    if count:
        yield Outcome(key="dangling", evidence=evidence, count=count)


def _cells(table: Element) -> list[Element]:
    return list(table.below("td", "th"))


def _is_grid(table: Element) -> bool:
    rows = list(table.below("tr"))
    widest = max((sum(1 for cell in row.elements() if cell.tag in {"td", "th"}) for row in rows[:50]), default=0)
    return len(rows) >= _ROWS and widest >= _COLUMNS


def _captioned(table: Element) -> bool:
    return any(part.tag == "caption" for part in table.elements())


def _summary(table: Element) -> str:
    """What a table says of itself; nothing where that is empty, as authors of layouts leave it."""
    return (table.attributes.get("summary") or "").strip()


def _has_headers(told: Semantics, table: Element) -> bool:
    headers = {"columnheader", "rowheader"}
    return any(cell.tag == "th" or "scope" in cell.attributes or told.role(cell) in headers for cell in _cells(table))


def _dangling(document: Document, cell: Element, table: Element) -> bool:
    names = (cell.attributes.get("headers") or "").split()
    if not names or not document.semantics.rendered(cell):
        return False
    return not any(_heads(found, cell, table) for name in names for found in document.by_id.get(name, [])[:1])


def _heads(found: Element, cell: Element, table: Element) -> bool:
    if found.tag not in {"td", "th"} or found.key == cell.key:
        return False
    current = found.parent
    while current is not None and current.tag != "table":
        current = current.parent
    return current is not None and current.key == table.key


CHECK = Check(
    id="accessibility_table_headers",
    version=2,
    domain=Domain.ACCESSIBILITY,
    outcomes=(
        "missing",
        "described",
        "dangling",
    ),
    page=judge,
    criteria=("1.3.1",),
    act=("a25f45",),
)
