"""Whether the page's text is there for who runs no scripts: some crawlers, most previews and readers by machine."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain, Evidence

_WORDS, _TEXT = 25, 5_000
#: Scripts of East Asia have no spaces.
_LETTERS = 120


def judge(document: Document) -> Iterable[Outcome]:
    """Hardly a word in the body of a page that loads scripts, as it was served."""
    body = next(document.named("body"), None)
    if body is None or not any(node.attributes.get("src") for node in document.named("script")):
        return
    text = body.text(_TEXT)
    if len(text.split()) < _WORDS and len("".join(text.split())) < _LETTERS:
        said = " ".join(text.split())[:300]
        yield Outcome(key="scripted", evidence=(Evidence(kind="text", where="body", value=said or "no text"),))


CHECK = Check(
    id="seo_content",
    version=1,
    domain=Domain.SEO,
    outcomes=("scripted",),
    page=judge,
    served=True,
    told_by={"scripted": "seo_script_text"},
)
