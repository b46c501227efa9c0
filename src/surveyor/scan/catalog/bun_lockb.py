"""bun's lock file as it was before bun 1.2: binary, the packages column by column.

Not published; read as bun 1.0 to 1.1 writes it, format 2. Behind the magic the format, a digest and a size; then number
of packages and where their columns lie; then six buffers, each behind its bounds, of which the last holds all strings.
Numbers are little endian. The first columns are the names, their hashes, and what each name was resolved to.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, quote, text
from surveyor.scan.catalog.npm_record import record_of
from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.limits import MIB, Budget

_MAGIC = b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n"
_FORMAT = 2
#: Format, digest, size of all; packages, alignment, columns, where the columns begin and end.
_HEAD = Struct("<I32xQ5Q")
_BOUNDS = Struct("<QQ")
_BUFFERS = 6
#: A string of up to eight bytes itself, or place and length of one, the highest bit of which is set.
_STRING, _FAR = Struct("<II"), 1 << 31
_LONGEST = 1024
_HASH = 8
#: What a name was resolved to: a tag, for a package of the registry its URL, numbers of its version, its pre-release
#: and its build, each as a string and a hash; or a repository.
_RESOLUTION = Struct("<B7x8s3I4x8s8x8s8x")
_NPM = 2
_REPOSITORIES = frozenset({8, 16, 24, 32, 80})  # archives and repositories; others are parts of the project


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package of the registry, with its version, or of a repository, without one."""
    data = file.data
    if bytes(data[: len(_MAGIC)]) != _MAGIC or len(data) < len(_MAGIC) + _HEAD.size:
        raise Malformed("bun.lockb does not begin as bun's lock files do")
    form, _, count, _, _, begin, end = _HEAD.unpack_from(data, len(_MAGIC))
    if form != _FORMAT:
        raise Unsupported(f"bun.lockb of format {form:,} is not read")
    resolutions = begin + (_STRING.size + _HASH) * count
    if not begin <= resolutions + _RESOLUTION.size * count <= end <= len(data):
        raise Malformed("bun.lockb is cut short or damaged")
    strings = _strings(data, end)
    for number in range(count):
        budget.check_time()
        tag, _, major, minor, patch, before, build = _RESOLUTION.unpack_from(
            data, resolutions + number * _RESOLUTION.size
        )
        if tag != _NPM and tag not in _REPOSITORIES:
            continue
        name = _text(bytes(data[begin + 8 * number :][:8]), strings)
        version = ""
        if tag == _NPM:
            more = (("-", _text(before, strings)), ("+", _text(build, strings)))
            version = f"{major}.{minor}.{patch}" + "".join(sign + part for sign, part in more if part)
        if record := record_of(name, version, quote(name=name, version=version)):
            budget.package()
            yield record


def _strings(data: memoryview, position: int) -> memoryview:
    """The last buffer behind the columns."""
    start = position
    for _ in range(_BUFFERS):
        if position + _BOUNDS.size > len(data):
            raise Malformed("bun.lockb is cut short before its strings")
        start, end = _BOUNDS.unpack_from(data, position)
        if not position < start <= end <= len(data):
            raise Malformed("bun.lockb has a buffer outside the file")
        position = end
    return data[start:position]


def _text(field: bytes, strings: memoryview) -> str:
    place, length = _STRING.unpack(field)
    if length < _FAR:
        return text(field.rstrip(b"\0"))
    return text(bytes(strings[place : place + min(length - _FAR, _LONGEST)]))


CATALOGER = Cataloger(
    id="bun_lockb",
    version=1,
    summary="npm packages that bun.lockb pins, the binary lock file of bun before 1.2",
    names=rb"bun\.lockb",
    paths=declares(rb"bun\.lockb"),
    parse=parse,
    limit=32 * MIB,
)
