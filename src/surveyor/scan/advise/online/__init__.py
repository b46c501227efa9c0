"""Matching without a database: OSV's API is asked which advisories concern a package, and they are judged as ever.

What the API names is had as whole records, kept by (id, time of change), and put into a small database of this scan
alone; so ranges are judged by the same code, and a finding says the same. The API answers with hits only: a source that
calls a version safe is not heard.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from surveyor.scan.advise import rhel
from surveyor.scan.advise.build import Builder
from surveyor.scan.advise.ecosystems import epochs_of, lookup
from surveyor.scan.advise.feeds import osv
from surveyor.scan.advise.fields import document
from surveyor.scan.advise.online.api import Api, Query
from surveyor.scan.advise.online.kept import Kept
from surveyor.scan.advise.record import Advisory, Mark
from surveyor.scan.advise.snapshot import Snapshot, open_snapshot
from surveyor.scan.errors import Malformed, ScanError, Unreachable, Unwritable
from surveyor.scan.events import Progress
from surveyor.scan.model import Coverage, CoverageState, Package
from surveyor.scan.values import frozen
from surveyor.scan.vocabulary import counted

__all__ = ["Answered", "Api", "answered"]

#: Releases with long support are ecosystems of that name; a database would say which there are.
_LTS = frozenset(f"Ubuntu:{year}.04:LTS" for year in range(14, 60, 2))
_NAMED = 5
#: What OSV has under names of its own (``Red Hat:enterprise_linux:9::baseos``), and so answers nothing about.
_ELSEWHERE = frozenset({rhel.BASE})
#: Packages of which every distribution has some, and every list of advisories something.
_EVERYWHERE = ("openssl", "busybox", "glibc", "linux", "kernel", "curl")


@frozen
class Answered:
    """A database of what the API said, and what it did not say."""

    snapshot: Snapshot
    coverage: tuple[Coverage, ...]


@contextmanager
def answered(
    packages: Sequence[Package], api: Api, kept: Path, *, now: datetime, progress: Progress
) -> Iterator[Answered]:
    """Ask about an inventory; ``kept`` is the folder of records had before.

    Raises ``Unreachable`` when nothing could be asked. What could not be asked besides is coverage.
    """
    queries = _queries(packages)
    progress("osv.online.start", f"{counted(len(queries), 'package')} at {api.base}", packages=len(queries))
    with progress.timing("osv.online"), Kept(kept) as records, tempfile.TemporaryDirectory() as folder:
        named = api.query(queries)
        foreign = _foreign(named.hits, api)
        wanted = {identity: modified for hits in named.hits.values() for identity, modified in hits}
        failed = _fill(records, wanted, api)
        path = Path(folder) / "online.db"
        told = {query: found for query, found in named.hits.items() if query.ecosystem not in foreign}
        failed = {**_write(path, told, records, wanted, now), **failed}
        detail = f"{counted(len(wanted), 'advisory')}, {len(failed):,} not had"
        progress("osv.online.done", detail, asked=len(queries), advisories=len(wanted), failed=len(failed))
        with open_snapshot(path) as snapshot:
            yield Answered(snapshot=snapshot, coverage=tuple(_coverage(named.failed, failed, api.base)))


def _queries(packages: Sequence[Package]) -> list[Query]:
    """Each name and version once; what has no ecosystem or no version is told by the match."""
    epochs = epochs_of(packages)
    asked = (lookup(package, _LTS, epochs) for package in packages)
    known = (one for one in asked if one.ecosystem and one.ecosystem.partition(":")[0] not in _ELSEWHERE)
    return list(dict.fromkeys(Query(one.ecosystem or "", one.name, one.version) for one in known if one.version))


def _foreign(hits: Mapping[Query, Sequence[object]], api: Api) -> set[str]:
    """Releases of distributions that the API knows nothing of: it answers as if all were well there.

    Where nothing was found it is asked for the first version of what no distribution is without flaws in.
    """
    found: dict[str, bool] = {}
    for query, named in hits.items():
        if ":" in query.ecosystem:
            found[query.ecosystem] = found.get(query.ecosystem, False) or bool(named)
    silent = [ecosystem for ecosystem, any_ in found.items() if not any_]
    probes = [Query(ecosystem, name, "0") for ecosystem in silent for name in _EVERYWHERE]
    try:
        answers = api.query(probes).hits if probes else {}
    except ScanError:
        return set(silent)  # nobody knows, so nothing was looked at
    known = {query.ecosystem for query, named in answers.items() if named}
    return set(silent) - known


def _fill(records: Kept, wanted: dict[str, str], api: Api) -> dict[str, ScanError]:
    """Have the records that are not kept; why the others could not be had."""
    # without a time of change nobody knows whether what is kept is the newest
    missing = [identity for identity, state in wanted.items() if not (state and records.has(identity, state))]
    failed: dict[str, ScanError] = {}
    for identity, raw in api.records(missing):
        if isinstance(raw, ScanError):
            failed[identity] = raw
        elif not _is(raw, identity):
            # kept, it would be read instead of the record until that changes
            failed[identity] = Malformed("another record in the place of this one")
        elif not records.put(identity, wanted[identity], raw):
            failed[identity] = Unwritable("it cannot be kept")
    return failed


def _is(raw: bytes, identity: str) -> bool:
    """Whether a record is the one that was asked for."""
    try:
        return document(raw).get("id") == identity
    except Malformed:
        return False


def _write(
    path: Path, hits: dict[Query, list[tuple[str, str]]], records: Kept, wanted: dict[str, str], now: datetime
) -> dict[str, ScanError]:
    """A database of the records, by ecosystem, with those too that nothing was found in; why some are not in it."""
    failed: dict[str, ScanError] = {}
    by_base: dict[str, dict[str, set[str]]] = {}
    for query, found in hits.items():
        scope = by_base.setdefault(query.ecosystem.partition(":")[0], {})
        scope.setdefault(query.ecosystem, set()).update(identity for identity, _ in found)
    builder = Builder(path, base=None)
    try:
        for base, ecosystems in by_base.items():
            with builder.collection("osv", base) as collection:
                for identity in sorted(set().union(*ecosystems.values())):
                    try:
                        collection.put(identity, wanted[identity], _read(records, identity, wanted[identity], base))
                    except ScanError as error:
                        failed.setdefault(identity, error)
                for name in ecosystems:
                    collection.answers(name)
                # the newest of some records says nothing of how old the API's knowledge is
                at = now.isoformat(timespec="seconds")
                collection.finish(Mark(date=at, updated_at=at))
    finally:
        builder.close()
    return failed


def _read(records: Kept, identity: str, modified: str, base: str) -> tuple[Advisory]:
    raw = records.get(identity, modified)
    if raw is None:
        raise Unreachable("not had")
    return osv.normalise(raw, base)


def _coverage(unasked: dict[Query, str], unread: dict[str, ScanError], base: str) -> Iterator[Coverage]:
    by_reason: dict[str, list[str]] = {}
    for query, why in unasked.items():
        by_reason.setdefault(why, []).append(f"{query.ecosystem}/{query.name}")
    for why, names in by_reason.items():
        detail = f"{base} did not answer about {counted(len(names), 'package')}: {why}: {_listed(names)}"
        yield _entry("not_answered", detail, len(names))
    if unread:
        first = next(iter(unread.values()))
        detail = f"{counted(len(unread), 'advisory')} could not be had from {base}: {first}: {_listed(list(unread))}"
        yield _entry("record_missing", detail, len(unread))


def _entry(reason: str, detail: str, count: int) -> Coverage:
    return Coverage(
        what="advisories.online", state=CoverageState.PARTIAL, reason=reason, detail=detail[:1_000], count=count
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name[:80] for name in sorted(names)[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
