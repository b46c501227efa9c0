"""Permissions-Policy: which powerful features the page and its frames may use (W3C Permissions Policy)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check import quoting, structured
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain

_NAME, _OLD = "Permissions-Policy", "Feature-Policy"
#: Features that ask a person, or should; a policy that gives them to every frame protects nothing.
_POWERFUL = frozenset(
    """bluetooth camera clipboard-read display-capture geolocation hid idle-detection local-fonts local-network-access
    microphone midi payment screen-wake-lock serial storage-access usb window-management xr-spatial-tracking""".split()  # noqa: SIM905 - a table
)
_WORDS = frozenset({"*", "self", "src"})


def judge(document: Document) -> Iterable[Outcome]:
    """Missing; unreadable, so that browsers drop it; open to everybody; words without meaning; the header before it."""
    page = document.page
    values = page.headers_of(_NAME)
    members = structured.dictionary(values) if values else {}
    if page.header(_OLD):
        yield Outcome(key="old", evidence=quoting.header(page, _OLD))
    if not values:
        yield Outcome(key="missing", evidence=quoting.header(page, _NAME))
    if members is None:
        yield Outcome(key="invalid", evidence=quoting.header(page, _NAME))
        return
    given = sorted(name for name, member in members.items() if name in _POWERFUL and "*" in member.tokens)
    if given:
        notes = quoting.notes((f"{name} for every frame" for name in given), where=_NAME)
        yield Outcome(key="weak", evidence=(*quoting.header(page, _NAME), *notes))
    strange = [f"{name}: {word}" for name, member in members.items() for word in member.tokens if word not in _WORDS]
    if strange:
        yield Outcome(key="ignored", evidence=quoting.notes(strange, where=_NAME), count=len(strange))


CHECK = Check(
    id="security_header_permissions",
    version=2,
    domain=Domain.SECURITY,
    outcomes=("missing", "invalid", "weak", "ignored", "old"),
    needs=Needs.PAGE,
    page=judge,
    headers=(_NAME, _OLD),
)
