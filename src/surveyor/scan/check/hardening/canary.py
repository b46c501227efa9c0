"""Stack canaries: that a function notices when its return address was overwritten."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import named, read
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain


def judge(facts: Protection) -> Iterable[Outcome]:
    """No function that fails when a canary is gone, in a program that has names to look at."""
    if facts.canary is False:
        said = read(facts, "security cookie") or named("symbols", "no __stack_chk_fail among them")
        yield Outcome(key="missing", evidence=said)


CHECK = Check(
    id="hardening_canary", version=1, domain=Domain.SECURITY, outcomes=("missing",), needs=Needs.PROGRAM, program=judge
)
