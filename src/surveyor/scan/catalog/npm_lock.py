"""npm's lock files: package-lock.json and npm-shrinkwrap.json of all three versions (npm documentation)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, licence, quote
from surveyor.scan.catalog.npm_record import is_local, record_of, split
from surveyor.scan.formats.json import load_object, mapping, string
from surveyor.scan.limits import MIB, Budget

_FOLDER = "node_modules/"
_SCOPES = ("dev", "optional", "devOptional", "peer")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a folder of node_modules; in version 1 one a dependency, however deep. Links and folders are none.

    Version 1 has of what is from a repository no version but its address.
    """
    document = load_object(file.data)
    packages = mapping(document.get("packages"))
    entries = _folders(packages) if packages else _dependencies(mapping(document.get("dependencies")))
    for name, version, entry in entries:
        scope = ", ".join(scope for scope in _SCOPES if entry.get(scope) is True)
        evidence = quote(name=name, version=string(entry.get("version"))[:160], scope=scope)
        if record := record_of(name, version, evidence, licence(string(entry.get("license")))):
            budget.package()
            yield record


def _folders(packages: dict[str, object]) -> Iterator[tuple[str, str, dict[str, object]]]:
    for path, value in packages.items():
        entry = mapping(value)
        version = string(entry.get("version"))
        if version and _FOLDER in path and entry.get("link") is not True:
            yield string(entry.get("name")) or path.rpartition(_FOLDER)[2], version, entry


def _dependencies(top: dict[str, object]) -> Iterator[tuple[str, str, dict[str, object]]]:
    waiting = [top]
    while waiting:
        for name, value in waiting.pop().items():
            entry = mapping(value)
            version = string(entry.get("version"))
            if version.startswith("npm:"):
                # an alias: what it stands for
                name, version = split(version.removeprefix("npm:"))  # noqa: PLW2901
            if version and not is_local(version):
                yield name, version if version[0].isdigit() else "", entry
            if nested := mapping(entry.get("dependencies")):
                waiting.append(nested)


CATALOGER = Cataloger(
    id="npm_lock",
    version=2,
    summary="npm packages that package-lock.json or npm-shrinkwrap.json pins",
    names=rb"package-lock\.json|npm-shrinkwrap\.json",
    paths=declares(rb"package-lock\.json|npm-shrinkwrap\.json"),
    parse=parse,
    limit=32 * MIB,
)
