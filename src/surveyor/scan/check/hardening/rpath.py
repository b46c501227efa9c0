"""Where a program looks for its libraries: that nobody else can put one there."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.quoting import read
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Domain
from surveyor.scan.patterns import regex

#: Relative to where the program lies, in whatever way each loader writes that.
_BESIDE = regex(r"\$(?:ORIGIN|\{ORIGIN\})|@(?:loader_path|executable_path|rpath)\b")
#: Where anybody may write, or who built the program had it.
_FOREIGN = regex(r"/(?:tmp|var/tmp|dev/shm|home|Users|root|mnt|media|workspace|builds?)(?:/|$)")


def judge(facts: Protection) -> Iterable[Outcome]:
    """A folder that depends on where the program is started, or that is not the system's."""
    if any(_is_unsafe(path) for path in facts.search_paths):
        yield Outcome(key="unsafe", evidence=read(facts, "RPATH, RUNPATH", "LC_RPATH"))


def _is_unsafe(path: str) -> bool:
    if _BESIDE.match(path):
        return False
    return not path.startswith("/") or _FOREIGN.match(path) is not None


CHECK = Check(
    id="hardening_rpath", version=1, domain=Domain.SECURITY, outcomes=("unsafe",), needs=Needs.PROGRAM, program=judge
)
