"""What is said of findings once they are found: what people decided, what gates ruled, what comes first and why.

Values like those of the model, which they are a part of; nothing here computes.
"""

from __future__ import annotations

from enum import StrEnum

from surveyor.scan.values import frozen


class DecisionStatus(StrEnum):
    """What somebody decided: ``ACCEPTED`` is living with it, the others are the statuses of VEX."""

    ACCEPTED = "accepted"
    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"
    AFFECTED = "affected"


#: Statuses after which a finding asks nothing of anybody.
SETTLED = frozenset({DecisionStatus.ACCEPTED, DecisionStatus.NOT_AFFECTED, DecisionStatus.FIXED})


@frozen
class Decision:
    """What a person decided about a finding; the finding stays, and its severity is what it was.

    ``source`` is the file that says so and ``statement`` which one in it; ``reason`` is in their words,
    ``justification`` one of VEX's five; ``until`` (YYYY-MM-DD) is its last day. ``places`` are the paths or values of
    the assets that it is about, none when that is all of them. ``suppressed`` findings are counted by no gate: what
    was decided is settled, for all that they affect.
    """

    status: DecisionStatus
    source: str
    statement: str
    reason: str
    justification: str | None = None
    until: str | None = None
    suppressed: bool = False
    places: tuple[str, ...] = ()


@frozen
class Unapplied:
    """A statement that changed nothing: which, a stable code such as ``expired`` or ``no_such_id``, and a sentence.

    Above some hundreds they are counted by reason, and ``statement`` is empty.
    """

    statement: str
    reason: str
    detail: str
    count: int = 1


@frozen
class Decided:
    """What became of one file of decisions: its statements, those that decided something, and why others did not.

    ``findings`` is how many the file decides about, ``suppressed`` how many of them no gate counts.
    """

    source: str
    format: str
    statements: int
    applied: int
    findings: int
    suppressed: int
    unapplied: tuple[Unapplied, ...] = ()


@frozen
class Ruling:
    """What one rule of a gate or a policy says of a report: ``action`` is ``fail`` or ``warn``.

    ``findings`` (titles) and ``packages`` (PURLs) broke it, ``count`` in all; of ``undecided`` others nobody knows the
    facts in ``missing``, so that they were counted neither way.
    """

    rule: str
    action: str
    broken: bool
    count: int
    findings: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    undecided: int = 0
    missing: tuple[str, ...] = ()


@frozen
class Factor:
    """One row of a priority's sum.

    ``state`` is ``known``, ``unknown`` or ``not_applicable``, and only a known one has points; ``source`` and ``date``
    (ISO 8601) are who says so, and as of when.
    """

    name: str
    state: str
    value: str | float | int | bool | None
    points: int
    most: int
    source: str | None
    date: str | None


@frozen
class Priority:
    """0..100 each; higher is more. ``impact``, ``effort`` and ``risk`` are ``None`` where nothing is known of them."""

    impact: int | None
    effort: int | None
    risk: int | None
    score: int
    factors: tuple[Factor, ...]
