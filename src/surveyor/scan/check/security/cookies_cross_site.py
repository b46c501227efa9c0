"""Cookies that other sites' requests bring along: ``SameSite=None`` (RFC 6265bis §5.6.7)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import cookie
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain

_QUOTED = 10


def judge(document: Document) -> Iterable[Outcome]:
    """Those of a login or against forged requests apart; others unless each site has its own (``Partitioned``)."""
    found = [one for one in cookie.read(document.page.cookies) if one.same_site == "none" and one.secure]
    login = [one for one in found if one.of_login or one.of_form]
    rest = [one for one in found if one not in login and not one.partitioned]
    for key, these in (("session", login), ("other", rest)):
        if these:
            yield Outcome(key=key, evidence=tuple(map(cookie.quote, these[:_QUOTED])), count=len(these))


CHECK = Check(
    id="security_cookies_cross_site",
    version=2,
    domain=Domain.SECURITY,
    outcomes=("session", "other"),
    needs=Needs.PAGE,
    page=judge,
)
