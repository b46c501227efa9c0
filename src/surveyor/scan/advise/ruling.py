"""Whose word counts where several sources speak of one flaw in one package.

A vendor knows what it built: where a feed of a higher rank says anything about a version, lower ones are not asked.
Among equals one that calls a version affected is enough, for a missed flaw costs more than a looked-at one. What was
said otherwise stays beside the verdict, and the rule is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from surveyor.scan.advise.ranges import Verdict


class Statement(Protocol):
    """One record's word on one version."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The record's id, then its aliases."""

    @property
    def verdict(self) -> Verdict:
        """What the record says."""

    @property
    def version(self) -> str:
        """The version that it is about."""

    @property
    def feed(self) -> str:
        """Whose record it is."""

    @property
    def rank(self) -> int:
        """How much the feed's word counts: the higher."""


S = TypeVar("S", bound=Statement)


class Ruling(NamedTuple, Generic[S]):
    """``hits`` call a version affected and count; ``against`` are overruled or outvoted; ``by`` is ``rule:feed``.

    Rules: ``only`` one record speaks, all ``agree``, a ``vendor`` outranks the others, ``any`` of equals suffices.
    """

    hits: list[S]
    against: list[S]
    by: str


def rule(statements: Sequence[S]) -> Ruling[S]:
    """Decide, version by version; without hits no version is affected."""
    if len(statements) == 1:
        (one,) = statements
        return Ruling([one] if one.verdict.affected else [], [], f"only:{one.feed}")
    hits: list[S] = []
    against: list[S] = []
    outranked = outvoted = False
    for version in dict.fromkeys(one.version for one in statements):
        speaking = [one for one in statements if one.version == version and _speaks(one)]
        top = max((one.rank for one in speaking), default=0)
        yes = [one for one in speaking if one.verdict.affected]
        no = _otherwise(speaking, yes)
        if any(one.rank == top for one in yes):
            hits += yes
            against += no
            outranked |= any(one.rank < top for one in no)
            outvoted |= any(one.rank == top for one in no)
        elif yes:
            against += yes
            outranked = True
    name = "vendor" if outranked and not outvoted else "any" if outvoted else "agree" if len(hits) > 1 else "only"
    deciding = max(hits or statements, key=lambda one: one.rank)
    return Ruling(hits, against, f"{name}:{deciding.feed}")


def _speaks(one: Statement) -> bool:
    """A range that cannot be compared says nothing about a version."""
    return one.verdict.affected or not one.verdict.undecided


def _otherwise(speaking: Sequence[S], yes: Sequence[S]) -> list[S]:
    """Those that call the version safe; a record that does both, by two entries, calls it affected."""
    said = {(one.feed, one.ids[0]) for one in yes}
    return [one for one in speaking if not one.verdict.affected and (one.feed, one.ids[0]) not in said]
