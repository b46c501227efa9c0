"""The viewport: whether the page is laid out for phones, as which search engines look at it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain
from surveyor.scan.patterns import regex

_WIDTH = regex(r"(?:^|[,;\s])width\s*=\s*([^,;\s]+)", re.IGNORECASE)
_SCALE = regex(r"(?:^|[,;\s])initial-scale\s*=\s*[0-9.]+", re.IGNORECASE)


def judge(document: Document) -> Iterable[Outcome]:
    """No viewport, or one of a fixed width."""
    found = [
        node for node in document.named("meta") if (node.attributes.get("name") or "").strip().lower() == "viewport"
    ]
    contents = [(node.attributes.get("content") or "")[:1000] for node in found]
    widths = [said[1].lower() for content in contents if (said := _WIDTH.search(content))]
    if not widths and not any(_SCALE.search(content) for content in contents):
        yield Outcome(key="missing", evidence=quote(found)[0] or (quoting.absent("meta[name=viewport]"),))
    elif any(width != "device-width" for width in widths):
        yield Outcome(key="fixed", evidence=quote(found)[0])


CHECK = Check(id="seo_viewport", version=1, domain=Domain.SEO, outcomes=("missing", "fixed"), page=judge)
