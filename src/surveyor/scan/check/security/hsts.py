"""Strict-Transport-Security: that browsers never ask for the page without TLS again (RFC 6797)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting, transport
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence

_NAME = "Strict-Transport-Security"


def judge(document: Document) -> Iterable[Outcome]:
    """Missing, too short or unreadable; over plain HTTP the header has no effect and the page no protection."""
    page = document.page
    if not page.secure:
        yield Outcome(key="insecure", evidence=(Evidence(kind="url", where=_NAME, value="page served over http"),))
        return
    values = page.headers_of(_NAME)
    if not values:
        yield Outcome(key="missing", evidence=quoting.header(page, _NAME))
        return
    # only the first header counts (RFC 6797 §8.1)
    read = transport.read(values[0])
    if read is None or not read.lasting:
        yield Outcome(key="weak", evidence=quoting.header(page, _NAME))


CHECK = Check(
    id="security_header_hsts",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("missing", "insecure", "weak"),
    needs=Needs.PAGE,
    page=judge,
    headers=(_NAME,),
)
