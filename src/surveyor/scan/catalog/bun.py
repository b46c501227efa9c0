"""bun's lock file: JSON with commas at the end of its lists, one entry a package (bun documentation)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, quote
from surveyor.scan.catalog.npm_record import is_local, record_of, split
from surveyor.scan.formats.json import load_object, mapping, sequence, string
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex

#: Strings are taken whole, so that a comma in one stays; one without an end too, lest each quote in it begins another.
_COMMA = regex(rb'("(?:[^"\\\n]|\\.)*+"?)|,(?=\s*[}\]])')


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record an entry, whose first member is ``name@version``, or ``name@`` and the repository that it is from.

    Workspaces and folders are none.
    """
    document = load_object(memoryview(_COMMA.sub(rb"\1", bytes(file.data))))
    for entry in mapping(document.get("packages")).values():
        specifier = next((string(value) for value in sequence(entry)[:1]), "")
        name, target = split(specifier)
        version = target if target[:1].isdigit() else ""
        record = None if is_local(target) else record_of(name, version, quote(package=specifier))
        if record:
            budget.package()
            yield record


CATALOGER = Cataloger(
    id="bun",
    version=2,
    summary="npm packages that bun.lock pins",
    names=rb"bun\.lock",
    paths=declares(rb"bun\.lock"),
    parse=parse,
    limit=32 * MIB,
)
