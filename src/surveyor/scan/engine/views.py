"""One page as two readers have it, as it was served and as a browser shows it, and what a rule says of each.

Search engines that run scripts list what the browser shows; many crawlers, and all previews, read what was served.
What only the latter have is therefore told, and with less weight.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from surveyor.scan.check.interface import FORM, Outcome
from surveyor.scan.model import Evidence

SERVED, RENDERED, BOTH = "as served only", "as rendered only", "as served and as rendered"
#: How sure it is that a problem matters that a script mends.
_MENDED = 0.5
_QUOTED = 20


def joined(served: Iterable[Outcome], shown: Iterable[Outcome]) -> list[Outcome]:
    """Each problem once, with where it is as the last piece of its evidence."""
    late = {outcome.key: outcome for outcome in shown}
    found = []
    for outcome in served:
        other = late.pop(outcome.key, None)
        if other is None:
            sure = min(_MENDED, outcome.confidence or 1.0)
            found.append(_said(replace(outcome, confidence=sure), SERVED))
        else:
            found.append(_said(_both(outcome, other), BOTH))
    return [*found, *(_said(outcome, RENDERED) for outcome in late.values())]


def untold(found: Iterable[Outcome], elsewhere: Collection[str]) -> list[Outcome]:
    """What is left when another rule tells of these outcomes wherever one form of the page alone has them."""
    return [outcome for outcome in found if outcome.key not in elsewhere or _form(outcome) == BOTH]


def _form(outcome: Outcome) -> str | None:
    return next((one.value for one in outcome.evidence if one.kind == FORM), None)


def _both(served: Outcome, shown: Outcome) -> Outcome:
    quoted = {one.value for one in served.evidence}
    more = tuple(one for one in shown.evidence if one.value not in quoted)
    return replace(served, evidence=(*served.evidence, *more)[:_QUOTED], count=max(served.count, shown.count))


def _said(outcome: Outcome, where: str) -> Outcome:
    return replace(outcome, evidence=(*outcome.evidence, Evidence(kind=FORM, value=where)))
