"""Ruby gems that are installed: the specifications that RubyGems writes, read as text and never run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.patterns import regex

_STRING = rb"(?:\"([^\"\n]*)\"|'([^'\n]*)'|%q\{([^}\n]*)\})"
_FIELD = regex(rb"^[ \t]*\w+\.(?P<key>name|version|platform|licenses?)[ \t]*=[ \t]*(?P<value>[^\n]*)$", re.MULTILINE)
_VALUE = regex(rb"(?:Gem::Version\.new\(?[ \t]*)?" + _STRING)
_VALUES = regex(_STRING)
_STUB = regex(rb"^# stub: (?P<name>\S+) (?P<version>\S+) (?P<platform>\S+) ", re.MULTILINE)
_FILE = regex(r"(?P<name>[^/]+)-(?P<version>\d[^-/]*)(?:-(?P<platform>[^/]+))?\.gemspec$")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a specification: its literals, else the stub line on top of it, else the name of the file.

    A version that is computed (``Acme::VERSION``) is no literal; RubyGems keeps it in the other two places.
    """
    data = bytes(file.data)
    if b"Gem::Specification.new" not in data:
        raise Malformed("no gem specification")
    literal = {one["key"].decode(): one["value"] for one in _FIELD.finditer(data)}
    stub, named = _STUB.search(data), _FILE.search(file.path)
    found: dict[str, str] = {}
    for key in ("name", "version", "platform"):
        values = (
            _first(literal.get(key, b"")),
            text(stub[key]) if stub else "",
            (named[key] or "") if named else "",
        )
        found[key] = next((value for value in values if plausible(value)), "")
    name, version, platform = found["name"], found["version"], found["platform"]
    if not (name and version):
        raise Malformed("gem specification has no usable name or version")
    budget.package()
    yield Record(
        type="gem",
        name=name,
        version=version,
        licenses=_licenses(literal),
        qualifiers=(("platform", platform),) if platform not in {"", "ruby"} else (),
        evidence=quote(name=name, version=version, platform=platform),
    )


def _first(value: bytes) -> str:
    found = _VALUE.match(value)
    return text(next((one for one in found.groups() if one), b"")) if found else ""


def _licenses(literal: dict[str, bytes]) -> tuple[str, ...]:
    value = literal.get("licenses") or literal.get("license") or b""
    names = (text(next((one for one in found if one), b"")) for found in _VALUES.findall(value[:2000])[:5])
    return tuple(one for name in names for one in licence(name))


CATALOGER = Cataloger(
    id="gem",
    version=1,
    summary="Ruby gems installed by RubyGems or Bundler, by their specifications",
    endings=rb"gemspec",
    paths=regex(rb"(?:^|/)specifications/(?:default/)?[^/]+\.gemspec$"),
    parse=parse,
    limit=256 << 10,
    beginning=True,
)
