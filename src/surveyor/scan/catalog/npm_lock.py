"""npm's lock files: package-lock.json and npm-shrinkwrap.json of all three versions (npm documentation)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, licence, plausible, quote, scoped
from surveyor.scan.formats.json import load_object, mapping, string
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence

_FOLDER = "node_modules/"
_SCOPES = ("dev", "optional", "devOptional", "peer")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a folder of node_modules; in version 1 one a dependency, however deep. Links and folders are none."""
    document = load_object(file.data)
    packages = mapping(document.get("packages"))
    entries = _folders(packages) if packages else _dependencies(mapping(document.get("dependencies")))
    for name, version, entry in entries:
        if not (plausible(name) and plausible(version)):
            continue
        budget.package()
        namespace, own = scoped(name)
        yield Record(
            type="npm",
            namespace=namespace,
            name=own,
            version=version,
            presence=Presence.DECLARED,
            licenses=licence(string(entry.get("license"))),
            evidence=quote(
                name=name, version=version, scope=", ".join(scope for scope in _SCOPES if entry.get(scope) is True)
            ),
        )


def _folders(packages: dict[str, object]) -> Iterator[tuple[str, str, dict[str, object]]]:
    for path, value in packages.items():
        entry = mapping(value)
        if _FOLDER in path and entry.get("link") is not True:
            yield string(entry.get("name")) or path.rpartition(_FOLDER)[2], string(entry.get("version")), entry


def _dependencies(top: dict[str, object]) -> Iterator[tuple[str, str, dict[str, object]]]:
    waiting = [top]
    while waiting:
        for name, value in waiting.pop().items():
            entry = mapping(value)
            version = string(entry.get("version"))
            if version.startswith("npm:"):
                # an alias: what it stands for
                name, _, version = version.removeprefix("npm:").rpartition("@")  # noqa: PLW2901
            if version[:1].isdigit():
                yield name, version, entry
            if nested := mapping(entry.get("dependencies")):
                waiting.append(nested)


CATALOGER = Cataloger(
    id="npm_lock",
    version=1,
    summary="npm packages that package-lock.json or npm-shrinkwrap.json pins",
    names=rb"package-lock\.json|npm-shrinkwrap\.json",
    paths=declares(rb"package-lock\.json|npm-shrinkwrap\.json"),
    parse=parse,
    limit=32 * MIB,
)
