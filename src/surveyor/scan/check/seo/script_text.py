"""How much of the page's text only scripts bring: late for Google, never for crawlers that run none.

"JavaScript SEO basics" (Search Central) recommends rendering on the server, because not all bots run scripts.
"""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import prose, rendering
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence

_MOST, _LOST = 0.5, 0.3


def judge(document: Document, shown: Document) -> Iterable[Outcome]:
    """Half of the words or more; or a third of those served that scripts take away. Hardly any words are no text."""
    if not rendering.happens(document):
        return
    served, late = prose.words(document), prose.words(shown)
    if late.total() >= prose.FEW:
        yield from _outcome("most", (late - served).total(), late.total(), _MOST, "of the words as rendered")
    if served.total() >= prose.FEW:
        yield from _outcome("removed", (served - late).total(), served.total(), _LOST, "of the words as served")


def _outcome(key: str, part: int, whole: int, share: float, of: str) -> Iterable[Outcome]:
    if part >= share * whole:
        value = f"{part} {of}, {whole}, are not in the other ({100 * part // whole} %)"
        yield Outcome(key=key, evidence=(Evidence(kind="text", where="body", value=value),))


CHECK = Check(
    id="seo_script_text",
    version=1,
    domain=Domain.SEO,
    outcomes=("most", "removed"),
    needs=Needs.SHOWN,
    shown=judge,
)
