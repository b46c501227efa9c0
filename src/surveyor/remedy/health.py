"""A number for how a target is doing, from nothing but counts of findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: What one finding of a severity weighs; an unrated one weighs nothing, since unknown is not zero and not bad.
POINTS = {"critical": 25, "high": 10, "medium": 4, "low": 1, "unknown": 0}
#: So many points halve the health.
HALF = 50


def computed(counts: Mapping[str, int], *, looked: bool = True) -> int | None:
    """Health 0..100: 100 without findings, halved at 50 points, falling ever more slowly, so a fix always shows.

    ``None``, which is neither good nor bad, in the two cases where any number would be a guess:

    * nothing could be looked at (``looked``): without findings the sum would say that all is well;
    * findings are there and nobody has rated a single one. They weigh nothing, so the sum would be a full 100, beside
      vulnerabilities of which each may be critical.

    With one rated finding there is a number again, of the rated ones alone: whoever shows it says beside it how many
    nobody has rated, and whether everything was looked at.
    """
    rated = sum(count for severity, count in counts.items() if severity != "unknown")
    if not looked or (counts.get("unknown", 0) and not rated):
        return None
    points = sum(POINTS.get(severity, 0) * count for severity, count in counts.items())
    return round(100 * HALF / (HALF + points))


def unjudged(coverage: Iterable[Mapping[str, Any]]) -> bool:
    """Whether packages were found and no advisory was asked about any of them: no findings say nothing then.

    There was no usable database, or none of its ecosystems was that of a package.
    """
    entries = [(str(entry.get("what", "")), entry.get("state")) for entry in coverage]
    states = {state for what, state in entries if what.startswith("advisories.")}
    database = any(what == "advisories" and state in {"missing", "failed"} for what, state in entries)
    return database or ("missing" in states and "looked" not in states)
