"""Python's lock files in TOML: poetry.lock, uv.lock, pdm.lock, and pylock.toml that all tools share (PEP 751)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote, related
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.requirement import normal
from surveyor.scan.formats.toml import members, tables, unquoted
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_NAMES = rb"(?:poetry|uv|pdm)\.lock|pylock(?:\.[^/.]+)?\.toml"
_LISTS = frozenset({"dependencies"})
_TABLE = regex(r'{[ ]{0,4}name = "([\w.-]{1,256})"(?:, version = "([^"]{1,256})")?')
_REQUIREMENT = regex(r'"([\w.-]{1,256})[^"]*"')
#: Where a package is the project itself, or a part of it.
_LOCAL = frozenset({"editable", "virtual", "directory", "path"})


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package. Its source is told in it (uv, pdm), or in a table that follows (Poetry, PEP 751)."""
    data = bytes(file.data)
    entry: dict[str, str] = {}
    met = False
    needs: list[str] = []
    for table, keys in tables(data, lists=_LISTS):
        if table in {"package", "packages"}:
            yield from _record(entry, needs, budget)
            entry, met = keys, True
            needs = _needs(keys.get("dependencies", ""))
        elif table == "package.dependencies":
            needs += map(normal, keys)  # Poetry's
        elif table == "packages.directory" or (
            table == "package.source" and unquoted(keys.get("type", "")) == "directory"
        ):
            entry = {}
        else:
            met = met or bool({"lock-version", "version", "lock_version"} & keys.keys())
    yield from _record(entry, needs, budget)
    if not met:
        raise Malformed("no lock file of a Python tool")


def _needs(listed: str) -> list[str]:
    """What a list names: tables (uv, PEP 751) with a version where several of a name are locked, strings (pdm)."""
    if "{" in listed:
        return [f"{normal(name)}@{version}" if version else normal(name) for name, version in _TABLE.findall(listed)]
    return [normal(name) for name in _REQUIREMENT.findall(listed)]


def _record(entry: dict[str, str], needs: list[str], budget: Budget) -> Iterator[Record]:
    name, version = (unquoted(entry.get(key, "")) for key in ("name", "version"))
    if _LOCAL & {*members(entry.get("source", "")), *entry} or not plausible(name):
        return
    if version and not plausible(version):
        return
    budget.package()
    scope = unquoted(entry.get("category", "")) or entry.get("groups", "")
    yield Record(
        type="pypi",
        name=normal(name),
        version=version,
        called=(normal(name), f"{normal(name)}@{version}"),
        needs=related(needs, budget),
        presence=Presence.DECLARED,
        evidence=quote(name=name, version=version, scope=None if scope in {"main", '["main"]'} else scope[:80]),
    )


CATALOGER = Cataloger(
    id="python_lock",
    version=2,
    summary="Python packages that poetry.lock, uv.lock, pdm.lock or pylock.toml pins",
    names=_NAMES,
    paths=declares(_NAMES),
    parse=parse,
    limit=64 * MIB,
)
