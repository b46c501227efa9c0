"""Go modules whose content a go.sum vouches for (Go Modules Reference, go.sum files).

It names what the go command once loaded, of which the build may use another version: never more than a guess, and only
what stands in no go.mod is news. Lines of a module's go.mod alone name modules that were looked at and not loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence, Tier
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted

_LINE = regex(rb"^(\S{1,512}) (v\S{1,256}) h1:[A-Za-z0-9+/]{43}=[ \t\r]*$", re.MULTILINE)


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a module and version with a sum of its content."""
    good = 0
    data = bytes(file.data)
    for match in _LINE.finditer(data):
        good += 1
        path, version = (part.decode("utf-8", "backslashreplace") for part in match.groups())
        if version.endswith("/go.mod") or not (plausible(path) and plausible(version)):
            continue
        budget.package()
        namespace, _, name = path.rpartition("/")
        if name:
            yield Record(
                type="golang",
                namespace=namespace or None,
                name=name,
                version=version,
                presence=Presence.DECLARED,
                tier=Tier.HEURISTIC,
                evidence=quote(sum=f"{path} {version}"),
            )
    lines = sum(1 for line in data.splitlines() if line.strip())
    if lines > good:
        raise Malformed(f"{counted(lines - good, 'line')} of go.sum without a module, a version and a sum")


CATALOGER = Cataloger(
    id="go_sum",
    version=1,
    summary="Go modules whose content go.sum vouches for",
    names=rb"go\.sum",
    paths=regex(rb"^(?!(?:.*/)?testdata/)" + declares(rb"go\.sum").pattern, re.DOTALL),
    parse=parse,
    limit=16 * MIB,
)
