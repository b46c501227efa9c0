"""What records look like inside the advisory database: JSON arrays, and back to values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import orjson

from surveyor.scan.advise.names import canonical
from surveyor.scan.advise.record import Advisory, Affected, Exploited, Fact, State
from surveyor.scan.errors import Malformed

#: Which versions of a package an advisory names, as they are stored: advisory, collection, ranges, state, rest, name.
#: A plain tuple, since a scan reads tens of thousands, and nearly all of them say nothing about the version at hand.
Bounds: TypeAlias = tuple[int, int, str | None, str | None, bytes | None, str]


class Names(NamedTuple):
    """What an advisory goes by: ``ids`` begin with its own, ``errata`` are the flaws that it mends when several."""

    ids: tuple[str, ...]
    errata: tuple[str, ...]


class Row(NamedTuple):
    """What one advisory says about one package; ``ranges`` are flat events.

    A tuple, since a scan makes thousands and a frozen dataclass takes four times as long to make.
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


#: Between the events of a range, or names, and between ranges, or names and flaws: as plain text they are read in a
#: fifth of the time that packed JSON takes. No version and no id has such a sign in it.
_UNIT, _RECORD = "\x1f", "\x1e"
_PLAIN = str.maketrans({_UNIT: "\ufffd", _RECORD: "\ufffd"})


def _joined(texts: Sequence[str]) -> str:
    joined = _UNIT.join(texts)
    if joined.count(_UNIT) < max(len(texts), 1) and _RECORD not in joined:
        return joined
    return _UNIT.join(text.translate(_PLAIN) for text in texts)


def pack_names(advisory: Advisory) -> str:
    """``id alias …`` and, behind a sign, ``flaw …`` of an erratum."""
    ids = _joined((advisory.id, *advisory.aliases))
    return f"{ids}{_RECORD}{_joined(advisory.errata)}" if advisory.errata else ids


def unpack_names(text: str) -> Names:
    """An advisory's names from their text."""
    try:
        ids, _, errata = text.partition(_RECORD)
        return Names(tuple(ids.split(_UNIT)), tuple(errata.split(_UNIT)) if errata else ())
    except (AttributeError, TypeError) as error:
        raise Malformed("a strange value in the advisory database") from error


def pack_ranges(items: Sequence[Affected]) -> str | None:
    """``kind version kind version …`` of each range; nothing where there is none."""
    spans = [span for item in items for span in item.ranges]
    return _RECORD.join(map(_joined, spans)) if spans else None


def pack_state(items: Sequence[Affected]) -> str | None:
    """What somebody says beside the ranges; nothing where nobody does."""
    said = _said(items)
    return (said.state or None) if said else None


def pack_rest(items: Sequence[Affected]) -> bytes | None:
    """``[[version …], reason]``: the versions that are listed one by one, and why; nothing where there is neither."""
    versions, said = [version for item in items for version in item.versions], _said(items)
    reason = said.reason if said else ""
    return orjson.dumps([versions, reason]) if versions or reason else None


def _said(items: Sequence[Affected]) -> Affected | None:
    return next((item for item in items if item.state or item.reason), None)


#: Raises ``TypeError`` unless all are texts, as quickly as that can be known of the rows that a scan reads.
_texts = "".join


def unpack_ranges(text: str | None) -> list[list[str]]:
    """The flat events of each range."""
    try:
        return [span.split(_UNIT) for span in text.split(_RECORD)] if text is not None else []
    except (AttributeError, TypeError) as error:
        raise Malformed("a strange value in the advisory database") from error


def plain(text: str | None) -> bool:
    """Whether there are two events at most, without reading them."""
    return text is None or text.count(_UNIT) + text.count(_RECORD) < 4


def unpack_rest(value: list[Any]) -> tuple[list[str], str]:
    """The versions and the reason from their array."""
    try:
        versions, reason = value
        _texts((*versions, reason))
    except (ValueError, TypeError) as error:
        raise Malformed("a strange value in the advisory database") from error
    return versions, reason


def row(bounds: Bounds, names: Names, rest: tuple[list[str], str]) -> Row:
    """All that an advisory says about a package."""
    advisory, collection, ranges, state, *_ = bounds
    if not isinstance(state, str | None):
        raise Malformed("a strange value in the advisory database")
    return Row(advisory, collection, *names, unpack_ranges(ranges), rest[0], state or State.AFFECTED, rest[1])


def pack_record(advisory: Advisory) -> bytes:
    """``[modified, published, summary, details, severity, word, references, cwes]``: what a finding tells besides."""
    told = (advisory.modified, advisory.published, advisory.summary, advisory.details)
    return orjson.dumps([*told, advisory.severity, advisory.word, advisory.references, advisory.cwes])


def unpack_record(value: list[Any]) -> Record:
    """A record from its array."""
    try:
        modified, published, summary, details, severity, word, references, cwes = value
        _texts((modified, published, summary, details, word, *references, *cwes))
        pairs = tuple([(str(system), str(vector)) for system, vector in severity]) if severity else ()
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
