"""The meta description: the text that search engines show below a title."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain, Evidence


def judge(document: Document) -> Iterable[Outcome]:
    """No description, or only empty ones."""
    texts = document.meta("description")
    if not any(texts):
        where = "meta[name=description]"
        seen = Evidence(kind="element", where=where, value="empty") if texts else quoting.absent(where)
        yield Outcome(key="missing", evidence=(seen,))


CHECK = Check(id="seo_meta_description", version=1, domain=Domain.SEO, outcomes=("missing",), page=judge)
