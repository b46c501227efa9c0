"""pnpm's lock file, of versions 5 to 9 (pnpm's lockfile specification)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, quote
from surveyor.scan.catalog.npm_record import record_of, split
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.yaml import Line, lines
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex

#: ``/name/1.0.0_peers`` to version 5, ``/name@1.0.0(peers)`` in 6, ``name@1.0.0`` in 9; another registry's host before.
_KEY = regex(
    r"(?:[^/@(]+\.[^/@(]+(?=/))?/?(?P<name>(?:@[^/@(]+/)?[^/@(]+)[/@](?P<version>\d[^_(/]*)(?:[_(].*)?", re.DOTALL
)
_LONGEST = 1000


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package of the section ``packages``; what is on no registry is one where name and version are.

    Folders are parts of the project.
    """
    section, met = "", False
    head, body = "", dict[str, str]()
    for line in lines(bytes(file.data)):
        if line.indent == 0:
            yield from _record(head, body, budget)
            head, section = "", line.key
            met = met or line.key == "lockfileVersion"
        elif section == "packages":
            if line.indent == 2:
                yield from _record(head, body, budget)
                head, body = line.key, {}
            elif line.indent == 4:
                _note(line, body)
    yield from _record(head, body, budget)
    if not met:
        raise Malformed("no lock file of pnpm")


def _note(line: Line, body: dict[str, str]) -> None:
    if line.key in {"name", "version", "dev", "optional", "resolution"}:
        body[line.key] = line.value


def _record(key: str, body: dict[str, str], budget: Budget) -> Iterator[Record]:
    found = _KEY.fullmatch(key) if 0 < len(key) <= _LONGEST else None
    name = body.get("name") or (found["name"] if found else split(key)[0])  # from 9 on it always begins the key
    version = body.get("version") or (found["version"] if found else "")
    if not version or "type: directory" in body.get("resolution", ""):
        return
    scope = ", ".join(scope for scope in ("dev", "optional") if body.get(scope) == "true")
    if record := record_of(name, version, quote(package=key[:120], scope=scope)):
        budget.package()
        yield record


CATALOGER = Cataloger(
    id="pnpm",
    version=2,
    summary="npm packages that pnpm-lock.yaml pins",
    names=rb"pnpm-lock\.yaml",
    paths=declares(rb"pnpm-lock\.yaml"),
    parse=parse,
    limit=64 * MIB,
)
