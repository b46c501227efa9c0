"""X-Frame-Options: who may put the page in a frame, unless the policy's frame-ancestors says so."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import policy, quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain

_NAME = "X-Frame-Options"
_POLICY = "Content-Security-Policy"


def judge(document: Document) -> Iterable[Outcome]:
    """Where a policy has frame-ancestors browsers ignore this header, and what that lets in is another check."""
    page = document.page
    # a policy in a meta element has no say about frames
    found = policy.parse(page.headers_of(_POLICY))
    if found is not None and "frame-ancestors" in found.directives:
        return
    values = {part.strip().lower() for value in page.headers_of(_NAME) for part in value.split(",")}
    if not values:
        yield Outcome(key="missing", evidence=quoting.header(page, _NAME))
    elif len(values) > 1 or not values <= {"deny", "sameorigin"}:
        yield Outcome(key="weak", evidence=quoting.header(page, _NAME))


CHECK = Check(
    id="security_header_xfo",
    version=2,
    domain=Domain.SECURITY,
    outcomes=("missing", "weak"),
    needs=Needs.PAGE,
    page=judge,
    headers=(_NAME, _POLICY),
)
