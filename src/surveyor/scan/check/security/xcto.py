"""X-Content-Type-Options: that a browser believes the declared type."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain

_NAME = "X-Content-Type-Options"


def judge(document: Document) -> Iterable[Outcome]:
    """Missing, or anything but ``nosniff`` as its first value, which is all that browsers read (Fetch standard)."""
    values = ",".join(document.page.headers_of(_NAME))
    if not values:
        yield Outcome(key="missing", evidence=quoting.header(document.page, _NAME))
    elif values.split(",")[0].strip().lower() != "nosniff":
        yield Outcome(key="weak", evidence=quoting.header(document.page, _NAME))


CHECK = Check(
    id="security_header_xcto",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("missing", "weak"),
    needs=Needs.PAGE,
    page=judge,
    headers=(_NAME,),
)
