"""yarn's lock files: version 1, and the YAML of yarn 2 and later (``berry``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, quote, text
from surveyor.scan.catalog.npm_record import is_local, record_of, split
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.stanza import settled
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex

_LINE = regex(
    rb"^(?:(?P<head>[^\s#][^\n]*):|  (?P<key>version|resolution|linkType):? (?P<value>[^\n]*))[ \r]*$", re.MULTILINE
)


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record an entry: a line of ``name@range`` specifiers, and what they resolve to. Workspaces are none."""
    data = settled(bytes(file.data), b"  version")
    if not data.strip():
        return  # an empty one marks where a project begins
    if not any(word in data[:1000] for word in (b"yarn lockfile", b"__metadata:")):
        raise Malformed("no lock file of yarn")
    head, entry = "", dict[str, str]()
    for line in _LINE.finditer(data):
        if line["head"] is not None:
            yield from _record(head, entry, budget)
            head, entry = text(line["head"]), {}
        else:
            entry.setdefault(line["key"].decode(), text(line["value"]).strip('"'))
    yield from _record(head, entry, budget)
    if head and not entry:
        raise Malformed("lock file of yarn ends inside an entry")


def _record(head: str, entry: dict[str, str], budget: Budget) -> Iterator[Record]:
    """A range may name another protocol, and with ``npm:`` another package than the one it is called."""
    version = entry.get("version", "")
    specifier = entry.get("resolution") or head.partition(",")[0].strip().strip('"')
    name, target = split(specifier)
    if target.startswith("npm:") and "@" in target[5:]:
        name = split(target.removeprefix("npm:"))[0]
    if not version or name == "__metadata" or is_local(target) or entry.get("linkType") == "soft":
        return
    if record := record_of(name, version, quote(entry=specifier[:120], version=version)):
        budget.package()
        yield record


CATALOGER = Cataloger(
    id="yarn",
    version=3,
    summary="npm packages that yarn.lock pins (version 1 and berry)",
    names=rb"yarn\.lock",
    paths=declares(rb"yarn\.lock"),
    parse=parse,
    limit=64 * MIB,
)
