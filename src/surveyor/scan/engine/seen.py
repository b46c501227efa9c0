"""What was seen of an artifact, before it meets advisories and rules: a value that can be kept, as bytes and back.

Lines of JSON in a gzip stream: one for all, then one for every thousand packages, so that a large inventory is never
there as text, as mappings and as packages at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

import orjson
from isal import igzip_lib, isal_zlib

from surveyor.scan.engine.hardening import Guarded
from surveyor.scan.events import Event
from surveyor.scan.formats.protection import Protection
from surveyor.scan.limits import MIB
from surveyor.scan.model import (
    Coverage,
    CoverageState,
    Distro,
    Evidence,
    Location,
    Package,
    Presence,
    SourcePackage,
    Tier,
)
from surveyor.scan.values import frozen

_MOST = 64 * MIB  # of what is kept, inflated
_TOGETHER = 1_000
_GZIP = 31  # window bits of a stream with gzip's header
_Damaged = cast("type[Exception]", igzip_lib.error)


@frozen
class Seen:
    """``digest`` is the one that the artifact names itself, ``units`` are those that read it with their versions.

    ``coverage`` is what the books say so far; ``nothing`` why not one entry was seen. ``stack`` is the key that the
    same is kept under by its layers, which is no part of what is kept.
    """

    type: str
    name: str | None
    digest: str | None
    units: dict[str, int]
    packages: tuple[Package, ...]
    coverage: tuple[Coverage, ...]
    guarded: tuple[Guarded, ...] = ()
    nothing: str | None = None
    stack: str | None = None


@frozen
class Told:
    """An event that was told meanwhile, without its time."""

    stage: str
    detail: str
    level: str
    pct: int | None
    data: dict[str, Any]


def encode(seen: Seen, events: Iterable[Event]) -> bytes | None:
    """The bytes of both; nothing where they would be too many, or are no text."""
    told = _told(events)
    fields = ("type", "name", "digest", "units", "coverage", "guarded")
    head: dict[str, object] = {"told": told, **{name: getattr(seen, name) for name in fields}}
    packer, size, out = isal_zlib.compressobj(1, isal_zlib.DEFLATED, _GZIP), 0, bytearray()
    try:
        for part in (head, *_groups(seen.packages)):
            line = orjson.dumps(part, option=orjson.OPT_APPEND_NEWLINE)
            size += len(line)
            if size > _MOST:
                return None
            out += packer.compress(line)
    except TypeError:  # a name that is no UTF-8
        return None
    return bytes(out + packer.flush())


def encode_alias(key: str, events: Iterable[Event]) -> bytes | None:
    """The bytes of another entry's key, with what was told here; nothing where that is no text."""
    try:
        return orjson.dumps({"key": key, "told": _told(events)})
    except TypeError:
        return None


def decode_alias(data: bytes) -> tuple[str, list[Told]] | None:
    """The key and what was told; nothing for bytes that are none of an alias."""
    if not data.startswith(b"{"):
        return None
    try:
        found = orjson.loads(data)
        return str(found["key"]), [Told(**one) for one in found["told"]]
    except (ValueError, TypeError, KeyError):
        return None


def _told(events: Iterable[Event]) -> list[Told]:
    return [Told(stage=e.stage, detail=e.detail, level=e.level, pct=e.pct, data=dict(e.data)) for e in events]


def decode(data: bytes) -> tuple[Seen, list[Told]] | None:
    """What these bytes are of; nothing for bytes that are of nothing."""
    try:
        inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        lines = _lines(inflater.decompress(data, _MOST))
        if not inflater.eof:
            return None
        head = orjson.loads(next(lines, b""))
        packages = tuple(package for group in lines for package in _packages(orjson.loads(group)))
        told = [Told(**one) for one in head.pop("told")]
        coverage = tuple(map(coverage_of, head.pop("coverage")))
        guarded = tuple(
            Guarded(protection=protection_of(one["protection"]), path=one["path"], layer=one["layer"])
            for one in head.pop("guarded")
        )
        return Seen(packages=packages, coverage=coverage, guarded=guarded, **head), told
    except (_Damaged, ValueError, TypeError, KeyError, AttributeError):
        return None


def _lines(data: bytes) -> Iterator[memoryview]:
    """Every line where it lies."""
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        yield memoryview(data)[start:end]
        start = end + 1


def _groups(packages: Sequence[Package]) -> Iterator[tuple[Package, ...]]:
    rest = iter(packages)
    while group := tuple(islice(rest, _TOGETHER)):
        yield group


def _packages(group: list[dict[str, Any]]) -> Iterator[Package]:
    same: dict[str | None, str | None] = {}  # layers and instructions are those of thousands
    for fields in group:
        fields["licenses"], fields["hashes"] = tuple(fields["licenses"]), tuple(fields["hashes"])
        fields["dependencies"] = tuple(same.setdefault(one, one) for one in fields["dependencies"])
        fields["locations"] = tuple(
            Location(
                path=one["path"],
                layer=same.setdefault(one["layer"], one["layer"]),
                instruction=same.setdefault(one["instruction"], one["instruction"]),
            )
            for one in fields["locations"]
        )
        fields["evidence"] = tuple(Evidence(**one) for one in fields["evidence"])
        fields["tier"], fields["presence"] = Tier(fields["tier"]), Presence(fields["presence"])
        fields["source"] = fields["source"] and SourcePackage(**fields["source"])
        fields["distro"] = fields["distro"] and Distro(**fields["distro"])
        yield Package(**fields)


def coverage_of(fields: dict[str, Any]) -> Coverage:
    """An entry from its fields as JSON has them."""
    return Coverage(**{**fields, "state": CoverageState(fields["state"])})


def protection_of(fields: dict[str, Any]) -> Protection:
    """The facts of a program from their fields as JSON has them."""
    return Protection(**{**fields, **{name: tuple(fields[name]) for name in ("search_paths", "writable_code")}})
