"""Memory that can be written and executed."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain, Evidence

_SHOWN = 5


def judge(facts: Protection) -> Iterable[Outcome]:
    """Parts of the program that are both."""
    if facts.writable_code:
        found = tuple(Evidence(kind="program", where="segment", value=part) for part in facts.writable_code[:_SHOWN])
        yield Outcome(key="present", evidence=found, count=len(facts.writable_code))


CHECK = Check(
    id="hardening_wx", version=1, domain=Domain.SECURITY, outcomes=("present",), needs=Needs.PROGRAM, program=judge
)
