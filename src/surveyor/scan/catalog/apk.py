"""Alpine packages from apk's database of what is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Owned, Record, licence, plausible, quote, related, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.stanza import settled, stanzas
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import SourcePackage
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted

_FILES = regex(rb"^([FR]):([^\n]*)", re.MULTILINE)
_FIELDS = regex(rb"^([PVALoDp]):([^\n]*)", re.MULTILINE)

_NAME = regex(r"(?:^|\s)([^!<>=~@\s][^<>=~@\s]*)")


def parse(file: File, budget: Budget) -> Iterator[Record | Owned]:
    """One record a paragraph, and its files; ``o:`` names the origin, which advisories speak about."""
    broken = 0
    for paragraph in stanzas(settled(bytes(file.data), b"V:")):
        fields = {key.decode(): text(value) for key, value in _FIELDS.findall(paragraph)}
        name, version = fields.get("P", ""), fields.get("V", "")
        if not fields:
            continue
        if not (plausible(name) and plausible(version)):
            broken += 1
            continue
        budget.package()
        origin = fields.get("o", "")
        yield Record(
            type="apk",
            name=name,
            version=version,
            arch=fields.get("A") or None,
            licenses=licence(fields.get("L", "")),
            source=SourcePackage(name=origin, version=version) if plausible(origin) else None,
            called=related([name, *_names(fields.get("p", ""))], budget),
            needs=related(_names(fields.get("D", "")), budget),
            evidence=quote(P=name, V=version, A=fields.get("A"), o=origin),
        )
        yield Owned(type="apk", package=name, paths=_paths(paragraph))
    if broken:
        raise Malformed(f"{counted(broken, 'apk record')} without a usable name or version")


def _names(field: str) -> list[str]:
    """Packages, libraries (``so:``) and commands (``cmd:``) without the versions behind them; ``!`` is a conflict."""
    return _NAME.findall(field) if field else []


def _paths(paragraph: bytes) -> bytes:
    """The files of a package: ``F:`` names a folder, each ``R:`` after it a file in that."""
    folder, paths = b"", []
    for key, value in _FILES.findall(paragraph):
        if key == b"F":
            folder = value
        else:
            paths.append(b"/" + folder + b"/" + value if folder else b"/" + value)
    return b"\n".join(paths)


CATALOGER = Cataloger(
    id="apk",
    version=5,
    summary="Alpine packages by apk's installed database",
    names=rb"installed(?<=/apk/db/installed)",
    paths=regex(rb"^(?P<root>(?:.*?/)??)(?:usr/)?lib/apk/db/installed$", re.DOTALL),
    parse=parse,
    system=True,
    places=(b"lib/apk/db/installed", b"usr/lib/apk/db/installed"),
    limit=32 * MIB,
)
