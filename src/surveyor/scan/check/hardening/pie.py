"""Position-independent programs: that one is loaded at another address each time."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import read
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """A program that has to be loaded at one fixed address."""
    if facts.pie is False:
        yield Outcome(key="missing", evidence=read(facts, "e_type", "flags"))


CHECK = Check(
    id="hardening_pie", version=1, domain=Domain.SECURITY, outcomes=("missing",), needs=Needs.PROGRAM, program=judge
)
