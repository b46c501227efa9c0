"""A snap by its own ``meta/snap.yaml`` (snap documentation, "The snap format").

The purl specification has no type for snaps, so it is ``generic``; ``snap`` before the name keeps it apart from the
program that it packs, whose versions are other ones.
"""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.yaml import lines
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex

_FIELDS = ("name", "version", "license", "base", "type")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """The snap, with its architecture where it is built for one only."""
    fields: dict[str, str] = {}
    architectures: list[str] = []
    section = ""
    for line in lines(bytes(file.data)):
        if line.item and not line.key and section == "architectures":
            architectures.append(line.value)
        elif line.indent == 0:
            section = line.key
            fields.setdefault(line.key, line.value)
    architectures += fields.get("architectures", "").strip("[] ").replace(",", " ").split()
    name, version = fields.get("name", ""), fields.get("version", "")
    if not (plausible(name) and plausible(version)):
        raise Malformed("snap.yaml has no usable name or version")
    budget.package()
    only = architectures[0] if len(architectures) == 1 else "all"
    yield Record(
        type="generic",
        namespace="snap",
        name=name,
        version=version,
        licenses=licence(fields.get("license", "")),
        evidence=quote(**{key: fields.get(key) for key in _FIELDS}),
        arch=only if only != "all" and plausible(only) else None,
    )


CATALOGER = Cataloger(
    id="snap",
    version=1,
    summary="snaps by their snap.yaml",
    names=rb"snap\.yaml",
    paths=regex(rb"(?:^|/)meta/snap\.yaml$"),
    parse=parse,
    limit=MIB,
)
