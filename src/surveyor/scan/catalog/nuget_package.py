"""NuGet package files: what the specification at their root says (NuGet's nuspec.xsd, element ``metadata``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text, utf8
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.licence import spdx
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex
from surveyor.scan.tree.zip import Zip

_SPECIFICATION = b".nuspec"
_METADATA = regex(rb"<metadata\b[^<>]*>")
_ID, _VERSION = (regex(rb"<" + tag + rb"\b[^<>]{0,200}>([^<]*)</") for tag in (b"id", b"version"))
_ADDRESS = regex(rb"<licenseUrl\b[^<>]{0,200}>([^<]*)</")
_REGISTRY = "https://licenses.nuget.org/"  # whose pages are named after expressions
_LICENCE = regex(rb"<license\b[^<>]{0,200}?\btype\s?=\s?[\"']expression[\"'][^<>]{0,200}>([^<]*)</")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file."""
    archive = Zip(file.data, budget)
    at_root = (member for member in archive.members((_SPECIFICATION,)) if b"/" not in member.name)
    member = next(at_root, None)
    if member is None:
        raise Malformed("NuGet package without a specification")
    metadata = _metadata(utf8(bytes(archive.read(member, MIB))))
    name, version, expression, address = (_value(key, metadata) for key in (_ID, _VERSION, _LICENCE, _ADDRESS))
    if not (plausible(name) and plausible(version)):
        raise Malformed("NuGet specification has no usable name or version")
    budget.package()
    yield Record(
        type="nuget",
        name=name,
        version=version,
        # what an address says is known of a few, and a link is no licence
        licenses=licence(expression or spdx(unquote(address.removeprefix(_REGISTRY))) or ""),
        inner=text(member.name),
        evidence=quote(id=name, version=version),
    )


def _metadata(specification: bytes) -> bytes:
    """What stands inside the element; dependencies and files beside it name other packages."""
    start = _METADATA.search(specification)
    return specification[start.end() :].partition(b"</metadata")[0] if start else b""


def _value(key: re.Pattern[bytes], metadata: bytes) -> str:
    found = key.search(metadata)
    return text(found[1]) if found else ""


CATALOGER = Cataloger(
    id="nuget_package",
    version=2,
    summary="NuGet package files (.nupkg) by their specification",
    endings=rb"nupkg",
    paths=regex(rb"\.nupkg$"),
    parse=parse,
    limit=64 * MIB,
    random=True,
)
