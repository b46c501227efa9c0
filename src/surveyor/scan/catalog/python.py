"""Python distributions from the metadata that installers leave: dist-info, egg-info and eggs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.python_metadata import record_of
from surveyor.scan.limits import Budget
from surveyor.scan.patterns import regex


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file."""
    record = record_of(bytes(file.data))
    budget.package()
    yield record


CATALOGER = Cataloger(
    id="python",
    version=2,
    summary="Python distributions by dist-info, egg-info or sdist metadata",
    names=rb"METADATA|PKG-INFO",
    endings=rb"egg-info",
    paths=regex(
        rb"(?:^|/)(?:[^/]+\.dist-info/METADATA|[^/]+\.egg-info(?:/PKG-INFO)?|EGG-INFO/PKG-INFO)$|^[^/]+-[0-9][^/]*/PKG-INFO$",
        re.DOTALL,
    ),
    parse=parse,
    limit=256 << 10,
    beginning=True,
)
