"""A look at a layer as bytes and back: JSON under zstd, names of files as Latin-1 since they are any bytes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson

from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import Owned, Record
from surveyor.scan.engine.hardening import Guarded
from surveyor.scan.engine.inventory import Found
from surveyor.scan.engine.look import Look, Nested, Taken, Trouble
from surveyor.scan.engine.seen import coverage_of, protection_of
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Coverage, Distro, Presence, SourcePackage, Tier
from surveyor.scan.tree.entry import Tally
from surveyor.scan.tree.overlay import Sheet

#: Changes with every field of what is kept.
FORMAT = "6:" + ":".join(",".join(kept.__dataclass_fields__) for kept in (Record, Coverage, Protection))
_MOST = 128 << 20  # bytes that an entry may inflate to, which become some times as much
_UNITS = {unit.id: unit for unit in CATALOGERS}


def encode(look: Look) -> bytes:
    """The bytes of a whole look."""
    import zstandard

    document = {
        "names": _joined(look.sheet.names.seen),
        "whiteouts": list(look.sheet.whiteouts),
        "opaque": list(look.sheet.opaque),
        "form": look.form,
        "entries": look.entries,
        "unmarked": look.unmarked,
        "climbing": _tally(look.climbing),
        "closed": _tally(look.closed),
        "sparse": look.sparse,
        "empty": look.empty,
        "taken": [
            [one.unit.id, one.name, one.root, one.records, one.owned, one.protections, one.referred]
            for one in look.taken.values()
        ],
        "troubles": [[one.name, one.stage, one.entry] for one in look.troubles],
        "links": list(look.links.items()),
        "releases": list(look.releases.items()),
        "unread": list(look.unread.items()),
        "nested": [
            [
                *(one.name, one.type, one.entries, [_pair(*each) for each in one.found], one.coverage, one.files),
                one.guarded,
            ]
            for one in look.nested
        ],
    }
    return zstandard.ZstdCompressor(level=1).compress(orjson.dumps(document, default=_text))


def decode(data: bytes, sheet: Sheet) -> Look | None:
    """The look that these bytes are of, its names on ``sheet``; nothing for bytes that are of none."""
    import zstandard

    try:
        if not 0 <= zstandard.frame_content_size(data) <= _MOST:
            return None
        return _look(orjson.loads(zstandard.ZstdDecompressor().decompress(data)), sheet)
    except (zstandard.ZstdError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _look(document: dict[str, Any], sheet: Sheet) -> Look:
    look = Look(sheet)
    look.whole = True
    sheet.names.add(_parted(*document["names"]))
    sheet.whiteouts, sheet.opaque = (set(map(_bytes, document[field])) for field in ("whiteouts", "opaque"))
    look.form, look.entries, look.unmarked = document["form"], document["entries"], document["unmarked"]
    look.climbing, look.closed = _tally_of(document["climbing"]), _tally_of(document["closed"])
    look.sparse, look.empty = list(map(_bytes, document["sparse"])), list(map(_bytes, document["empty"]))
    for unit, name, root, records, owned, protections, referred in document["taken"]:
        taken = Taken(unit=_UNITS[unit], name=_bytes(name), root=_bytes(root))
        taken.records = list(map(_record, records))
        taken.owned = [Owned(type=one["type"], package=one["package"], paths=_bytes(one["paths"])) for one in owned]
        taken.protections = list(map(protection_of, protections))
        taken.referred = list(map(_bytes, referred))
        look.taken[unit, taken.name] = taken
    look.troubles = [
        Trouble(name=_bytes(name), stage=stage, entry=coverage_of(entry)) for name, stage, entry in document["troubles"]
    ]
    look.links = {_bytes(name): None if target is None else _bytes(target) for name, target in document["links"]}
    look.releases = {_bytes(name): _bytes(data) for name, data in document["releases"]}
    look.unread = {_bytes(name): unread for name, unread in document["unread"]}
    look.nested = [_nested(*parts) for parts in document["nested"]]
    return look


def _pair(found: Found, distro: Distro | None) -> list[object]:
    return [found.record, found.cataloger.id, found.path, found.root, found.owner, distro]


def _nested(
    name: str,
    type_: str,
    entries: int,
    found: list[Any],
    coverage: list[Any],
    files: dict[str, int],
    guarded: list[Any],
) -> Nested:
    return Nested(
        name=_bytes(name),
        type=type_,
        entries=entries,
        found=[
            (
                Found(record=_record(record), cataloger=_UNITS[unit], path=path, root=_bytes(root), owner=owner),
                distro and Distro(**distro),
            )
            for record, unit, path, root, owner, distro in found
        ],
        coverage=list(map(coverage_of, coverage)),
        files=Counter(files),
        guarded=[Guarded(protection=protection_of(one["protection"]), path=one["path"]) for one in guarded],
    )


def _record(fields: dict[str, Any]) -> Record:
    fields["tier"], fields["presence"] = Tier(fields["tier"]), Presence(fields["presence"])
    for name in ("licenses", "called", "needs", "hashes"):
        fields[name] = tuple(fields[name])
    fields["qualifiers"] = tuple((key, value) for key, value in fields["qualifiers"])
    if fields["source"]:
        fields["source"] = SourcePackage(**fields["source"])
    if fields["distro"]:
        fields["distro"] = Distro(**fields["distro"])
    return Record(**fields)


def _tally(tally: Tally) -> list[object]:
    return [tally.count, tally.names, tally.why]


def _tally_of(parts: list[Any]) -> Tally:
    tally = Tally()
    tally.count, tally.names, tally.why = parts[0], list(map(_bytes, parts[1])), parts[2]
    return tally


def _joined(names: set[bytes]) -> list[object]:
    """Names as one text, a line each, and those that would be two: there are so many that a string each takes long."""
    odd = [name for name in names if b"\n" in name or not name]
    return [b"\n".join(names.difference(odd)), odd]


def _parted(lines: str, odd: list[str]) -> set[bytes]:
    names = set(_bytes(lines).split(b"\n")) if lines else set()
    return names.union(map(_bytes, odd))


def _text(value: object) -> str:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("latin-1")
    raise TypeError(type(value).__name__)


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
