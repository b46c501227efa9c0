"""One advisory as every feed hands it over: what is needed to match it and to tell a person about it, bounded."""

from __future__ import annotations

from dataclasses import dataclass

#: Bounds on one record. Real ones stay far below; a hostile one becomes a note, not a burden on every scan.
MAX_RECORD_BYTES = 8 << 20
MAX_EVENTS = 20_000
MAX_VERSIONS = 100_000
MAX_AFFECTED = 50_000
MAX_IDS = 1_000
MAX_REFERENCES = 10
MAX_DETAILS = 2_000
MAX_NAME = 1_024

#: Events of a range in the order they are applied when two share a version; one letter each, as stored.
INTRODUCED, FIXED, LAST_AFFECTED, LIMIT = "i", "f", "l", "m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """One package of one ecosystem that an advisory names.

    ``ranges`` are flat: kind, version, kind, version …; a kind is one letter. ``versions`` are listed one by one.
    """

    ecosystem: str
    name: str
    ranges: tuple[tuple[str, ...], ...] = ()
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One record of a feed.

    ``aliases`` are other names of the same flaw; ``errata`` the flaws that the record is about when they are several.
    ``severity`` holds pairs of a system (``CVSS_V3``) and a vector; ``word`` is a rating in words.
    """

    id: str
    modified: str
    withdrawn: bool = False
    published: str = ""
    summary: str = ""
    details: str = ""
    aliases: tuple[str, ...] = ()
    errata: tuple[str, ...] = ()
    severity: tuple[tuple[str, str], ...] = ()
    word: str = ""
    references: tuple[str, ...] = ()
    affected: tuple[Affected, ...] = ()
