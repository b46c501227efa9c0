"""The words of a page, and which of them only one of two documents has."""

from __future__ import annotations

from collections import Counter

from surveyor.scan.check.document import Document
from surveyor.scan.patterns import regex

#: Scripts of East Asia have no spaces: each of their signs counts.
_WORD = regex(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]|\w+")
_TEXT = 400_000
#: With fewer a page says nothing.
FEW = 25


def words(document: Document) -> Counter[str]:
    """How often each word stands in the page's body, in lower case."""
    body = next(document.named("body"), None)
    return Counter() if body is None else Counter(_WORD.findall(body.text(_TEXT).lower()))
