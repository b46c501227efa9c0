"""RPM packages that a repository offers, by its primary metadata: they may be installed from it, and are not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, text
from surveyor.scan.catalog.nevra import record_of
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.pieces import pieces
from surveyor.scan.formats.rpm.package import RpmPackage
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex
from surveyor.scan.tree.stream import contents
from surveyor.scan.vocabulary import counted

_BEGIN, _END = regex(rb"<package\s[^<>]*>"), b"</package>"
_WHOLE = regex(rb"</metadata\s*>|<metadata\s[^<>]*/>")
#: What a package requires and provides comes after this and is longer than all before.
_HEAD_ENDS = b"<rpm:header-range"
_FIELD = regex(rb"<(name|arch|rpm:license|rpm:vendor|rpm:sourcerpm)>([^<]*)</")
_VERSION = regex(rb"<version\s([^<>]*)>")
_ATTRIBUTE = regex(rb"(epoch|ver|rel)\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
_ENTITY = regex(rb"&(?:#(?P<number>[0-9]{1,7})|#x(?P<hex>[0-9A-Fa-f]{1,6})|(?P<name>amp|lt|gt|quot|apos));")
_CHARACTERS = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
_LONGEST = 16 * MIB


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record an element ``package``. Not read as XML: no entity of a document's own is ever looked up."""
    broken, whole = 0, False
    for piece, ended in pieces(contents(file.data, budget), _END, _LONGEST):
        if not ended:
            whole = _WHOLE.search(piece) is not None
        elif begin := _BEGIN.search(piece):
            record = _record(piece[begin.end() :])
            if record is None:
                broken += 1
                continue
            budget.package()
            yield record
    if broken:
        raise Malformed(f"{counted(broken, 'package')} of a repository without a usable name or version")
    if not whole:
        raise Malformed("primary metadata of a repository is cut short")


def _record(element: bytes) -> Record | None:
    head = element.partition(_HEAD_ENDS)[0]
    fields = {key: _text(value) for key, value in reversed(_FIELD.findall(head))}
    found = _VERSION.search(head)
    version = {key: _text(one or other) for key, one, other in _ATTRIBUTE.findall(found[1])} if found else {}
    epoch = version.get(b"epoch", "")
    package = RpmPackage(
        name=fields.get(b"name", ""),
        version=version.get(b"ver", ""),
        release=version.get(b"rel", ""),
        epoch=int(epoch) if epoch.isascii() and epoch.isdigit() and len(epoch) < 11 else None,
        arch=fields.get(b"arch", ""),
        vendor=fields.get(b"rpm:vendor", ""),
        licence=fields.get(b"rpm:license", ""),
        source_rpm=fields.get(b"rpm:sourcerpm", ""),
    )
    return record_of(package, presence=Presence.DECLARED, distro=package.built_for)


def _text(value: bytes) -> str:
    return text(_ENTITY.sub(_character, value))


def _character(entity: re.Match[bytes]) -> bytes:
    if entity["name"]:
        return _CHARACTERS[entity["name"]]
    code = int(entity["number"]) if entity["number"] else int(entity["hex"], 16)
    return chr(code).encode() if code < 0x110000 and not 0xD800 <= code < 0xE000 else b""


_PRIMARY = rb"primary\.xml(?:\.(?:gz|xz|zst|bz2|lzma))?"

CATALOGER = Cataloger(
    id="repodata",
    version=1,
    summary="RPM packages that a repository offers, by repodata/primary.xml",
    names=_PRIMARY + rb"|[0-9a-f]+-" + _PRIMARY,
    # what a package manager keeps of repositories is no part of the target
    paths=regex(rb"^(?!(?:.*/)?var/cache/)(?:.*/)?repodata/(?:[0-9a-f]+-)?" + _PRIMARY + rb"$", re.DOTALL),
    parse=parse,
    limit=64 * MIB,
)
