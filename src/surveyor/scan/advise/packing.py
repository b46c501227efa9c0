"""What records look like inside the advisory database: JSON arrays, and back to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from surveyor.scan.advise.names import canonical
from surveyor.scan.advise.record import Advisory, Affected, Exploited, Fact, State
from surveyor.scan.errors import Malformed


class Row(NamedTuple):
    """What one advisory says about one package; ``ids`` begin with the record's own, ``ranges`` are flat events.

    A tuple, since a scan makes tens of thousands and a frozen dataclass takes four times as long to make.
    """

    advisory: int
    collection: int
    ids: tuple[str, ...]
    errata: tuple[str, ...]
    ranges: list[list[str]]
    versions: list[str]
    state: str = State.AFFECTED
    reason: str = ""


class Record(NamedTuple):
    """The rest of one advisory: what a finding tells a person. A tuple for the same reason as ``Row``."""

    modified: str
    published: str
    summary: str
    details: str
    severity: tuple[tuple[str, str], ...]
    word: str
    references: tuple[str, ...]
    cwes: tuple[str, ...]


def by_package(advisory: Advisory) -> Mapping[tuple[str, str], list[Affected]]:
    """A record may name a package several times; its ranges are one union."""
    out: dict[tuple[str, str], list[Affected]] = {}
    for item in advisory.affected:
        out.setdefault((item.ecosystem, canonical(item.ecosystem, item.name)), []).append(item)
    return out


def pack_ranges(advisory: Advisory, items: list[Affected]) -> bytes:
    """``[[id, alias …], [erratum's flaw …], [range …], [version …]]``: all that deciding about one version needs.

    ``state`` and ``reason`` follow where somebody says more than a range.
    """
    ranges = [span for item in items for span in item.ranges]
    versions = [version for item in items for version in item.versions]
    values: list[object] = [[advisory.id, *advisory.aliases], advisory.errata, ranges, versions]
    said = next((item for item in items if item.state or item.reason), None)
    return orjson.dumps([*values, said.state, said.reason] if said else values)


#: Raises ``TypeError`` unless all are texts, as quickly as that can be known of the rows that a scan reads.
_texts = "".join


def unpack_row(advisory: int, collection: int, value: list[Any]) -> Row:
    """A row from its array."""
    try:
        ids, errata, ranges, versions, *said = value
        _texts(ids)
        _texts(errata)
        _texts(versions)
        _texts(said)
        for span in ranges:
            _texts(span)
        first, *others = ids
        return Row(advisory, collection, (first, *others), tuple(errata), ranges, versions, *said)
    except (ValueError, TypeError) as error:
        raise Malformed("a strange value in the advisory database") from error


def pack_record(advisory: Advisory) -> bytes:
    """``[modified, published, summary, details, severity, word, references, cwes]``: what a finding tells besides."""
    told = (advisory.modified, advisory.published, advisory.summary, advisory.details)
    return orjson.dumps([*told, advisory.severity, advisory.word, advisory.references, advisory.cwes])


def unpack_record(value: list[Any]) -> Record:
    """A record from its array."""
    try:
        modified, published, summary, details, severity, word, references, cwes = value
        _texts((modified, published, summary, details, word, *references, *cwes))
        pairs = tuple((str(system), str(vector)) for system, vector in severity)
        return Record(modified, published, summary, details, pairs, word, tuple(references), tuple(cwes))
    except (TypeError, ValueError) as error:
        raise Malformed("a strange value in the advisory database") from error


def pack_fact(fact: Fact) -> bytes:
    """A fact as an array, cut behind the last value that says something: most facts are two numbers."""
    listed = fact.exploited
    exploited = [listed.added, listed.due, listed.action, listed.ransomware] if listed else None
    told = [fact.published, fact.modified, fact.summary, fact.severity, fact.cwes, fact.status, fact.references]
    values = [fact.score, fact.percentile, exploited, *told]
    while values and not (values[-1] or values[-1] == 0.0):
        values.pop()
    return orjson.dumps(values)


def _number(value: float | None) -> float | None:
    if value is not None and not isinstance(value, int | float):
        raise TypeError("not a number")
    return value


def unpack_fact(cve: str, value: list[Any]) -> Fact:
    """A fact from its array."""
    try:
        defaults: list[Any] = [None, None, None, "", "", "", [], [], "", []]
        score, percentile, exploited, published, modified, summary, severity, cwes, status, references = [
            *value,
            *defaults[len(value) :],
        ]
        _texts((published, modified, summary, status, *cwes, *references, *(exploited[:3] if exploited else ())))
        return Fact(
            cve=cve,
            score=_number(score),
            percentile=_number(percentile),
            exploited=Exploited(
                added=exploited[0],
                due=exploited[1],
                action=exploited[2],
                ransomware=exploited[3] if exploited[3] is None else bool(exploited[3]),
            )
            if exploited
            else None,
            published=published,
            modified=modified,
            summary=summary,
            severity=tuple((str(system), str(vector), str(who)) for system, vector, who in severity),
            cwes=tuple(cwes),
            status=status,
            references=tuple(references),
        )
    except (TypeError, ValueError, IndexError) as error:
        raise Malformed("a strange value in the advisory database") from error
