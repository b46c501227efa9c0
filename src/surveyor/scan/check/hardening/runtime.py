"""The hardened runtime of macOS, for signed programs."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import read
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """A signed program that does not ask for it."""
    if facts.hardened_runtime is False:
        yield Outcome(key="missing", evidence=read(facts, "hardened runtime", "LC_CODE_SIGNATURE"))


CHECK = Check(
    id="hardening_runtime", version=1, domain=Domain.SECURITY, outcomes=("missing",), needs=Needs.PROGRAM, program=judge
)
