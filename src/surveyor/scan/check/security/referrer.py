"""Referrer-Policy: how much of a page's address other sites are told."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence

_NAME = "Referrer-Policy"
_STRICT = frozenset({"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"})
_LOOSE = frozenset({"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"})


def judge(document: Document) -> Iterable[Outcome]:
    """The last token that browsers know decides; a meta element's comes after the headers'."""
    page = document.page
    metas = document.referrers
    tokens = [token.strip().lower() for value in (*page.headers_of(_NAME), *metas) for token in value.split(",")]
    known = [token for token in tokens if token in _STRICT | _LOOSE]
    if not tokens:
        yield Outcome(key="missing", evidence=quoting.header(page, _NAME))
    elif not known or known[-1] in _LOOSE:
        meta = tuple(Evidence(kind="element", where="meta[name=referrer]", value=text[:200]) for text in metas[:5])
        sent = quoting.header(page, _NAME) if page.header(_NAME) is not None else ()
        yield Outcome(key="weak", evidence=(*sent, *meta))


CHECK = Check(
    id="security_header_referrer",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("missing", "weak"),
    needs=Needs.PAGE,
    page=judge,
    headers=(_NAME,),
)
