"""Cross-origin resource sharing that hands visitors' data to any site (Fetch §3.3)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Page, Sharing
from surveyor.scan.model import Domain

_ORIGIN, _CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"


def judge(sharing: Sharing) -> Iterable[Outcome]:
    """A stranger's origin that comes back with credentials, or ``null``, which any page has in a sandboxed frame.

    ``*`` with credentials is refused by browsers.
    """
    answers = [page for page in (sharing.request, sharing.preflight) if page is not None]
    open_ones = [page for page in answers if _reflects(page, sharing.origin)]
    if open_ones:
        page = open_ones[0]
        yield Outcome(key="credentials", evidence=(*quoting.header(page, _ORIGIN), *quoting.header(page, _CREDENTIALS)))


def _reflects(page: Page, origin: str) -> bool:
    allowed = (page.header(_ORIGIN) or "").lower()
    return allowed in {origin.lower(), "null"} and (page.header(_CREDENTIALS) or "").lower() == "true"


CHECK = Check(
    id="security_sharing",
    version=2,
    domain=Domain.SECURITY,
    outcomes=("credentials",),
    needs=Needs.SHARING,
    sharing=judge,
    parts=("preflight",),
)
