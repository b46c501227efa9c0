"""The main heading: exactly one ``h1`` says what a page is about."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """No ``h1``, or several."""
    headings = list(document.named("h1"))
    if not headings:
        yield Outcome(key="missing", evidence=(quoting.absent("h1"),))
    elif len(headings) > 1:
        evidence, count = quote(headings)
        yield Outcome(key="several", evidence=evidence, count=count)


CHECK = Check(id="seo_headings", version=1, domain=Domain.SEO, outcomes=("missing", "several"), page=judge)
