"""npm's lock files: package-lock.json and npm-shrinkwrap.json of all three versions (npm documentation)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, licence, quote, related
from surveyor.scan.catalog.npm_record import integrity, is_local, record_of, split
from surveyor.scan.formats.json import load_object, mapping, string
from surveyor.scan.limits import MIB, Budget

_FOLDER = "node_modules/"
_DEPENDENCIES = ("dependencies", "optionalDependencies", "peerDependencies")
_CLIMB, _LONGEST, _MOST = 20, 1000, 200  # folders in folders, characters of where one is, names
_SCOPES = ("dev", "optional", "devOptional", "peer")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a folder of node_modules; in version 1 one a dependency, however deep. Links and folders are none.

    Version 1 has of what is from a repository no version but its address.
    """
    document = load_object(file.data)
    packages = mapping(document.get("packages"))
    entries = _folders(packages) if packages else _dependencies(mapping(document.get("dependencies")))
    paths = {path: path for path in packages}
    for name, version, entry, path in entries:
        scope = ", ".join(scope for scope in _SCOPES if entry.get(scope) is True)
        evidence = quote(name=name, version=string(entry.get("version"))[:160], scope=scope)
        needs = related(_needs(entry, path, paths), budget) if path else ()
        hashes = integrity(string(entry.get("integrity"))[:1000])
        licenses = licence(string(entry.get("license")))
        if record := record_of(name, version, evidence, licenses, called=(path,), needs=needs, hashes=hashes):
            budget.package()
            yield record


def _needs(entry: dict[str, object], path: str, paths: dict[str, str]) -> list[str]:
    """The folders that a package's dependencies are in: the nearest of each name, as Node.js looks for them."""
    needed = [mapping(entry[kind]) for kind in _DEPENDENCIES if kind in entry]
    if not needed or len(path) > _LONGEST:
        return []
    starts, base = [f"{path}/{_FOLDER}"], path
    while base and len(starts) < _CLIMB:
        base = base.rpartition("/" + _FOLDER)[0]
        starts.append(f"{base}/{_FOLDER}" if base else _FOLDER)
    found = []
    for names in needed:
        for name in islice(names, _MOST):
            for start in starts:
                if known := paths.get(start + name):
                    found.append(known)
                    break
    return found


def _folders(packages: dict[str, object]) -> Iterator[tuple[str, str, dict[str, object], str]]:
    for path, value in packages.items():
        entry = mapping(value)
        version = string(entry.get("version"))
        if version and _FOLDER in path and entry.get("link") is not True:
            yield string(entry.get("name")) or path.rpartition(_FOLDER)[2], version, entry, path


def _dependencies(top: dict[str, object]) -> Iterator[tuple[str, str, dict[str, object], str]]:
    waiting = [top]
    while waiting:
        for name, value in waiting.pop().items():
            entry = mapping(value)
            version = string(entry.get("version"))
            if version.startswith("npm:"):
                # an alias: what it stands for
                name, version = split(version.removeprefix("npm:"))  # noqa: PLW2901
            if version and not is_local(version):
                yield name, version if version[0].isdigit() else "", entry, ""
            if nested := mapping(entry.get("dependencies")):
                waiting.append(nested)


CATALOGER = Cataloger(
    id="npm_lock",
    version=3,
    summary="npm packages that package-lock.json or npm-shrinkwrap.json pins",
    names=rb"package-lock\.json|npm-shrinkwrap\.json",
    paths=declares(rb"package-lock\.json|npm-shrinkwrap\.json"),
    parse=parse,
    limit=32 * MIB,
)
