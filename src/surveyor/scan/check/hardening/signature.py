"""Code signatures of Windows and Apple programs: that somebody vouches for the bytes."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import read
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """A program without one, or with one of nobody; whether one is right is not verified."""
    if facts.signed in ("no", "adhoc"):
        key = "missing" if facts.signed == "no" else "adhoc"
        yield Outcome(key=key, evidence=read(facts, "certificate table", "LC_CODE_SIGNATURE"))


CHECK = Check(
    id="hardening_signature",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("missing", "adhoc"),
    needs=Needs.PROGRAM,
    program=judge,
)
