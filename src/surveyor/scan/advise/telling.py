"""What advisories and feeds of facts tell people about one flaw, whatever has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple

from surveyor.scan.advise import rating
from surveyor.scan.advise.packing import Record
from surveyor.scan.advise.record import Fact
from surveyor.scan.model import Cvss, Severity

_REFERENCES = 10


class Told(NamedTuple):
    """The parts of a finding that are about the flaw alone."""

    severity: Severity
    cvss: tuple[Cvss, ...]
    description: str
    cwes: tuple[str, ...]
    published: datetime | None
    modified: datetime | None
    references: tuple[str, ...]


def tell(records: Sequence[tuple[str, Record]], facts: Sequence[Fact]) -> Told:
    """Of the advisories by their names, and of facts about the flaw: what both say, the advisories first."""
    if len(records) == 1 and not facts:
        return _alone(*records[0])
    advisories = [item for _, item in records]
    rated, known = [rating.scores(name, item) for name, item in records], rating.scores_of_facts(facts)
    said = [item.summary or item.details for item in advisories] + [fact.summary for fact in facts]
    both: list[Record | Fact] = [*advisories, *facts]
    return Told(
        severity=rating.severity(advisories, rated, known),
        cvss=rating.distinct([*rated, known]),
        description=next(filter(None, said), ""),
        cwes=tuple(dict.fromkeys(chain.from_iterable([item.cwes for item in both]))),
        published=_moment(min((item.published for item in advisories if item.published), default="")),
        modified=_moment(max((item.modified for item in advisories if item.modified), default="")),
        references=tuple(dict.fromkeys(chain.from_iterable([item.references for item in both])))[:_REFERENCES],
    )


def _alone(name: str, item: Record) -> Told:
    """The same of the one advisory there is, as of most flaws."""
    rated = rating.scores(name, item)
    return Told(
        severity=rating.severity((item,), (rated,), ()),
        cvss=rating.distinct((rated,)) if rated else (),
        description=item.summary or item.details,
        cwes=_distinct(item.cwes),
        published=_moment(item.published),
        modified=_moment(item.modified),
        references=_distinct(item.references)[:_REFERENCES],
    )


def _distinct(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts)) if len(texts) > 1 else texts


def _moment(text: str) -> datetime | None:
    """A date of a record; what is none is nobody's."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
