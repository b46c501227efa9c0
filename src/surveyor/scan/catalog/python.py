"""Python distributions from the metadata that installers leave: dist-info, egg-info and eggs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget

_HEADER = re.compile(
    rb"^(name|version|license|license-expression|classifier):[ \t]*([^\n]*)", re.MULTILINE | re.IGNORECASE
)
_BLANK = re.compile(rb"\r?\n\r?\n")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file, from the headers above the description (core metadata specification)."""
    head = _BLANK.split(bytes(file.data), maxsplit=1)[0]
    headers: dict[str, list[str]] = {}
    for key, value in _HEADER.findall(head):
        headers.setdefault(key.decode().lower(), []).append(text(value))
    name, version = headers.get("name", [""])[0], headers.get("version", [""])[0]
    if not (plausible(name) and plausible(version)):
        raise Malformed("Python metadata has no usable name or version")
    budget.package()
    yield Record(
        type="pypi",
        name=name.lower().replace("_", "-"),
        version=version,
        licenses=_licenses(headers),
        evidence=quote(Name=name, Version=version),
    )


def _licenses(headers: dict[str, list[str]]) -> tuple[str, ...]:
    """The SPDX expression when there is one, else the licence field, else the classifiers."""
    for key in ("license-expression", "license"):
        if found := licence(headers.get(key, [""])[0]):
            return found
    named = (value.rpartition("::")[2] for value in headers.get("classifier", []) if value.startswith("License ::"))
    return tuple(one for value in named for one in licence(value))[:5]


CATALOGER = Cataloger(
    id="python",
    version=2,
    summary="Python distributions by dist-info, egg-info or sdist metadata",
    names=rb"METADATA|PKG-INFO",
    endings=rb"egg-info",
    paths=re.compile(
        rb"(?:^|/)(?:[^/]+\.dist-info/METADATA|[^/]+\.egg-info(?:/PKG-INFO)?|EGG-INFO/PKG-INFO)$|^[^/]+-[0-9][^/]*/PKG-INFO$",
        re.DOTALL,
    ),
    parse=parse,
    limit=256 << 10,
    beginning=True,
)
