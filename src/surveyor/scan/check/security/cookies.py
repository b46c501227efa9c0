"""Cookies of the page and of the redirects before it: attributes that browsers act on (RFC 6265bis)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from surveyor.scan.check import cookie
from surveyor.scan.check.cookie import Cookie
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain

_QUOTED = 10


def judge(document: Document) -> Iterable[Outcome]:
    """One outcome a kind of mistake, with the names of the cookies; values are not told."""
    page = document.page
    found = cookie.read(page.cookies)
    for key, wrong in _KINDS:
        these = [one for one in found if wrong(one)]
        if these and (page.secure or key != "insecure"):
            yield Outcome(key=key, evidence=tuple(map(cookie.quote, these[:_QUOTED])), count=len(these))


def _same_site(one: Cookie) -> bool:
    if one.same_site is None:
        return False
    return one.same_site not in cookie.SAME_SITE or (one.same_site == "none" and not one.secure)


def _prefixed(one: Cookie) -> bool:
    """Whether a name promises what the attributes do not keep; browsers drop such a cookie."""
    name = one.name.lower()
    if name.startswith(("__host-", "__host-http-")):
        return not one.secure or one.domain is not None or one.path != "/"
    return name.startswith("__secure-") and not one.secure


_KINDS: tuple[tuple[str, Callable[[Cookie], bool]], ...] = (
    ("insecure", lambda one: not one.secure),
    ("readable", lambda one: one.of_login and not one.http_only),
    ("same_site", _same_site),
    ("unguarded", lambda one: one.of_form and one.same_site is None),
    ("prefix", _prefixed),
)


CHECK = Check(
    id="security_cookies",
    version=2,
    domain=Domain.SECURITY,
    outcomes=tuple(key for key, _ in _KINDS),
    needs=Needs.PAGE,
    page=judge,
)
