"""Permissions-Policy: which powerful features the page and its frames may use."""

from __future__ import annotations

import re
from collections.abc import Iterable

from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.model import Domain

_NAME = "Permissions-Policy"
#: Features that ask a person, or should; a policy that gives them to every frame protects nothing.
_POWERFUL = frozenset(
    ("camera", "microphone", "geolocation", "display-capture", "payment", "usb", "serial", "hid", "bluetooth", "midi")
)
#: ``feature=*``, ``feature=self``, ``feature=(self "https://…")``: one member of a structured dictionary (RFC 8941).
_MEMBER = re.compile(r"""([a-z][a-z0-9-]*)\s*=\s*(\*|self|src|none|"[^"]*"|\([^()]*\))(?:\s*;\s*[a-z*][^,;]*)*""")


def judge(document: Document) -> Iterable[Outcome]:
    """Missing, unreadable (browsers then drop all of it), or giving a powerful feature to everybody."""
    page = document.page
    values = page.headers_of(_NAME)
    if not values:
        yield Outcome(key="missing", evidence=quoting.header(page, _NAME))
        return
    members = [_MEMBER.fullmatch(part.strip()) for value in values for part in value.split(",")]
    given = [found[1] for found in members if found and "*" in found[2].strip("()").split()]
    if None in members or _POWERFUL & set(given):
        yield Outcome(key="weak", evidence=quoting.header(page, _NAME))


CHECK = Check(
    id="security_header_permissions",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("missing", "weak"),
    needs=Needs.PAGE,
    page=judge,
    headers=(_NAME,),
)
