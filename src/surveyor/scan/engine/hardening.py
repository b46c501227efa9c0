"""Judges how the programs of an artifact are protected: facts in, findings out, one a rule and outcome for all.

Programs that a system package owns are its distribution's and are not judged: whoever gathers facts leaves them out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from surveyor.scan.check.hardening import CHECKS, WORDS
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.wording import worded
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Asset, Coverage, CoverageState, Evidence, Finding
from surveyor.scan.values import frozen
from surveyor.scan.vocabulary import counted

#: How many programs one finding names, and of how many it quotes what they say; the rest is counted.
_ASSETS, _QUOTED, _PATH = 1_000, 10, 500
#: The versions of all rules.
UNITS = {rule.id: rule.version for rule in CHECKS}


@frozen
class Guarded:
    """The facts of one program and where it lies, as people know it."""

    protection: Protection
    path: str
    layer: str | None = None


@dataclass(slots=True)
class _Weak:
    """One outcome of one rule over all programs."""

    check: Check
    first: Outcome
    assets: dict[Asset, tuple[Evidence, ...]]


def judge(facts: Protection) -> list[tuple[Check, Outcome]]:
    """Every outcome of every rule about one program. Pure."""
    return [(rule, outcome) for rule in CHECKS if rule.program is not None for outcome in rule.program(facts)]


def findings(programs: Iterable[Guarded], *, artifact: str) -> tuple[Finding, ...]:
    """One finding an outcome, which names every program that it is about."""
    programs = tuple(programs)
    slices = Counter(map(_place, programs))
    weak: dict[tuple[str, str], _Weak] = {}
    for one in programs:
        for rule, said in judge(one.protection):
            outcome = _of_slice(said, one.protection.arch) if slices[_place(one)] > 1 else said
            asset = Asset(type="program", value=one.path, artifact=artifact, path=one.path, layer=one.layer)
            found = weak.setdefault((rule.id, outcome.key), _Weak(rule, outcome, {}))
            # the slices of a universal program are one asset
            found.assets.setdefault(asset, outcome.evidence)
    return tuple(map(_finding, weak.values()))


def count(programs: Iterable[Guarded]) -> int:
    """How many programs there are: the slices of a universal one are one."""
    return len(set(map(_place, programs)))


def _place(one: Guarded) -> tuple[str, str | None]:
    return one.path, one.layer


def _of_slice(outcome: Outcome, arch: str) -> Outcome:
    """The same with the architecture in what it quotes: another slice may say otherwise."""
    quoted = (replace(said, where=f"{arch} {said.where}") for said in outcome.evidence)
    return replace(outcome, evidence=tuple(quoted))


def _finding(weak: _Weak) -> Finding:
    assets = tuple(weak.assets)
    said = WORDS[weak.check.id][weak.first.key]
    made = worded(weak.check, said, replace(weak.first, evidence=_evidence(weak), count=1), assets[0])
    return replace(made, assets=assets[:_ASSETS])


def _evidence(weak: _Weak) -> tuple[Evidence, ...]:
    """What the first programs say, each with its path, and how many there are."""
    quoted = [
        replace(said, where=f"{(asset.path or '')[:_PATH]}: {said.where}")
        for asset, evidence in list(weak.assets.items())[:_QUOTED]
        for said in evidence
    ]
    more = len(weak.assets) - _QUOTED
    rest = [Evidence(kind="count", value=f"{counted(len(weak.assets), 'program')} in all")] if more > 0 else []
    return (*quoted, *rest)


def coverage(programs: int) -> Coverage:
    """The entry that tells "found nothing" from "did not look"."""
    on = counted(programs, "program") if programs else "no program: none was met that no system package owns"
    detail = f"{counted(len(CHECKS), 'rule')} on {on}"
    return Coverage(what="check.hardening", state=CoverageState.LOOKED, detail=detail, count=programs)
