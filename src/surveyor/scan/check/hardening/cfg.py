"""Control Flow Guard of Windows: that an indirect call leads to a function."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import read
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """A program that was built without."""
    if facts.cfg is False:
        yield Outcome(key="missing", evidence=read(facts, "DllCharacteristics"))


CHECK = Check(
    id="hardening_cfg", version=1, domain=Domain.SECURITY, outcomes=("missing",), needs=Needs.PROGRAM, program=judge
)
