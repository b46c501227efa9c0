"""What a feed is: where its data lies, what has changed there, and what a raw record means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from surveyor.scan.advise.fields import CVE
from surveyor.scan.advise.origin import Origin
from surveyor.scan.advise.record import Advisory, Fact, Mark, Unread
from surveyor.scan.errors import ScanError
from surveyor.scan.values import frozen

#: A record by the feed's own name for it, its time of change, and its bytes or why they could not be had.
Fetched: TypeAlias = tuple[str, str, bytes | ScanError]


#: A package by its ecosystem, without a release for all of them, and name; a flaw by its CVE and no ecosystem.
Named: TypeAlias = tuple[str, str]


@frozen
class Known:
    """What is there already: the mark, and on demand the time of change of every record by name; and the time now.

    ``tell`` says to a person how far a long way has been gone: words, and the part of it, 0..1.
    """

    mark: Mark
    entries: Callable[[], Mapping[str, str]]
    now: datetime
    tell: Callable[[str, float], None] = lambda _, __: None


@dataclass(slots=True, kw_only=True)
class Changes:
    """What has changed in one scope. What is known at the end only is set while ``records`` is read.

    ``records`` may be read once, while ``fetch`` is open. ``gone`` are names to forget. ``whole``: the records are all
    that there is, so what they do not name goes too. ``announced`` is how many different records the source said would
    come; when fewer do, the scope counts as not read to its end. The rest is kept in the next ``Mark``.
    """

    records: Iterable[Fetched]
    gone: Iterable[str] = ()
    whole: bool = False
    announced: int = 0
    date: str
    etag: str | None = None
    digest: str | None = None
    cursor: str = ""


@frozen
class Feed:
    """One source of advisories or facts.

    ``scopes`` lists the parts that are updated apart (OSV's ecosystems), ``("",)`` for a feed without parts. ``fetch``
    opens the changes of one scope, ``None`` when there are none. ``mirrors`` are other addresses of the publisher's.
    ``normalise`` reads one raw record; it raises ``Malformed`` or ``LimitExceeded`` and nothing else, and says which
    parts of it were no use. ``about_what`` says of a record that is none at all, by its name in the feed, its bytes,
    which may be empty, and its scope, which packages or flaw it is about as far as can be told. ``lull`` is the longest
    that nothing new comes while all is well, in all of the scopes together. ``rank`` orders whose word counts on a
    package: the higher; ``about`` is the one ecosystem, without release, that a vendor's feed speaks of. ``pause`` is
    the least time between two requests, in seconds, and ``busy`` are statuses by which its server says later;
    ``key_header`` carries a key, with which ``pause_with_key`` is enough; ``headers`` go with every request.
    """

    id: str
    title: str
    address: str
    scopes: Callable[[Origin], tuple[str, ...]]
    fetch: Callable[[Origin, str, Known], AbstractContextManager[Changes | None]]
    normalise: Callable[[bytes, str], Iterable[Advisory | Fact | Unread]]
    mirrors: tuple[str, ...] = ()
    about_what: Callable[[str, bytes, str], Iterable[Named]] = lambda *_: ()
    lull: timedelta = timedelta(days=2)
    rank: int = 0
    about: str = ""
    pause: float = 0.0
    busy: frozenset[int] = frozenset()
    key_header: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    pause_with_key: float = 0.0


def flaw_of(entry: str, *_: object) -> tuple[Named, ...]:
    """The flaw that a record of a feed of facts is about, which goes by its name."""
    return (("", entry),) if CVE.fullmatch(entry) else ()


def whole(_: Origin) -> tuple[str, ...]:
    """The scopes of a feed without parts."""
    return ("",)
