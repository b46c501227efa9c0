"""Data execution prevention of Windows, for programs of 32 bits: those of 64 always have it."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import read
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """A program that does not ask for it."""
    if facts.dep is False:
        yield Outcome(key="missing", evidence=read(facts, "DllCharacteristics"))


CHECK = Check(
    id="hardening_dep", version=1, domain=Domain.SECURITY, outcomes=("missing",), needs=Needs.PROGRAM, program=judge
)
