"""Python distributions as records: what the metadata that builders write says (core metadata specification)."""

from __future__ import annotations

import re

from surveyor.scan.catalog.interface import Record, licence, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex

_HEADER = regex(rb"^(name|version|license|license-expression|classifier):[ \t]*([^\n]*)", re.MULTILINE | re.IGNORECASE)
_BLANK = regex(rb"\r?\n\r?\n")


def record_of(data: bytes) -> Record:
    """The record of one distribution, from the headers above its description; raises without a name and a version."""
    head = _BLANK.split(data, maxsplit=1)[0]
    headers: dict[str, list[str]] = {}
    for key, value in _HEADER.findall(head):
        headers.setdefault(key.decode().lower(), []).append(text(value))
    name, version = headers.get("name", [""])[0], headers.get("version", [""])[0]
    if not (plausible(name) and plausible(version)):
        raise Malformed("Python metadata has no usable name or version")
    return Record(
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
