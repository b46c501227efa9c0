"""Python eggs that are one file: a zip that Python imports from (setuptools, "The Internal Structure of Eggs")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.python_metadata import record_of
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex
from surveyor.scan.tree.zip import Zip

_METADATA = "EGG-INFO/PKG-INFO"
_ZIP = b"PK"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record an egg; what is only called so is none."""
    if bytes(file.data[:2]) != _ZIP:
        return
    archive = Zip(file.data, budget)
    member = next((one for one in archive.members((_METADATA.encode(),)) if one.name == _METADATA.encode()), None)
    if member is not None:
        record = record_of(bytes(archive.read(member, MIB)))
        budget.package()
        yield replace(record, inner=_METADATA)


CATALOGER = Cataloger(
    id="python_egg",
    version=1,
    summary="Python eggs that are one file",
    endings=rb"egg",
    paths=regex(rb"\.egg$"),
    parse=parse,
    limit=64 * MIB,
    random=True,
)
