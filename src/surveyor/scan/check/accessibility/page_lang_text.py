"""The declared language of the page, against the one that its text is in."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import language, tongue
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import selector
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain, Evidence

_QUOTE = 200


def judge(document: Document) -> Iterable[Outcome]:
    """A page whose own text, of what declares no other language, is surely in another than it says."""
    top = next(document.named("html"), None)
    tag = (top.attributes.get("lang") or "").strip() if top is not None else ""
    if top is None or not language.is_tag(tag):
        return
    text = tongue.words(document, top)
    if found := tongue.other(text, tag):
        quoted = f'<html lang="{tag[:40]}"> with text in "{found}": {text[:_QUOTE]}'
        yield Outcome(key="different", evidence=(Evidence(kind="element", value=quoted, where=selector(top)),))


CHECK = Check(
    id="accessibility_page_lang_text",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("different",),
    page=judge,
    criteria=("3.1.1",),
    act=("ucwvc8",),
)
