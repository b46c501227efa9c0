"""Which files Debian packages put where they are, by dpkg's lists: one a package, beside its database."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Owned, plausible
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex

_SUM = regex(rb"^[0-9a-f]{32}[ \t]+\*?", re.MULTILINE)


def parse(file: File, _budget: Budget) -> Iterator[Owned]:
    """The paths of one package, whose name is the file's: ``NAME[:ARCH].list``, or ``NAME.md5sums`` in distroless."""
    name, _, ending = file.path.rpartition("/")[2].rpartition(".")
    package = name.partition(":")[0]
    if not plausible(package):
        return
    data = bytes(file.data)
    yield Owned(type="deb", package=package, paths=_SUM.sub(b"/", data) if ending == "md5sums" else data)


CATALOGER = Cataloger(
    id="dpkg_files",
    version=1,
    summary="Which files Debian packages own, by dpkg's lists",
    names=rb"(?<=/dpkg/info/)[^/]+\.list|(?<=/status\.d/)[^/]+\.md5sums",
    paths=regex(rb"^(?P<root>(?:.*/)?)var/lib/dpkg/(?:info/[^/]+\.list|status\.d/[^/]+\.md5sums)$", re.DOTALL),
    parse=parse,
    system=True,
    limit=8 * MIB,
)
