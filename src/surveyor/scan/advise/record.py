"""What every feed hands over: advisories, to match packages by, facts about flaws, and what was not read; all bounded.

Also how far one was read: whoever asks the database of it need not bring the readers of all feeds.
"""

from __future__ import annotations

from enum import StrEnum

from surveyor.scan.values import frozen

#: Bounds on one record. Real ones stay far below; a hostile one becomes a note, not a burden on every scan.
MAX_RECORD_BYTES = 8 << 20
MAX_EVENTS = 20_000
MAX_VERSIONS = 100_000
MAX_AFFECTED = 50_000
MAX_IDS = 1_000
MAX_REFERENCES = 10
MAX_DETAILS = 2_000
MAX_NAME = 1_024
MAX_REASON = 300
MAX_SUMMARY = 300
MAX_ACTION = 1_000
MAX_URL = 2_000
MAX_CWES = 20

#: Events of a range in the order they are applied when two share a version; one letter each, as stored.
#: ``AFTER`` is a beginning that does not lie in the range itself (NVD's ``versionStartExcluding``).
INTRODUCED, FIXED, LAST_AFFECTED, LIMIT, AFTER = "i", "f", "l", "m", "a"


class State(StrEnum):
    """What a vendor says of the versions that an entry names, beside that a version above mends them.

    ``AFFECTED`` is the plain case; ``NOT_AFFECTED`` clears the versions; the rest say why no fix is there.
    """

    AFFECTED = ""
    NOT_AFFECTED = "not_affected"
    WILL_NOT_FIX = "will_not_fix"
    DEFERRED = "fix_deferred"
    INVESTIGATING = "under_investigation"
    END_OF_LIFE = "end_of_life"


@frozen
class Affected:
    """One package of one ecosystem that an advisory names.

    ``ranges`` are flat: kind, version, kind, version …; a kind is one letter. ``versions`` are listed one by one.
    ``state`` is the vendor's word on them, ``reason`` why, or under which condition, bounded to ``MAX_REASON``.
    """

    ecosystem: str
    name: str
    ranges: tuple[tuple[str, ...], ...] = ()
    versions: tuple[str, ...] = ()
    state: State = State.AFFECTED
    reason: str = ""


@frozen
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
    cwes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    affected: tuple[Affected, ...] = ()


@frozen
class Exploited:
    """An entry of a list of flaws that attackers are known to use; dates as the list writes them (``2025-08-25``).

    ``ransomware`` is ``None`` when nobody knows.
    """

    added: str
    due: str = ""
    action: str = ""
    ransomware: bool | None = None


@frozen
class Fact:
    """What a feed says of one flaw, whatever product has it; what it does not say is ``None`` or empty.

    ``score`` and ``percentile`` are EPSS's, 0..1. ``severity`` holds a system, a vector and who rated, ``cwes`` such as
    ``CWE-79``; ``status`` is where the feed stands with the flaw (NVD's ``vulnStatus``).
    """

    cve: str
    score: float | None = None
    percentile: float | None = None
    exploited: Exploited | None = None
    published: str = ""
    modified: str = ""
    summary: str = ""
    severity: tuple[tuple[str, str, str], ...] = ()
    cwes: tuple[str, ...] = ()
    status: str = ""
    references: tuple[str, ...] = ()


@frozen
class Unread:
    """What a feed says and nobody can read: why, and the package or flaw that it is about as far as that can be told.

    ``ecosystem`` without a release stands for all of them; it is empty for a flaw, whose CVE is the ``name``. Without a
    name nobody knows what it is about. ``records`` counts what is told of as one.
    """

    reason: str
    ecosystem: str = ""
    name: str = ""
    records: int = 1


@frozen
class Mark:
    """How far one scope of a feed was read last time: its validators, the date of its data, and how many records.

    ``cursor`` is the feed's own note to itself. All is empty the first time; ``updated_at`` is ISO 8601.
    """

    etag: str | None = None
    digest: str | None = None
    date: str = ""
    cursor: str = ""
    updated_at: str = ""
    rows: int = 0
