"""Content-Security-Policy: which scripts a page may run."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import policy, quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence

_NAME = "Content-Security-Policy"
_REPORT_ONLY = "Content-Security-Policy-Report-Only"


def judge(document: Document) -> Iterable[Outcome]:
    """Missing, only reported, or letting in what it should keep out."""
    page = document.page
    metas = document.policies
    found = policy.parse(page.headers_of(_NAME), metas)
    if found is None:
        name = _REPORT_ONLY if page.header(_REPORT_ONLY) else _NAME
        yield Outcome(key="missing", evidence=quoting.header(page, name))
    elif weak := policy.weaknesses(found, secure=page.secure):
        declared = quoting.header(page, _NAME) if page.header(_NAME) else ()
        declared += tuple(Evidence(kind="element", where="meta", value=text[:1000]) for text in metas[:5])
        yield Outcome(key="weak", evidence=(*declared, *quoting.notes(weak, where=_NAME)))


CHECK = Check(
    id="security_header_csp",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("missing", "weak"),
    needs=Needs.PAGE,
    page=judge,
    headers=(_NAME,),
)
