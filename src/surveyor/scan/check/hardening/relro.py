"""RELRO: that what the loader has filled in cannot be written any more."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import read
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """Nothing of it, or only what is not filled in while the program runs."""
    if facts.relro in ("none", "partial"):
        key = "missing" if facts.relro == "none" else "partial"
        yield Outcome(key=key, evidence=read(facts, "PT_GNU_RELRO", "BIND_NOW"))


CHECK = Check(
    id="hardening_relro",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("missing", "partial"),
    needs=Needs.PROGRAM,
    program=judge,
)
