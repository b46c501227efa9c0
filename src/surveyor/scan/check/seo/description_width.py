"""How much of a description a result list shows: two lines, about 920 pixels of Arial at 14 (desktop)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.width import pixels
from surveyor.scan.model import Domain, Evidence

_SIZE, _WIDEST, _NARROWEST = 14, 920, 300
_WHERE = "meta[name=description]"


def judge(document: Document) -> Iterable[Outcome]:
    """Wider than is shown, or so narrow that search engines rather take a piece of the page."""
    text = document.description
    width = pixels(text, _SIZE)
    key = "wide" if width > _WIDEST else "narrow" if text and width < _NARROWEST else None
    if key:
        yield Outcome(key=key, evidence=(Evidence(kind="text", where=_WHERE, value=f"{width} px: {text[:400]}"),))


CHECK = Check(id="seo_description_width", version=1, domain=Domain.SEO, outcomes=("wide", "narrow"), page=judge)
