"""Rust crates of programs that were built with ``cargo auditable``, from the list that it links into each."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import orjson

from surveyor.scan.catalog.interface import Cataloger, File, Record, plausible, quote
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats.layout import cut
from surveyor.scan.formats.program import is_whole
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Tier
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted

_SECTIONS = (".dep-v0", "__DATA,.dep-v0")
#: The list with all its crates; uv's 567 take 70 KB.
_LIST = 8 * MIB
_CRATES = 20_000
#: Where a crate is from is told unless it is from the registry of all.
_REGISTRY = "crates.io"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a crate that is in the program; those that only helped to build it are left out.

    Raises for a program that is cut short: it may have had a list, and so may what other units look for.
    """
    for offset, program in file.programs():
        for name in _SECTIONS:
            part = program.part(name)
            if part is not None:
                packed = cut(program.data, part.offset, part.size)
                yield from _crates(_inflated(packed, budget), f"{offset + part.offset:#x}", budget)
        if not is_whole(program):
            raise Malformed(f"program is cut short: its parts go on behind its {len(program.data):,} bytes")


def _inflated(packed: memoryview, budget: Budget) -> bytes:
    """The list; what the section holds behind it is padding."""
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, _LIST + 1)
    except zlib.error as error:
        raise Malformed(f"list of crates is damaged: {error}") from error
    budget.inflate(len(data), consumed=len(packed), total=len(data))
    if len(data) > _LIST:
        raise LimitExceeded(f"list of crates inflates to more than {_LIST:,} bytes")
    if not inflater.eof:
        raise Malformed("list of crates is cut short")
    return data


def _crates(data: bytes, where: str, budget: Budget) -> Iterator[Record]:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"list of crates is no JSON: {error}") from error
    crates = document.get("packages") if isinstance(document, dict) else None
    if not isinstance(crates, list):
        raise Malformed("list of crates holds no packages")
    if len(crates) > _CRATES:
        raise LimitExceeded(f"list of {len(crates):,} crates, over {_CRATES:,}")
    broken = 0
    for crate in crates:
        if isinstance(crate, dict) and crate.get("kind") == "build":
            continue
        record = _record(crate, where)
        if record is None:
            broken += 1
            continue
        budget.package()
        yield record
    if broken:
        raise Malformed(f"{counted(broken, 'crate')} without a usable name or version")


def _record(crate: object, where: str) -> Record | None:
    """One crate; what is not from a registry or a repository is somebody's own, whatever crates.io calls so."""
    if not isinstance(crate, dict):
        return None
    name, version, source = crate.get("name"), crate.get("version"), crate.get("source")
    if not (isinstance(name, str) and isinstance(version, str) and plausible(name) and plausible(version)):
        return None
    source = source if isinstance(source, str) and plausible(source) else None
    return Record(
        type="cargo",
        name=name,
        version=version,
        tier=Tier.HEURISTIC if source == "local" else Tier.CONFIRMED,
        qualifiers=() if source in (None, _REGISTRY) else (("source", source),),
        evidence=quote(name=name, version=version, source=source, offset=where),
    )


CATALOGER = Cataloger(
    id="rust",
    version=2,
    summary="Rust crates by the list that cargo auditable links into ELF, PE and Mach-O programs",
    paths=regex(rb"(?!)"),
    parse=parse,
    programs=True,
    random=True,
    limit=64 * MIB,
)
