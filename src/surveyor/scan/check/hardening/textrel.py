"""Text relocations: that code need not be made writable to be loaded."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import named
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """Code that the loader has to change."""
    if facts.text_relocations:
        yield Outcome(key="present", evidence=named("DT_TEXTREL", "present"))


CHECK = Check(
    id="hardening_textrel", version=1, domain=Domain.SECURITY, outcomes=("present",), needs=Needs.PROGRAM, program=judge
)
