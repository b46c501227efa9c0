"""Sound that starts by itself: it drowns the voice that reads the page."""

from __future__ import annotations

import re
from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain
from surveyor.scan.patterns import regex

_FRAGMENT = regex(r"#(?:.*&)?t=(?:npt:)?([0-9]{0,6}(?:[.][0-9]{0,6})?)(?:,([0-9]{1,6}(?:[.][0-9]{0,6})?))?(?:&|$)")
#: Sound that lasts longer drowns a voice (WCAG 2.1, 1.4.2).
_SECONDS = 3.0
_CONTROL = regex(
    r"\b(stop|pause|mute|sound off|turn off|anhalten|stumm|ton aus|couper|arr[eê]ter|silenc|detener|pausa|dempen)",
    re.IGNORECASE,
)


def judge(document: Document) -> Iterable[Outcome]:
    """Sound or video that plays by itself, is not muted and has no controls, of its own or of the page's.

    How long it lasts markup does not say, but where only a part is asked for: the end of one is not judged.
    """
    if any(_stops(document, node) for node in document.named("button", "input", "a")):
        return
    evidence, count = quote(
        node
        for node in document.named("audio", "video")
        if "autoplay" in node.attributes
        and not {"muted", "controls", "paused"} & set(node.attributes)
        and not {*map(_is_short, sources := _sources(node))} & {True}
        and sources
    )
    if count:
        yield Outcome(key="uncontrolled", evidence=evidence, count=count)


def _sources(node: Element) -> list[str]:
    parts = (node, *(part for part in node.elements() if part.tag == "source"))
    return [source for part in parts if (source := part.attributes.get("src"))]


def _is_short(source: str) -> bool:
    """Whether it asks for a few seconds, or for what is left from some moment on (Media Fragments URI 1.0)."""
    found = _FRAGMENT.search(source)
    if found is None:
        return False
    return found[2] is None or float(found[2]) - float(found[1] or 0) <= _SECONDS


def _stops(document: Document, node: Element) -> bool:
    """Whether it is a control whose name says that it ends sound."""
    told = document.semantics
    return told.exposed(node) and _CONTROL.search(told.name(node)) is not None


CHECK = Check(
    id="accessibility_autoplay",
    version=2,
    domain=Domain.ACCESSIBILITY,
    outcomes=("uncontrolled",),
    page=judge,
    criteria=("1.4.2",),
    act=("80f0bf", "aaa1bf", "4c31df"),
)
