"""Bundler's lock file: Gemfile.lock, or gems.locked (Bundler documentation)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote, related, text
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_LINE = regex(
    rb"^(?:(?P<section>[A-Z]+(?: [A-Z]+)*)|    (?P<name>[^\s(]+) \((?P<version>[^)\n]+)\)"
    rb"|      (?P<need>[^\s(]+)[^\n]*)[ \r]*$",
    re.MULTILINE,
)
_NAMES = rb"Gemfile\.lock|gems\.locked"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a gem of ``specs``; those of ``PATH`` are parts of the project. What each needs stands below it."""
    section = b""
    spec: re.Match[bytes] | None = None
    needs: list[str] = []
    for line in _LINE.finditer(bytes(file.data)):
        if line["need"] is not None:
            needs.append(text(line["need"]))
            continue
        if spec:
            yield from _record(spec, section, needs, budget)
        spec, needs = (line, []) if line["section"] is None else (None, [])
        section = section if line["section"] is None else line["section"].strip()
    if spec:
        yield from _record(spec, section, needs, budget)
    if not section:
        raise Malformed("no lock file of Bundler")


def _record(spec: re.Match[bytes], section: bytes, needs: list[str], budget: Budget) -> Iterator[Record]:
    """A gem; its platform follows a hyphen."""
    name = text(spec["name"])
    version, _, platform = text(spec["version"]).partition("-")
    if section not in {b"GEM", b"GIT", b"PLUGIN SOURCE"} or not (plausible(name) and plausible(version)):
        return
    budget.package()
    yield Record(
        type="gem",
        name=name,
        version=version,
        presence=Presence.DECLARED,
        qualifiers=(("platform", platform),) if plausible(platform) else (),
        evidence=quote(spec=text(spec[0]), source=None if section == b"GEM" else section.decode()),
        called=(name,),
        needs=related(needs, budget),
    )


CATALOGER = Cataloger(
    id="gemfile_lock",
    version=2,
    summary="Ruby gems that Gemfile.lock pins",
    names=_NAMES,
    paths=declares(_NAMES),
    parse=parse,
    limit=16 * MIB,
)
