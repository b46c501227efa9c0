"""How bad a flaw is: what advisories say, and where they say nothing what facts about the flaw do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from surveyor.scan.advise import cvss
from surveyor.scan.advise.packing import Record
from surveyor.scan.advise.record import Fact
from surveyor.scan.model import Cvss, Severity

_WORDS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.LOW,
    "unimportant": Severity.LOW,
    "minor": Severity.LOW,
}


def scores(name: str, item: Record) -> list[Cvss]:
    """The vectors of one advisory, with its name as their source."""
    if not item.severity:
        return []
    vectors = (vector for system, vector in item.severity if system.startswith("CVSS"))
    return [rated for vector in vectors if (rated := cvss.try_rate(vector, name))]


def scores_of_facts(facts: Iterable[Fact]) -> list[Cvss]:
    """The vectors of facts, by who rated."""
    return [
        rated for fact in facts for _, vector, who in fact.severity if (rated := cvss.try_rate(vector, who or fact.cve))
    ]


def distinct(rated: Iterable[Sequence[Cvss]]) -> tuple[Cvss, ...]:
    """Each vector once, by the first source that gives it."""
    found: dict[str, Cvss] = {}
    for several in rated:
        for score in several:
            found.setdefault(score.vector, score)
    return tuple(found.values())


def severity(records: Sequence[Record], rated: Sequence[Sequence[Cvss]], facts: Sequence[Cvss]) -> Severity:
    """The worst that any advisory says: of each its newest CVSS, else its word; else what the facts say, or unknown."""
    if len(records) == 1:
        return _newest(rated[0]) or _word(records[0]) or _newest(facts) or Severity.UNKNOWN
    each = (_newest(several) or _word(item) for item, several in zip(records, rated, strict=True))
    ratings = [rating for rating in each if rating]
    found = min(ratings, key=lambda rating: rating.rank, default=None)
    return found or _newest(facts) or Severity.UNKNOWN


def _newest(several: Sequence[Cvss]) -> Severity | None:
    """By the newest version of CVSS that has a score."""
    if not several:
        return None
    best = max((score for score in several if score.score is not None), key=lambda score: score.version, default=None)
    return None if best is None or best.score is None else cvss.severity(best.score, version=best.version)


def _word(item: Record) -> Severity | None:
    """A rating in words, from the record or from a system that has words only (Ubuntu's)."""
    if item.severity:
        words = [item.word, *[text.lower() for system, text in item.severity if not system.startswith("CVSS")]]
        return next(filter(None, map(_WORDS.get, words)), None)
    return _WORDS.get(item.word)
