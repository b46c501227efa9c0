"""Safe exception handlers, for Windows programs of 32 bits."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import read
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """A program that neither lists its handlers nor has none."""
    if facts.safe_seh is False:
        yield Outcome(key="missing", evidence=read(facts, "DllCharacteristics", "SEHandlerTable"))


CHECK = Check(
    id="hardening_safeseh", version=1, domain=Domain.SECURITY, outcomes=("missing",), needs=Needs.PROGRAM, program=judge
)
