"""The answer's status: an error page is not listed."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence


def judge(document: Document) -> Iterable[Outcome]:
    """A status of 400 or more."""
    status = document.page.status
    if status >= 400:
        yield Outcome(key="error", evidence=(Evidence(kind="status", where=document.page.url, value=str(status)),))


CHECK = Check(
    id="seo_http_status", version=1, domain=Domain.SEO, outcomes=("error",), needs=Needs.PAGE, page=judge, served=True
)
