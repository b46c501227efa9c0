"""pnpm's lock file, of versions 5 to 9 (pnpm's lockfile specification)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote, scoped
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.yaml import Line, lines
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence

#: ``/name/1.0.0_peers`` to version 5, ``/name@1.0.0(peers)`` in 6, ``name@1.0.0`` in 9; another registry's host before.
_KEY = re.compile(
    r"(?:[^/@(]+\.[^/@(]+(?=/))?/?(?P<name>(?:@[^/@(]+/)?[^/@(]+)[/@](?P<version>\d[^_(/]*)(?:[_(].*)?", re.DOTALL
)
_LONGEST = 1000


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package of the section ``packages``; what is on no registry is one where name and version are."""
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
    if line.key in {"name", "version", "dev", "optional"}:
        body[line.key] = line.value


def _record(key: str, body: dict[str, str], budget: Budget) -> Iterator[Record]:
    found = _KEY.fullmatch(key) if 0 < len(key) <= _LONGEST else None
    name = body.get("name") or (found["name"] if found else "")
    version = body.get("version") or (found["version"] if found else "")
    if not (plausible(name) and plausible(version)):
        return
    budget.package()
    namespace, own = scoped(name)
    yield Record(
        type="npm",
        namespace=namespace,
        name=own,
        version=version,
        presence=Presence.DECLARED,
        evidence=quote(
            package=key[:120], scope=", ".join(scope for scope in ("dev", "optional") if body.get(scope) == "true")
        ),
    )


CATALOGER = Cataloger(
    id="pnpm",
    version=1,
    summary="npm packages that pnpm-lock.yaml pins",
    names=rb"pnpm-lock\.yaml",
    paths=declares(rb"pnpm-lock\.yaml"),
    parse=parse,
    limit=64 * MIB,
)
