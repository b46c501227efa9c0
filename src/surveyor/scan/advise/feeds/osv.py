"""The OSV bucket: ``ecosystems.txt``, and for each ecosystem ``all.zip``, ``modified_id.csv`` and ``<ID>.json``.

Layout and schema: https://google.github.io/osv.dev/data/ and https://ossf.github.io/osv-schema/.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import Final

from surveyor.scan.advise import archive
from surveyor.scan.advise import record as bounds
from surveyor.scan.advise.feeds.interface import Changes, Feed, Fetched, Known, Named
from surveyor.scan.advise.fields import CVE, cwes, document, listed, objects, strings, text, urls
from surveyor.scan.advise.origin import Origin, checked
from surveyor.scan.advise.record import Advisory, Affected
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

#: Up to this many changed records are asked for one by one; above it the whole zip is cheaper.
SINGLES = 200
_MAX_LIST = 1 << 20
_MAX_INDEX = 512 << 20
_MAX_ZIP = 8 << 30

_ID = regex(r"[A-Za-z0-9][A-Za-z0-9._:+@~-]{0,127}")
_MODIFIED = regex(rb'"modified"\s*:\s*"([0-9T:.+Z-]{10,40})"')
_PACKAGE = regex(rb'"package"\s*:\s*(\{[^{}]{1,4000}\})')
#: Of ``2026-01-01T00:00:00.123Z``, as far as times are compared.
_SECONDS = 19
_NOTICES: Final = frozenset({"unmaintained", "notice"})
_EVENTS: Final = {"introduced": "i", "fixed": "f", "last_affected": "l", "limit": "m"}
#: These name the CVEs of an erratum in ``related``, which is loose everywhere else.
_ERRATA_IN_RELATED: Final = frozenset({"AlmaLinux", "Rocky Linux"})


@frozen
class Index:
    """The change list of one ecosystem: ``entries`` maps a record's name to its time of change; ``date`` is the newest.

    ``entries`` is ``None`` when the list is the one already known (by ``etag`` or ``digest``).
    """

    entries: Mapping[str, str] | None
    date: str
    digest: str
    etag: str | None


def ecosystems(origin: Origin) -> tuple[str, ...]:
    """The ecosystems that the bucket has, in its order, each once; names that cannot be a folder are dropped."""
    with origin.open("ecosystems.txt", max_bytes=_MAX_LIST) as opened:
        text = opened.file.read().decode("utf-8", "replace") if opened.file else ""
    names = (line.strip() for line in text.splitlines())
    return tuple(dict.fromkeys(name for name in names if name and _is_folder(name)))


def _is_folder(name: str) -> bool:
    try:
        # an ecosystem never has a release here, and "[EMPTY]" holds records without packages
        return checked(name) == name and ":" not in name and not name.startswith("[")
    except Malformed:
        return False


def index(origin: Origin, ecosystem: str, *, etag: str | None = None, digest: str | None = None) -> Index:
    """Read an ecosystem's change list; ``etag`` and ``digest`` are those of the list read last time."""
    with origin.open(ecosystem, "modified_id.csv", max_bytes=_MAX_INDEX, etag=etag) as opened:
        if opened.file is None:
            return Index(entries=None, date="", digest=digest or "", etag=etag)
        content = opened.file.read()
    seen = hashlib.sha256(content).hexdigest()
    if seen == digest:
        return Index(entries=None, date="", digest=seen, etag=opened.etag)
    entries: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        date, comma, name = line.strip().partition(",")
        if comma and name and len(name) <= 255 and len(date) <= 40:
            entries.setdefault(name, date)
    return Index(entries=entries, date=max(entries.values(), default=""), digest=seen, etag=opened.etag)


@contextmanager
def fetch(origin: Origin, ecosystem: str, known: Known) -> Iterator[Changes | None]:
    """The records that the change list dates otherwise than what is there, and the names that it has no more."""
    found = index(origin, ecosystem, etag=known.mark.etag, digest=known.mark.digest)
    if found.entries is None:
        yield None
        return
    held = known.entries()
    wanted = {name: date for name, date in found.entries.items() if held.get(name) != date}
    yield Changes(
        records=_records(origin, ecosystem, wanted, held) if wanted else (),
        gone=held.keys() - found.entries.keys(),
        announced=len(wanted),
        date=found.date,
        etag=found.etag,
        digest=found.digest,
    )


def _records(origin: Origin, ecosystem: str, wanted: Mapping[str, str], held: Mapping[str, str]) -> Iterator[Fetched]:
    """The raw records of these names, or why one could not be had; ends with the scanner's error when none can."""
    if origin.singles and len(wanted) <= SINGLES:
        for name in sorted(wanted):
            yield name, wanted[name], _single(origin, ecosystem, name)
        return
    with origin.open(ecosystem, "all.zip", max_bytes=_MAX_ZIP) as opened:
        if opened.file is not None:
            for name, raw in archive.records(opened.file, wanted):
                yield name, _state(raw, wanted[name], held.get(name, "")), raw


def _state(raw: bytes | ScanError, listed: str, held: str) -> str:
    """The time of change that a record of the archive counts as.

    The archive may be older than the list, from a cache too. What it has then counts as what it says itself, so that it
    is asked for again; but once only, since there are lists that say other times than their records for ever.
    """
    if isinstance(raw, ScanError):
        return listed
    own = max(_MODIFIED.findall(raw), default=b"").decode()
    older = bool(own) and own[:_SECONDS] < listed[:_SECONDS]
    return own if older and held[:_SECONDS] != own[:_SECONDS] else listed


def _single(origin: Origin, ecosystem: str, name: str) -> bytes | ScanError:
    try:
        with origin.open(ecosystem, f"{name}.json", max_bytes=bounds.MAX_RECORD_BYTES) as opened:
            return opened.file.read() if opened.file else b""
    except ScanError as error:
        return error


def normalise(raw: bytes, ecosystem: str) -> tuple[Advisory]:
    """One record's JSON as an advisory with the packages of this ecosystem alone.

    Raises ``Malformed`` or ``LimitExceeded``. A wrong type in what matching rests on makes the record malformed; in
    what only people read it is left out.
    """
    data = document(raw)
    identity = data.get("id")
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise Malformed(f"not an id: {str(identity)[:60]!r}")
    modified = text(data.get("modified"), 40)
    if data.get("withdrawn"):
        return (Advisory(id=identity, modified=modified, withdrawn=True),)
    aliases, errata = _identities(data, identity, ecosystem)
    advisory = Advisory(
        id=identity,
        modified=modified,
        published=text(data.get("published"), 40),
        summary=text(data.get("summary"), bounds.MAX_SUMMARY),
        details=text(data.get("details"), bounds.MAX_DETAILS),
        aliases=aliases,
        errata=errata,
        severity=_severity(data),
        word=_word(data),
        cwes=_cwes(data),
        references=_references(data),
        affected=_affected(data, ecosystem),
    )
    return (advisory,)


def about_what(_: str, raw: bytes, ecosystem: str) -> Iterator[Named]:
    """The packages that a record names, of this ecosystem, even where it is no JSON."""
    for found in islice(_PACKAGE.finditer(raw), bounds.MAX_AFFECTED):
        try:
            package = document(found[1])
        except Malformed:
            continue
        name, where = text(package.get("name"), bounds.MAX_NAME), text(package.get("ecosystem"), 200)
        if name and where.partition(":")[0] == ecosystem:
            yield where, name


def _ids(value: object) -> list[str]:
    return [item for item in strings(value)[: bounds.MAX_IDS] if _ID.fullmatch(item)]


def _identities(data: dict[str, object], identity: str, ecosystem: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Aliases, and the flaws of an erratum.

    ``upstream`` of one flaw is another name for it (DEBIAN-CVE-…); of several, or an erratum's ``related``, it lists
    what the update mends, and no two of those are the same flaw.
    """
    aliases = _ids(data.get("aliases"))
    above = [name for name in _ids(data.get("upstream")) if name not in aliases]
    flaws = [name for name in above if CVE.fullmatch(name)] or above
    if not above and ecosystem in _ERRATA_IN_RELATED:
        flaws = [name for name in _ids(data.get("related")) if CVE.fullmatch(name)]
    if len(flaws) == 1:
        return tuple(dict.fromkeys([*aliases, *flaws, *above])), ()
    own = tuple(dict.fromkeys(name for name in aliases if name != identity))
    return own, tuple(dict.fromkeys(flaws))


def _severity(data: dict[str, object]) -> tuple[tuple[str, str], ...]:
    """Ratings of the record, and of its packages where those override it."""
    found: dict[tuple[str, str], None] = {}
    for holder in [data, *objects(data.get("affected"))][:100]:
        for item in objects(holder.get("severity")):
            system, score = item.get("type"), item.get("score")
            if isinstance(system, str) and isinstance(score, str):
                found[(system[:20], score[:300])] = None
        specific = holder.get("database_specific")
        if isinstance(specific, dict) and isinstance(vector := specific.get("cvss"), str):
            found[("CVSS_V4" if vector.startswith("CVSS:4") else "CVSS_V3", vector[:300])] = None
    return tuple(found)[:10]


def _word(data: dict[str, object]) -> str:
    specific = data.get("database_specific")
    return text(specific.get("severity"), 20).lower() if isinstance(specific, dict) else ""


def _cwes(data: dict[str, object]) -> tuple[str, ...]:
    specific = data.get("database_specific")
    return cwes(specific.get("cwe_ids")) if isinstance(specific, dict) else ()


def _references(data: dict[str, object]) -> tuple[str, ...]:
    """Links to http(s) pages, advisories first."""
    ranked = sorted(objects(data.get("references")), key=lambda item: item.get("type") != "ADVISORY")
    return urls(item.get("url") for item in ranked)


def _affected(data: dict[str, object], ecosystem: str) -> tuple[Affected, ...]:
    out = []
    for item in listed(data.get("affected"), "affected", most=bounds.MAX_AFFECTED):
        package = item.get("package")
        if not isinstance(package, dict):
            continue
        name, where = package.get("name"), package.get("ecosystem")
        if not isinstance(name, str) or not isinstance(where, str):
            raise Malformed("a package without name or ecosystem")
        if _informs(item):
            continue
        if where.partition(":")[0] != ecosystem:
            # the record lies in that ecosystem's archive too
            continue
        if not name or len(name) > bounds.MAX_NAME or len(where) > 200 or not (name + where).isprintable():
            raise Malformed(f"not a package name: {name[:60]!r}")
        out.append(Affected(ecosystem=where, name=name, ranges=_ranges(item), versions=_versions(item)))
    return tuple(out)


def _informs(item: dict[str, object]) -> bool:
    """RustSec's word that a package is given up, or a notice about it, is no flaw; what is unsound is one."""
    specific = item.get("database_specific")
    return isinstance(specific, dict) and specific.get("informational") in _NOTICES


def _versions(item: dict[str, object]) -> tuple[str, ...]:
    versions = item.get("versions")
    if versions is None:
        return ()
    if not isinstance(versions, list) or not all(isinstance(version, str) for version in versions):
        raise Malformed("versions is not a list of strings")
    if len(versions) > bounds.MAX_VERSIONS:
        raise LimitExceeded(f"{len(versions):,} versions")
    return tuple(versions)


def _ranges(item: dict[str, object]) -> tuple[tuple[str, ...], ...]:
    """Ranges over versions; those over commits say nothing about a package's version."""
    out = []
    for span in listed(item.get("ranges"), "ranges", most=bounds.MAX_EVENTS):
        if span.get("type") == "GIT":
            continue
        flat: list[str] = []
        for event in listed(span.get("events"), "events", most=bounds.MAX_EVENTS):
            for word, version in event.items():
                kind = _EVENTS.get(word)
                if kind is None or not isinstance(version, str):
                    raise Malformed(f"not an event: {word[:40]!r}")
                flat += (kind, version)
        if flat:
            out.append(tuple(flat))
    return tuple(out)


FEED = Feed(
    id="osv",
    title="OSV, the open database of vulnerabilities",
    address="https://osv-vulnerabilities.storage.googleapis.com",
    scopes=ecosystems,
    fetch=fetch,
    normalise=normalise,
    lull=timedelta(days=30),
    about_what=about_what,
    rank=1,
)
