"""Whose word counts where several sources speak of one flaw in one package.

A vendor knows what it built: where a feed of a higher rank says anything about a version, lower ones are not asked.
Among equals one that calls a version affected is enough, for a missed flaw costs more than a looked-at one. What was
said otherwise stays beside the verdict, and the rule is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from surveyor.scan.advise.ranges import Verdict
from surveyor.scan.patterns import regex


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
    def fixes(self) -> Sequence[str]:
        """The versions that the record says mend the flaw."""

    @property
    def feed(self) -> str:
        """Whose record it is."""

    @property
    def rank(self) -> int:
        """How much the feed's word counts: the higher."""


#: The point release that a build of an RPM distribution is for: ``.el9_5``.
_POINT = regex(r"\.el[0-9]{1,2}_[0-9]{1,2}(?![0-9])")

S = TypeVar("S", bound=Statement)


class Ruling(NamedTuple, Generic[S]):
    """``hits`` call a version affected and count; ``against`` are overruled or outvoted; ``by`` is ``rule:feed``.

    Rules: ``only`` one record speaks, all ``agree``, a ``vendor`` outranks the others, ``any`` of equals suffices; the
    statement about a version's own ``line`` of releases stands before those about others.
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
    outranked = outvoted = elsewhere = False
    for version in dict.fromkeys(one.version for one in statements):
        everybody = [one for one in statements if one.version == version and _speaks(one)]
        speaking = _of_own_line(version, everybody)
        aside = [one for one in everybody if one.verdict.affected] if len(speaking) < len(everybody) else []
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
        elif aside:
            against += aside
            elsewhere = True
    if elsewhere and not hits:
        return Ruling(hits, against, f"line:{statements[0].feed}")
    name = "vendor" if outranked and not outvoted else "any" if outvoted else "agree" if len(hits) > 1 else "only"
    deciding = max(hits or statements, key=lambda one: one.rank)
    return Ruling(hits, against, f"{name}:{deciding.feed}")


def _of_own_line(version: str, speaking: Sequence[S]) -> Sequence[S]:
    """Statements about the point release that a build is for, where there are any.

    One CVE is mended by an erratum for each point release of an RPM distribution: 2.5.0-3.el9_5.3 and, with a newer
    base, 2.5.0-5.el9_6. The second calls every build below it affected, the first one's too.
    """
    if len(speaking) < 2 or not (line := _POINT.search(version)):
        return speaking
    own = [one for one in speaking if any((at := _POINT.search(fix)) and at[0] == line[0] for fix in one.fixes)]
    return own or speaking


def _speaks(one: Statement) -> bool:
    """A range that cannot be compared says nothing about a version."""
    return one.verdict.affected or not one.verdict.undecided


def _otherwise(speaking: Sequence[S], yes: Sequence[S]) -> list[S]:
    """Those that call the version safe; a record that does both, by two entries, calls it affected."""
    said = {(one.feed, one.ids[0]) for one in yes}
    return [one for one in speaking if not one.verdict.affected and (one.feed, one.ids[0]) not in said]
