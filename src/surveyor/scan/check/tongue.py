"""Which language a text is in, where that can be said, by a detector of 60 languages (eld, by n-grams of words)."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from surveyor.scan.check.element import Element

if TYPE_CHECKING:
    from eld import LanguageDetector

    from surveyor.scan.check.document import Document

#: Letters of which less says nothing, and those from which on a text is long; how many are looked at.
_LEAST, _LONG, _MOST = 10, 60, 3_000
#: The best language has at least this score, and the declared one at most that share of it.
_SURE = 0.45
_SHARE_SHORT, _SHARE_LONG = 0.62, 0.7
#: What is called otherwise where the detector was made, and languages that it does not tell apart well.
_NAMES = {"nb": "no", "nn": "no", "iw": "he", "in": "ms", "id": "ms", "fil": "tl"}
_ALIKE = (
    frozenset({"no", "da", "sv"}),
    frozenset({"hr", "sr", "bs", "sl"}),
    frozenset({"cs", "sk"}),
    frozenset({"pt", "gl", "es", "ca"}),
    frozenset({"zh", "yue", "ja"}),
    frozenset({"hi", "mr", "ne"}),
    frozenset({"ru", "uk", "be", "bg", "mk"}),
    frozenset({"nl", "af", "fy"}),
)
#: Those that it knows (ISO 639-1).
_KNOWN = frozenset(
    """
    am ar az be bg bn ca cs da de el en es et eu fa fi fr gu he hi hr hu hy is it ja ka kn ko ku lo lt lv ml mr ms nl no
    or pa pl pt ro ru sk sl sq sr sv ta te th tl tr uk ur vi yo zh
    """.split()  # noqa: SIM905 - a table
)
#: What is in no language, or in that of programs.
_WORDLESS = frozenset({"script", "style", "template", "noscript", "code", "pre", "kbd", "samp", "var", "svg", "math"})


def other(text: str, tag: str) -> str | None:
    """The language (ISO 639-1) that a text is in, where it is surely not the one of the language tag."""
    declared = _NAMES.get(tag.lower().partition("-")[0], tag.lower().partition("-")[0])
    letters = sum(map(str.isalpha, text[:_MOST]))
    if letters < _LEAST:
        return None
    detector = _detector()
    scores: dict[str, float] = detector.detect(text[:_MOST]).scores()
    if not scores or declared not in _KNOWN:
        return None
    best = max(scores, key=lambda one: scores[one])
    share = _SHARE_LONG if letters >= _LONG else _SHARE_SHORT
    if best == declared or any({best, declared} <= alike for alike in _ALIKE) or scores[best] < _SURE:
        return None
    return best if scores.get(declared, 0.0) <= share * scores[best] else None


def words(document: Document, top: Element) -> str:
    """What is read in the language that is declared for an element: text, and alternatives of pictures, in it."""
    parts: list[str] = []
    length = 0
    stack: list[Element | str] = [top]
    while stack and length < _MOST:
        part = stack.pop()
        if isinstance(part, str):
            parts.append(part)
            length += len(part)
        elif part is top or _belongs(document, part):
            parts += _said(part)
            stack.extend(reversed(part.children))
    return " ".join(" ".join(parts).split())


def _belongs(document: Document, node: Element) -> bool:
    """Whether what is in it is read, and in the language around it."""
    if node.tag in _WORDLESS or "lang" in node.attributes:
        return False
    return document.semantics.exposed(node) or node.tag in {"head", "title"}


def _said(node: Element) -> Iterator[str]:
    for name in ("alt", "aria-label") if node.tag != "html" else ():
        if value := node.attributes.get(name):
            yield f" {value}. "


@functools.cache
def _detector() -> LanguageDetector:
    # 50 MB and a fifth of a second, which only pages that declare a language cost
    from eld import LanguageDetector

    return LanguageDetector()
