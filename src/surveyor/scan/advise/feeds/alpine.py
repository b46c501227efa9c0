"""Alpine's secdb: which version of which origin package mends which flaw, release by release.

``v3.19/main.json`` and ``v3.19/community.json`` of https://secdb.alpinelinux.org, each
``{packages: [{pkg: {name, secfixes: {version: [ids]}}}]}``; version ``0`` means never affected, one text may hold
several names of a flaw. What nothing mends yet is not listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import orjson

from surveyor.scan.advise import record as bounds
from surveyor.scan.advise.feeds.interface import Changes, Feed, Fetched, Known
from surveyor.scan.advise.fields import document
from surveyor.scan.advise.origin import NoFile, Origin
from surveyor.scan.advise.record import Advisory, Affected, State, Unread
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.patterns import regex

BASE: Final = "Alpine"
REPOSITORIES = ("main", "community")
_MAX_FILE = 64 << 20
_MAX_PACKAGES = 50_000
_MAX_FIXES = 20_000
_RELEASE = regex(r"v[0-9]{1,3}\.[0-9]{1,3}")
_ID = regex(r"[A-Z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+")


def releases(origin: Origin) -> tuple[str, ...]:
    """The releases that are there, the oldest first."""
    found = [name for name in origin.folders() if _RELEASE.fullmatch(name)]
    return tuple(sorted(found, key=lambda name: [int(part) for part in name[1:].split(".")]))


@contextmanager
def fetch(origin: Origin, release: str, known: Known) -> Iterator[Changes | None]:
    """Everything about a release, when either of its repositories has changed; old releases have one alone."""
    marks = dict(part.split("=", 1) for part in known.mark.cursor.split("\n") if "=" in part)
    found: dict[str, bytes] = {}
    changed = False
    for repository in REPOSITORIES:
        try:
            with origin.open(release, f"{repository}.json", max_bytes=_MAX_FILE) as opened:
                found[repository] = opened.file.read() if opened.file else b""
        except NoFile as error:
            # one that cannot be had now is no repository that there is not: its flaws would be forgotten
            if repository == REPOSITORIES[0] or not error.absent:
                raise
            continue
        mark = opened.etag or ""
        changed |= not mark or marks.get(repository) != mark
        marks[repository] = mark
    if not changed:
        yield None
        return
    yield Changes(
        records=_records(found),
        whole=True,
        date=known.now.isoformat(timespec="seconds"),
        cursor="\n".join(f"{name}={mark}" for name, mark in marks.items()),
    )


def _records(found: dict[str, bytes]) -> Iterator[Fetched]:
    for repository, raw in found.items():
        listed = document(raw).get("packages")
        if not isinstance(listed, list):
            raise Malformed(f"{repository}.json: no list of packages")
        if len(listed) > _MAX_PACKAGES:
            raise LimitExceeded(f"{repository}.json: {len(listed):,} packages")
        for at, item in enumerate(listed):
            package = item.get("pkg") if isinstance(item, dict) else None
            name = package.get("name") if isinstance(package, dict) else None
            told = name if isinstance(name, str) and name else f"package {at:,}"
            yield f"{repository}/{told}"[:255], "", orjson.dumps(package)


def normalise(raw: bytes, release: str) -> Iterator[Advisory | Unread]:
    """One package's flaws, an advisory each; a version whose list cannot be read loses no other."""
    package = document(raw)
    name, fixes = package.get("name"), package.get("secfixes")
    if not isinstance(name, str) or not name or len(name) > bounds.MAX_NAME or not name.isprintable():
        raise Malformed(f"not a package name: {str(name)[:60]!r}")
    if not isinstance(fixes, dict):
        raise Malformed(f"{name}: no fixes")
    odd: list[str] = []
    by_flaw = _by_flaw(name, fixes, odd)
    where = f"{BASE}:{release}"
    told = [f"malformed: {version[:40]}: not a list of names" for version in odd]
    if told and not by_flaw:
        raise Malformed(told[0])
    unread = [Unread(reason=reason, ecosystem=where, name=name) for reason in told]
    return iter([*(_advisory(where, name, names, versions) for names, versions in by_flaw.items()), *unread])


def _by_flaw(name: str, fixes: dict[str, object], odd: list[str]) -> dict[tuple[str, ...], list[str]]:
    """Names of each flaw → the versions that are said to mend it, ``0`` when it never was one."""
    found: dict[tuple[str, ...], list[str]] = {}
    count = 0
    for version, listed in fixes.items():
        if listed is None:
            continue
        if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
            odd.append(version)
            continue
        count += len(listed)
        if count > _MAX_FIXES:
            raise LimitExceeded(f"{name}: more than {_MAX_FIXES:,} fixes")
        for item in listed:
            # "CVE-2018-12891 XSA-264": one flaw, two names
            if names := tuple(dict.fromkeys(_ID.findall(item[:1_000])))[: bounds.MAX_IDS]:
                found.setdefault(names, []).append(version)
    return found


def _advisory(where: str, name: str, names: tuple[str, ...], versions: list[str]) -> Advisory:
    mended = [version for version in versions if version != "0"]
    if mended:
        # mended more than once is mended for good by the last
        hit = Affected(ecosystem=where, name=name, ranges=tuple(("i", "0", "f", version) for version in mended))
    else:
        hit = Affected(ecosystem=where, name=name, state=State.NOT_AFFECTED, reason="never affected in this release")
    preferred = sorted(names, key=lambda text: not text.startswith("CVE-"))
    return Advisory(id=preferred[0], modified="", aliases=tuple(preferred[1:]), affected=(hit,))


FEED = Feed(
    id="alpine",
    title="Alpine's secdb",
    address="https://secdb.alpinelinux.org",
    scopes=releases,
    fetch=fetch,
    normalise=normalise,
    lull=timedelta(days=21),
    about_what=lambda entry, _, release: ((f"{BASE}:{release}", entry.partition("/")[2]),),
    rank=2,
    about=BASE,
)
