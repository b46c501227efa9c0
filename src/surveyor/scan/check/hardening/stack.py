"""The stack: that what is written to it cannot be executed."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import read
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """A stack that may be executed, because the program says so or says nothing."""
    if facts.executable_stack:
        yield Outcome(key="executable", evidence=read(facts, "PT_GNU_STACK", "flags"))


CHECK = Check(
    id="hardening_stack",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("executable",),
    needs=Needs.PROGRAM,
    program=judge,
)
