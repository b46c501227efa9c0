"""Strict-Transport-Security as it was sent (RFC 6797 §6.1)."""

from __future__ import annotations

import re

from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

#: 180 days.
LASTING = 15_552_000
_MAX_AGE = regex(r"""max-age\s*+=\s*+"?+(\d{1,12})"?+""", re.IGNORECASE)


@frozen
class Transport:
    """One header: seconds, and whether sub-domains are meant and the preload list is asked for."""

    max_age: int
    subdomains: bool
    preload: bool

    @property
    def lasting(self) -> bool:
        """Whether it outlives the pause between two visits."""
        return self.max_age >= LASTING


def read(value: str) -> Transport | None:
    """What a header says; ``None`` where browsers cannot read it: no ``max-age``, two of them, or a list."""
    parts = [part.strip() for part in value.split(";")]
    ages = [found for part in parts if (found := _MAX_AGE.fullmatch(part))]
    if "," in value or len(ages) != 1:
        return None
    names = {part.lower() for part in parts}
    return Transport(max_age=int(ages[0][1]), subdomains="includesubdomains" in names, preload="preload" in names)
