"""Strict-Transport-Security: that browsers never ask for the page without TLS again (RFC 6797)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain, Evidence

_NAME = "Strict-Transport-Security"
#: 180 days.
_SHORTEST = 15_552_000
_MAX_AGE = re.compile(r"""\s*max-age\s*=\s*"?(\d{1,12})"?\s*""", re.IGNORECASE)


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
    ages = [found for part in values[0].split(";") if (found := _MAX_AGE.fullmatch(part))]
    if "," in values[0] or len(ages) != 1 or int(ages[0][1]) < _SHORTEST:
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
