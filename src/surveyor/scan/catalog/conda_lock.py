"""Lock files of conda environments: pixi.lock (rattler-lock, versions 1 to 7), conda-lock.yml, and explicit lists.

conda-lock's documentation for the last two; an explicit list is one address of a package file a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, licence, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.requirement import normal
from surveyor.scan.formats.yaml import lines
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

#: A package file where a channel has it: ``…/conda-forge/linux-64/zlib-1.3.1-hb9d3cd8_2.conda``.
_FILE = regex(
    r"(?:.*/(?P<channel>[^/]+)/)?(?P<subdir>[^/]+)/"
    r"(?P<name>[^/]+)-(?P<version>[^/-]+)-(?P<build>[^/-]+)\.(?P<type>conda|tar\.bz2)(?:#.*)?"
)
_LONGEST = 2000
_EXPLICIT = regex(rb"^@EXPLICIT\s*$", re.MULTILINE)
_SHA256 = regex(r"[0-9a-f]{64}")
#: Keys by which the formats say who installs a package, and keys that say both that and where it is.
_MANAGERS, _PLACES = ("manager", "kind"), ("conda", "pypi")
_SECTIONS = frozenset({"package", "packages"})
_ENDING = rb"conda-lock\.ya?ml"
_NAMES = rb"pixi\.lock|" + _ENDING + rb"|conda-(?:linux|osx|win|noarch)[^/]*\.lock"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package of a platform; what is a folder is a part of the project."""
    data = bytes(file.data)
    if _EXPLICIT.search(data):
        wishes: Iterator[dict[str, str]] = ({"conda": line} for line in _addresses(data))
    else:
        wishes = _items(data)
    for wish in wishes:
        if record := _python(wish) if _manager(wish) in {"pypi", "pip"} else _conda(wish):
            budget.package()
            yield record


def _addresses(data: bytes) -> Iterator[str]:
    for line in data.decode("utf-8", "backslashreplace").splitlines():
        if "/" in line and not line.startswith("#"):
            yield line.strip()


def _items(data: bytes) -> Iterator[dict[str, str]]:
    """What the items of the list of packages say; raises ``Malformed`` where there is none."""
    section, met, item = "", False, dict[str, str]()
    for line in lines(data):
        if line.indent == 0:
            section = line.key
            met = met or section in _SECTIONS
        elif section in _SECTIONS:
            if line.item and line.indent == 2:
                yield item
                item = {}
            if line.indent == 2 or line.key == "sha256":
                item[line.key] = line.value
    yield item
    if not met:
        raise Malformed("no lock file of conda or pixi")


def _manager(wish: dict[str, str]) -> str:
    told = next((wish[key] for key in _MANAGERS if key in wish), "")
    return told or next((key for key in _PLACES if key in wish), "")


def _conda(wish: dict[str, str]) -> Record | None:
    address = wish.get("conda") or wish.get("url", "")
    found = _FILE.fullmatch(address) if len(address) < _LONGEST else None
    told = {**(found.groupdict("") if found else {}), **{key: value for key, value in wish.items() if value}}
    name, version = told.get("name", ""), told.get("version", "")
    if not (plausible(name) and plausible(version)):
        return None
    qualifiers = ((key, told.get(key, "")) for key in ("build", "channel", "subdir", "type"))
    return Record(
        type="conda",
        name=name.lower(),
        version=version,
        presence=Presence.DECLARED,
        licenses=licence(wish.get("license", "")),
        qualifiers=tuple((key, value) for key, value in qualifiers if plausible(value)),
        hashes=_hashes(wish),
        evidence=quote(name=name, version=version, url=address[:160]),
    )


def _python(wish: dict[str, str]) -> Record | None:
    name, version = wish.get("name", ""), wish.get("version", "")
    address = wish.get("pypi") or wish.get("url", "")
    if "://" not in address or not (plausible(name) and plausible(version)):
        return None
    return Record(
        type="pypi",
        name=normal(name),
        version=version,
        presence=Presence.DECLARED,
        hashes=_hashes(wish),
        evidence=quote(name=name, version=version, url=address[:160]),
    )


def _hashes(wish: dict[str, str]) -> tuple[str, ...]:
    told = wish.get("sha256", "")
    return (f"sha256:{told}",) if _SHA256.fullmatch(told) else ()


CATALOGER = Cataloger(
    id="conda_lock",
    version=1,
    summary="Packages that pixi.lock, conda-lock.yml or an explicit list of conda pins",
    names=_NAMES,
    endings=_ENDING,
    paths=declares(_NAMES + rb"|[^/]+\." + _ENDING),
    parse=parse,
    limit=64 * MIB,
)
