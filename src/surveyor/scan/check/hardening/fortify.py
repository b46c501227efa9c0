"""Checked functions of the C library: that they notice when a buffer is too small."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import named
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """A program that calls functions with a checking twin, and no twin."""
    if facts.fortified is False:
        yield Outcome(key="missing", evidence=named("symbols", "none of the form __NAME_chk among them"))


CHECK = Check(
    id="hardening_fortify", version=1, domain=Domain.SECURITY, outcomes=("missing",), needs=Needs.PROGRAM, program=judge
)
