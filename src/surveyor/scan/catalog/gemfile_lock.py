"""Bundler's lock file: Gemfile.lock, or gems.locked (Bundler documentation)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence

_LINE = re.compile(
    rb"^(?:(?P<section>[A-Z]+(?: [A-Z]+)*)|    (?P<name>[^\s(]+) \((?P<version>[^)\n]+)\))[ \r]*$", re.MULTILINE
)
_NAMES = rb"Gemfile\.lock|gems\.locked"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a gem of ``specs``; those of ``PATH`` are parts of the project. A platform follows a hyphen."""
    section = b""
    for line in _LINE.finditer(bytes(file.data)):
        if line["section"] is not None:
            section = line["section"].strip()
            continue
        name = text(line["name"])
        version, _, platform = text(line["version"]).partition("-")
        if section not in {b"GEM", b"GIT", b"PLUGIN SOURCE"} or not (plausible(name) and plausible(version)):
            continue
        budget.package()
        yield Record(
            type="gem",
            name=name,
            version=version,
            presence=Presence.DECLARED,
            qualifiers=(("platform", platform),) if plausible(platform) else (),
            evidence=quote(spec=text(line[0]), source=None if section == b"GEM" else section.decode()),
        )
    if not section:
        raise Malformed("no lock file of Bundler")


CATALOGER = Cataloger(
    id="gemfile_lock",
    version=1,
    summary="Ruby gems that Gemfile.lock pins",
    names=_NAMES,
    paths=declares(_NAMES),
    parse=parse,
    limit=16 * MIB,
)
