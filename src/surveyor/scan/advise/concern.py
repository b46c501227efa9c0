"""Which stored packages a change of the advisories concerns: both sides as numbers that one index can hold.

A package's number is made of the name that advisories would speak of it under: its source's where they name sources, in
its registry's or distribution's spelling, of its release. Lines of one release share it (``Ubuntu:22.04:LTS`` and
``Ubuntu:22.04``, Red Hat's ``9`` and ``9.2``), since a scan asks some for want of others. So a change may concern a
package too many, which is matched once more for nothing, and never one too few.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from surveyor.scan.advise import cpe, programs, rhel
from surveyor.scan.advise.changes import Changes
from surveyor.scan.advise.ecosystems import lookup
from surveyor.scan.advise.names import canonical
from surveyor.scan.model import Package

#: The number of a package that no advisory can speak of.
NONE: Final = 0
_LINES = ":LTS"


def number_of(package: Package) -> int:
    """A signed number of 64 bits, never that of another name but by chance; ``NONE`` where there is nothing to ask."""
    if programs.questions(package):
        return _number(cpe.ECOSYSTEM, package.name)
    asked = lookup(package, ())
    return NONE if asked.ecosystem is None else _number(asked.ecosystem, asked.name)


def numbers_of(changes: Changes) -> frozenset[int]:
    """The numbers of all packages that something else is said of now."""
    return frozenset(
        _number(ecosystem, name)
        for ecosystem, changed in changes.packages
        for name in (_products(changed) if ecosystem == cpe.ECOSYSTEM else (changed,))
    )


def _products(name: str) -> Iterator[str]:
    """The programs that NVD knows by a product's name."""
    return (program for program, product in programs.PROGRAMS.items() if name in product.names)


def _number(ecosystem: str, name: str) -> int:
    # a build of Pro is judged by either list
    base = ecosystem.removesuffix(_LINES).replace("Ubuntu:Pro:", "Ubuntu:", 1)
    if base.startswith(f"{rhel.BASE}:"):
        base = base.partition(".")[0]
    text = f"{base}\0{canonical(base, name)}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True)
