"""Zooming: that the page can be made larger."""

from __future__ import annotations

import re
from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain
from surveyor.scan.patterns import regex

_PAIR = regex(r"([a-z-]+)\s*=\s*([^\s,;]+)")
#: To twice the size, which is what the criterion asks for.
_LEAST = 2.0


def judge(document: Document) -> Iterable[Outcome]:
    """A viewport that forbids zooming, or ends it before twice the size."""
    metas = [
        node for node in document.named("meta") if (node.attributes.get("name") or "").strip().lower() == "viewport"
    ]
    evidence, count = quote(node for node in metas if _forbids((node.attributes.get("content") or "").lower()))
    if count:
        yield Outcome(key="disabled", evidence=evidence, count=count)


def _forbids(content: str) -> bool:
    values = dict(_PAIR.findall(content))
    scalable = values.get("user-scalable")
    if scalable is not None and (scalable == "no" or -1 < _number(scalable, 1.0 if scalable == "yes" else 0.0) < 1):
        return True
    largest = values.get("maximum-scale")
    if largest is None:
        return False
    # browsers read "yes" as 1, other words as 0.1, and drop negative numbers
    value = _number(largest, 1.0 if largest == "yes" else 10.0 if largest.startswith("device-") else 0.1)
    return 0 <= value < _LEAST


def _number(text: str, otherwise: float) -> float:
    found = re.match(r"[+-]?\d+(?:\.\d*)?|[+-]?\.\d+", text)
    return float(found[0]) if found else otherwise


CHECK = Check(
    id="accessibility_viewport_zoom",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("disabled",),
    page=judge,
    criteria=("1.4.4",),
    act=("b4f0c3",),
)
