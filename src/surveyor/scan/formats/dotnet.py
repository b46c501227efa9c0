"""What .NET deploys with a program: its list of libraries, and where single-file programs keep it (.NET runtime's
``deps.json`` and bundle manifest, documented as runtime-config and single-file design).
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

import orjson

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats.layout import Part, cut, find, unpack
from surveyor.scan.formats.program import Program
from surveyor.scan.limits import MIB
from surveyor.scan.values import frozen

#: The place in a host program where the position of the bundle is written before these bytes.
_MARK = bytes.fromhex("8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae")
_HOST_DATA = (".data", "__DATA,__data", ".rdata", "__DATA,__const", ".data.rel.ro")
_SEARCHED, _LIST, _LIBRARIES = 8 * MIB, 16 * MIB, 20_000
#: What is there to run, as targets list it.
_DEPLOYED = ("runtime", "native", "runtimeTargets", "resources")


@frozen
class Library:
    """One library; ``kind`` is ``package``, ``project``, ``runtimepack`` … ``deployed`` when files of it are there."""

    name: str
    version: str
    kind: str
    deployed: bool


def libraries(data: bytes | memoryview) -> Iterator[Library]:
    """The libraries of a ``deps.json``, in its order."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"list of .NET libraries is no JSON: {error}") from error
    listed, targets = _mapping(document, "libraries"), _mapping(document, "targets")
    if not listed and not targets:
        raise Malformed("list of .NET libraries has none")
    if len(listed) > _LIBRARIES:
        raise LimitExceeded(f"list of {len(listed):,} .NET libraries, over {_LIBRARIES:,}")
    deployed = {
        key
        for target in targets.values()
        if isinstance(target, dict)
        for key, said in target.items()
        if isinstance(said, dict) and any(said.get(kind) for kind in _DEPLOYED) and said.get("compileOnly") is not True
    }
    for key, said in listed.items():
        name, _, version = key.partition("/")
        kind = said.get("type") if isinstance(said, dict) else None
        yield Library(name=name, version=version, kind=str(kind).lower(), deployed=key in deployed)


def _mapping(document: object, key: str) -> dict[str, object]:
    found = document.get(key) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def bundled(program: Program) -> memoryview | None:
    """The ``deps.json`` of a single-file program; nothing for any other, raises where the bundle is damaged."""
    for part in _host_data(program):
        view = program.data[part.offset : part.offset + min(part.size, _SEARCHED)]
        at = find(view, _MARK)
        if at >= 8:
            (position,) = unpack(Struct("<Q"), view, at - 8)
            return _manifest(program.data, position) if position else None
    return None


def _host_data(program: Program) -> list[Part]:
    return [part for name in _HOST_DATA if (part := program.part(name)) is not None]


def _manifest(data: memoryview, at: int) -> memoryview | None:
    """Version, number of files, the bundle's id with its length before it, then where the list is; since .NET 5."""
    major, _, _ = unpack(Struct("<IIi"), data, at)
    if major < 2:
        return None
    length = unpack(Struct("<B"), data, at + 12)[0]
    if length > 0x7F:
        raise Malformed("bundle of a .NET program has a damaged id")
    offset, size = unpack(Struct("<QQ"), data, at + 13 + length)
    if size > _LIST:
        raise LimitExceeded(f"list of .NET libraries of {size:,} bytes")
    return cut(data, offset, size) if size else None
