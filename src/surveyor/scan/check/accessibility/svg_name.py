"""Drawings (SVG) with a role of their own: they are told of, so they need a name."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain

_ROLES = frozenset({"img", "graphics-document", "graphics-symbol"})


def judge(document: Document) -> Iterable[Outcome]:
    """Elements of a drawing with an explicit graphical role and no name."""
    told = document.semantics
    evidence, count = quote(
        node
        for node in document.elements
        if told.explicit_role(node).replace("image", "img") in _ROLES
        and (node.tag == "svg" or document.inside(node, "svg"))
        and told.exposed(node)
        and not (told.name(node) or _title(node))
    )
    if count:
        yield Outcome(key="missing", evidence=evidence, count=count)


def _title(node: Element) -> str:
    """The title that stands directly in an element of a drawing."""
    return next((" ".join(part.text().split()) for part in node.elements() if part.tag == "title"), "")


CHECK = Check(
    id="accessibility_svg_name",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    page=judge,
    criteria=("1.1.1",),
    act=("7d6734",),
)
