"""Address space layout randomisation of Windows."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import read
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """A program that is loaded at one address, or at one of few."""
    if facts.aslr is False:
        yield Outcome(key="missing", evidence=read(facts, "DllCharacteristics", "Characteristics"))
    elif facts.high_entropy is False:
        yield Outcome(key="low_entropy", evidence=read(facts, "DllCharacteristics"))


CHECK = Check(
    id="hardening_aslr",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("missing", "low_entropy"),
    needs=Needs.PROGRAM,
    program=judge,
)
