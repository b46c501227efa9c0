"""The package that a program is of, as its distribution's build wrote it into the program (ELF package metadata)."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from surveyor.scan.catalog.interface import Cataloger, File, Record, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.elf import Elf
from surveyor.scan.formats.elf_dynamic import Note, notes
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Distro
from surveyor.scan.patterns import regex

_OWNER, _PACKAGE, _BUILD_ID = "FDO", 0xCAFE1A7E, 3
#: What the notes call a kind of package, by its PURL type; whatever else is somebody's own.
_TYPES = {"deb": "deb", "rpm": "rpm", "apk": "apk", "alpm": "alpm", "pacman": "alpm", "opkg": "opkg"}
_ID = regex(r"[a-z0-9._-]{1,64}")
#: ``cpe:/o:VENDOR:PRODUCT:VERSION`` and ``cpe:2.3:o:VENDOR:PRODUCT:VERSION:…``
_CPE = regex(r"cpe:(?:2\.3:|/)o:[^:]*:(?P<id>[^:]+)(?::(?P<version>[^:]*))?")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a program: the name is that of the source package, which the metadata is written from."""
    for _, program in file.programs():
        if isinstance(program, Elf):
            yield from _records(program, budget)


def _records(program: Elf, budget: Budget) -> Iterator[Record]:
    build = ""
    package: Note | None = None
    for note in notes(program):
        if note.owner == _OWNER and note.kind == _PACKAGE:
            package = package or note
        elif note.owner == "GNU" and note.kind == _BUILD_ID:
            build = bytes(note.data[:64]).hex()
    if package is not None:
        budget.package()
        yield _record(bytes(package.data).rstrip(b"\0"), build)


def _record(data: bytes, build: str) -> Record:
    try:
        said = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"note about the package is no JSON: {error}") from error
    fields = {key: value for key, value in said.items() if isinstance(value, str)} if isinstance(said, dict) else {}
    name, version = fields.get("name", ""), fields.get("version", "")
    if not (plausible(name) and plausible(version)):
        raise Malformed("note about the package has no usable name or version")
    arch = fields.get("architecture", "")
    return Record(
        type=_TYPES.get(fields.get("type", ""), "generic"),
        name=name,
        version=version,
        arch=arch if plausible(arch) else None,
        distro=_distro(fields),
        evidence=quote(
            type=fields.get("type"), name=name, version=version, os=fields.get("osCpe") or fields.get("os"), build=build
        ),
    )


def _distro(fields: dict[str, str]) -> Distro | None:
    """The distribution by its own words, else by the CPE of its system."""
    identity, version = fields.get("os", "").lower(), fields.get("osVersion", "")
    if not _ID.fullmatch(identity):
        cpe = _CPE.match(fields.get("osCpe", ""))
        identity, version = (cpe["id"], cpe["version"] or "") if cpe else ("", "")
    if not _ID.fullmatch(identity):
        return None
    return Distro(id=identity, version=version if plausible(version) else "")


CATALOGER = Cataloger(
    id="elf_note",
    version=1,
    summary="packages by the metadata in ELF programs that no package database lists",
    paths=regex(rb"(?!)"),
    parse=parse,
    programs=True,
    unowned=True,
    random=True,
    limit=64 * MIB,
)
