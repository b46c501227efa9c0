"""Cookies that a browser has after one load of the page, beside those of the page's own answers (RFC 6265bis §5)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import cookie
from surveyor.scan.check.cookie import Cookie
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Rendered
from surveyor.scan.model import Domain
from surveyor.scan.net import hosts

_QUOTED = 10


def judge(document: Document, rendered: Rendered) -> Iterable[Outcome]:
    """Those of the page's site by what they lack, without what its headers set; those of other sites by being there."""
    page = document.page
    sent = {one.name for one in cookie.read(page.cookies)}
    kept = [
        Cookie(name=one.name, secure=one.secure, http_only=one.http_only, same_site=one.same_site, domain=one.domain)
        for one in rendered.cookies
    ]
    own = [one for one in kept if hosts.same_site(one.domain or "", page.host) and one.name not in sent]
    foreign = [one for one in kept if not hosts.same_site(one.domain or "", page.host)]
    for key, these in (
        ("insecure", [one for one in own if page.secure and not one.secure]),
        ("readable", [one for one in own if one.of_login and not one.http_only]),
        ("foreign", foreign),
    ):
        if these:
            yield Outcome(key=key, evidence=tuple(map(cookie.quote, these[:_QUOTED])), count=len(these))


CHECK = Check(
    id="security_cookies_kept",
    version=2,
    domain=Domain.SECURITY,
    outcomes=("insecure", "readable", "foreign"),
    needs=Needs.RENDERED,
    rendered=judge,
    parts=("cookies",),
)
