"""Ruby gem files that are not installed: what their metadata says, as RubyGems writes it (YAML, one key a line)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex
from surveyor.scan.tree.inflate import gunzip
from surveyor.scan.tree.members import first

_METADATA = regex(rb"metadata\.gz")
_METADATA_BYTES = 4 * MIB
_NAME = regex(rb"^name: *([^\r\n]*)", re.MULTILINE)
_VERSION = regex(rb"^version: *!ruby/object:Gem::Version *\r?\n(?: [^\n]*\n)*? +version: *([^\r\n]*)", re.MULTILINE)
_PLATFORM = regex(rb"^platform: *([^\r\n]*)", re.MULTILINE)
_LICENSES = regex(rb"^licenses: *\r?\n((?:- [^\r\n]*\r?\n)+)", re.MULTILINE)


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file; its platform is told when it was built for one."""
    packed = first(file.data, _METADATA, budget, _METADATA_BYTES)
    if packed is None:
        raise Malformed("gem without metadata")
    metadata = _inflated(packed, budget)
    name, version, platform = (_scalar(key, metadata) for key in (_NAME, _VERSION, _PLATFORM))
    if not (plausible(name) and plausible(version)):
        raise Malformed("gem metadata has no usable name or version")
    budget.package()
    licences = _LICENSES.search(metadata)
    yield Record(
        type="gem",
        name=name,
        version=version,
        licenses=tuple(
            one for line in (licences[1].splitlines()[:5] if licences else ()) for one in licence(_plain(line[2:]))
        ),
        qualifiers=(("platform", platform),) if plausible(platform) and platform != "ruby" else (),
        evidence=quote(name=name, version=version, platform=platform),
    )


def _inflated(packed: bytes, budget: Budget) -> bytes:
    found = bytearray()
    for chunk in gunzip(memoryview(packed), budget):
        found += chunk
        if len(found) > _METADATA_BYTES:
            raise LimitExceeded(f"gem metadata of more than {_METADATA_BYTES:,} bytes")
    return bytes(found)


def _scalar(key: re.Pattern[bytes], metadata: bytes) -> str:
    found = key.search(metadata)
    return _plain(found[1]) if found else ""


def _plain(value: bytes) -> str:
    """A scalar without its quotes."""
    found = text(value)
    return found[1:-1] if len(found) > 1 and found[0] == found[-1] and found[0] in "'\"" else found


CATALOGER = Cataloger(
    id="gem_package",
    version=2,
    summary="Ruby gem files (.gem) by their metadata",
    endings=rb"gem",
    # RubyGems keeps each file that it installed
    paths=regex(rb"^(?!(?:.*/)?cache/).*\.gem$", re.DOTALL),
    parse=parse,
    limit=8 * MIB,
    beginning=True,
)
