"""A folder of CSAF files as its provider keeps it, over HTTP or on disk: what has changed in it since last time.

``changes.csv`` has a line per file, newest first (CSAF 2.0, section 7.1.13); Red Hat adds ``deletions.csv`` of the same
form and, in ``archive_latest.txt``, the name of a tar of everything. A folder on disk may have any of these, or files
alone. Records go by their path in the folder (``2024/cve-2024-0727.json``).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from surveyor.scan.advise import tarball
from surveyor.scan.advise.feeds.interface import Changes, Fetched, Known
from surveyor.scan.advise.origin import Origin
from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

#: Up to this many changed files are asked for one by one; above it the archive is cheaper.
SINGLES = 500
#: What the archive does not have, at most so many in one update; the next goes on.
MOST_SINGLES = 5_000
MAX_FILE = 32 << 20
_MAX_LIST = 64 << 20
_MAX_NOTE = 4_096
_MAX_ARCHIVE = 8 << 30
#: An archive's name has the day; what changed around then may be in it or not.
_MARGIN = timedelta(days=1)
_YEARS = range(1995, 2100)

_ARCHIVE = regex(r"csaf_[a-z]{1,20}_(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})\.tar\.zst")
_FILE = regex(r"(?:[0-9]{4}/)?[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.json")
_LINE: Final = regex(r'\s*"?([^",]{1,200})"?\s*,\s*"?([0-9][0-9T:.+Z-]{1,39})"?\s*')


@frozen
class Shelf:
    """A folder on disk: where it is, its files, and its newest archive, if any."""

    at: tuple[str, ...]
    files: tuple[str, ...]
    archive: str = ""


def shelf(origin: Origin, places: Iterable[tuple[str, ...]], files: re.Pattern[str]) -> Shelf | None:
    """The first of these places that has files of such names or an archive; nothing on a server, which lists nothing.

    Files lie in the folder itself or in one of their year.
    """
    for at in places:
        top = origin.names(*at)
        found = [name for name in top if files.fullmatch(name)]
        years = ((year, name) for year in map(str, _YEARS) for name in origin.names(*at, year))
        found += [f"{year}/{name}" for year, name in years if files.fullmatch(name)]
        archive = max((name for name in top if at and _ARCHIVE.fullmatch(name)), default="")
        if found or archive:
            return Shelf(at=at, files=tuple(found), archive=archive)
    return None


def on_disk(origin: Origin, found: Shelf, known: Known) -> Changes | None:
    """What changed in a folder, by a mark of every file; a file replaces what the archive has under its name."""
    held = known.entries()
    marks = {name: _mark(origin, found.at, name, held.get(name)) for name in found.files}
    archive = _mark(origin, found.at, found.archive, None) if found.archive else ""
    whole = not held or archive != known.mark.cursor
    changed = marks if whole else {name: mark for name, mark in marks.items() if held.get(name) != mark}
    dates = _list(origin, (*found.at, "changes.csv"))
    aside = marks.keys() | _deleted(_list(origin, (*found.at, "deletions.csv")), dates)
    gone = {name for name, mark in held.items() if name not in marks and (mark != archive or name in aside)}
    if not (changed or gone or whole):
        return None
    return Changes(
        records=_of_disk(origin, found, changed, archive if whole else "", aside),
        gone=() if whole else gone,
        whole=whole,
        date=max(dates.values(), default="") or day_of(found.archive),
        cursor=archive,
    )


def _of_disk(
    origin: Origin, found: Shelf, marks: Mapping[str, str], archive: str, aside: Container[str]
) -> Iterator[Fetched]:
    if archive:
        try:
            for name, raw in _archived(origin, (*found.at, found.archive)):
                if name not in aside:
                    yield name, archive, raw
        except ScanError as error:
            if not found.files:
                raise
            yield found.archive, archive, error
    for name, mark in marks.items():
        yield name, mark, _single(origin, (*found.at, *name.split("/")))


def on_server(origin: Origin, folder: str, known: Known) -> Changes | None:
    """The files that are dated otherwise than what is there; all of the archive the first time."""
    with origin.open(folder, "changes.csv", max_bytes=_MAX_LIST, etag=known.mark.etag) as opened:
        if opened.file is None:
            return None
        dates, etag = _dates(opened.file.read()), opened.etag
    with origin.open(folder, "deletions.csv", max_bytes=_MAX_LIST) as opened:
        deletions = _dates(opened.file.read()) if opened.file else {}
    held = known.entries()
    deleted = _deleted(deletions, dates)
    wanted = {name: date for name, date in dates.items() if name not in deleted and held.get(name) != date}
    gone = deleted & held.keys()
    if held and not wanted and not gone:
        return None
    archive = _latest(origin, folder) if not held or len(wanted) > SINGLES else ""
    if held and archive == known.mark.cursor:
        archive = ""  # it was read already, and these are not in it
    plan = _Plan(folder=folder, archive=archive, wanted=wanted, deleted=deleted, everything=not held)
    return Changes(
        records=plan.records(origin),
        gone=gone,
        announced=len(wanted),
        date=max(dates.values(), default=""),
        etag=etag,
        cursor=archive or known.mark.cursor,
    )


@frozen
class _Plan:
    """What to read of a server's folder: ``wanted`` files by date, from ``archive`` where one is named.

    ``everything``: also what the archive has besides.
    """

    folder: str
    archive: str
    wanted: Mapping[str, str]
    deleted: set[str]
    everything: bool

    def records(self, origin: Origin) -> Iterator[Fetched]:
        """Files newer than the archive one by one, then the archive without those: a name comes once.

        Where it has an older state of one, that is better than none; by its date it is asked for again.
        """
        if not self.archive:
            for name in list(self.wanted)[:MOST_SINGLES]:
                yield self._single(origin, name)
            return
        had, failed = set[str](), dict[str, ScanError]()
        since = day_of(self.archive, _MARGIN)
        newer = [name for name, date in self.wanted.items() if date >= since]
        for name in newer[:MOST_SINGLES]:
            found = self._single(origin, name)
            if isinstance(found[2], ScanError):
                failed[name] = found[2]
            else:
                had.add(name)
                yield found
        late = failed.keys() | set(newer[MOST_SINGLES:])
        for name, raw in _archived(origin, (self.folder, self.archive)):
            if name not in had and name not in self.deleted and (self.everything or name in self.wanted):
                yield name, since if name in late else self.wanted.get(name, since), raw
        for name, error in failed.items():
            yield name, since, error

    def _single(self, origin: Origin, name: str) -> Fetched:
        return name, self.wanted[name], _single(origin, (self.folder, *name.split("/")))


def _single(origin: Origin, path: tuple[str, ...]) -> bytes | ScanError:
    try:
        with origin.open(*path, max_bytes=MAX_FILE) as opened:
            return opened.file.read() if opened.file else b""
    except ScanError as error:
        return error


def _archived(origin: Origin, path: tuple[str, ...]) -> Iterator[tuple[str, bytes | ScanError]]:
    with origin.open(*path, max_bytes=_MAX_ARCHIVE) as opened:
        if opened.file is not None:
            for name, raw in tarball.records(opened.file, max_bytes=MAX_FILE):
                if _FILE.fullmatch(name):
                    yield name, raw


def _latest(origin: Origin, folder: str) -> str:
    with origin.open(folder, "archive_latest.txt", max_bytes=_MAX_NOTE) as opened:
        name = opened.file.read().decode("utf-8", "replace").strip() if opened.file else ""
    if not _ARCHIVE.fullmatch(name):
        raise Malformed(f"not the name of an archive: {name[:60]!r}")
    return name


def day_of(archive: str, margin: timedelta = timedelta()) -> str:
    """The day in an archive's name, in ISO 8601; empty where there is none."""
    found = _ARCHIVE.fullmatch(archive)
    try:
        return (datetime.fromisoformat(found["day"]) - margin).isoformat() if found else ""
    except (ValueError, OverflowError):
        return ""


def _mark(origin: Origin, at: tuple[str, ...], name: str, held: str | None) -> str:
    """What a file is known by without reading it."""
    with origin.open(*at, *name.split("/"), max_bytes=_MAX_ARCHIVE, etag=held) as opened:
        return opened.etag or ""


def _list(origin: Origin, path: tuple[str, ...]) -> dict[str, str]:
    """A list that a folder on disk may have."""
    if path[-1] not in origin.names(*path[:-1]):
        return {}
    with origin.open(*path, max_bytes=_MAX_LIST) as opened:
        return _dates(opened.file.read()) if opened.file else {}


def _deleted(deletions: Mapping[str, str], dates: Mapping[str, str]) -> set[str]:
    """The files that are gone for good: a file that was made again is listed after its deletion."""
    return {name for name, date in deletions.items() if date >= dates.get(name, "")}


def _dates(content: bytes) -> dict[str, str]:
    """The files that a list names, and the first date of each, which is its last."""
    found: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        fields = _LINE.fullmatch(line)
        if fields and _FILE.fullmatch(fields[1]):
            found.setdefault(fields[1], fields[2])
    return found
