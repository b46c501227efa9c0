"""Frames: what is shown in them."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.semantics import Semantics
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Frames that the keyboard reaches, without a name."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if node.tag in {"iframe", "frame"}
        and not _plain(told, node)
        and told.tabbable(node)
        and told.exposed(node)
        and not told.name(node)
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


def _plain(told: Semantics, node: Element) -> bool:
    return told.explicit_role(node) in {"none", "presentation"}


CHECK = Check(
    id="accessibility_frame_title",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=(
        "2.4.4",
        "4.1.2",
    ),
    act=("cae760",),
)
