"""How much of a title a result list shows: about 600 pixels of Arial at 20 (desktop), the rest is an ellipsis."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.width import pixels
from surveyor.scan.model import Domain, Evidence

_SIZE, _WIDEST, _NARROWEST = 20, 600, 150


def judge(document: Document) -> Iterable[Outcome]:
    """Wider than is shown, or so narrow that there is room for three times as much."""
    title = document.title
    width = pixels(title, _SIZE)
    key = "wide" if width > _WIDEST else "narrow" if title and width < _NARROWEST else None
    if key:
        yield Outcome(key=key, evidence=(Evidence(kind="text", where="title", value=f"{width} px: {title[:400]}"),))


CHECK = Check(id="seo_title_width", version=1, domain=Domain.SEO, outcomes=("wide", "narrow"), page=judge)
