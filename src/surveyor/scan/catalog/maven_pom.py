"""Java packages that a pom.xml depends on, as far as it says itself (Maven POM reference)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.xml import elements
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_PROPERTY = regex(r"\$\{([^${}]+)\}")
_ROUNDS = 8
_LONGEST = 256
_KEYS = frozenset({"groupId", "artifactId", "version", "scope", "optional", "type"})
_OWN = frozenset({"groupId", "artifactId", "version"})


@dataclass(slots=True)
class _Project:
    """What a file says: properties and coordinates by the name they are quoted by, what it manages, what it needs."""

    values: dict[str, str] = field(default_factory=dict)
    managed: dict[tuple[str, str], str] = field(default_factory=dict)
    needed: list[dict[str, str]] = field(default_factory=list)


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a direct dependency; its version literal, by properties, or managed in this file, else not known.

    What is managed here is a remark, for projects below that leave the version to their parent.
    """
    project = _read(file.data)
    for entry in project.needed:
        group, name = (_resolved(entry.get(key, ""), project.values) for key in ("groupId", "artifactId"))
        asked = entry.get("version", "") or project.managed.get((group, name), "")
        if record := _record(group, name, asked, entry.get("scope", ""), project):
            budget.package()
            yield record
    for (group, name), asked in project.managed.items():
        record = _record(group, name, asked, "managed", project)
        if record and record.version:
            budget.package()
            yield replace(record, remark=True)


def _record(group: str, name: str, asked: str, scope: str, project: _Project) -> Record | None:
    version = _resolved(asked, project.values)
    if not (plausible(group) and plausible(name)) or "${" in group + name:
        return None
    known = plausible(version) and "${" not in version and not version.startswith(("[", "("))
    return Record(
        type="maven",
        namespace=group,
        name=name,
        version=version if known else "",
        presence=Presence.DECLARED,
        evidence=quote(dependency=f"{group}:{name}", version=asked[:80], scope=scope[:40]),
    )


def _read(data: memoryview) -> _Project:
    project, entry = _Project(), dict[str, str]()
    managed: list[dict[str, str]] = []
    root = ""
    for element in elements(data):
        root = element.path[0]
        match element.path[1:]:
            case (key,) if key in _OWN:
                project.values[f"project.{key}"] = element.text
            case ("parent", key) if key in _OWN:
                project.values[f"project.parent.{key}"] = element.text
                # what a project does not say it has from its parent
                project.values.setdefault(f"project.{key}", element.text)
            case ("properties", key):
                project.values[key] = element.text
            case (*_, "dependency", key) if key in _KEYS:
                entry[key] = element.text
            case ("dependencies", "dependency"):
                project.needed.append(entry)
                entry = {}
            case ("dependencyManagement", "dependencies", "dependency"):
                managed.append(entry)
                entry = {}
            case (*_, "dependency"):
                entry = {}  # of a plugin or a profile
    if root != "project":
        raise Malformed("no project of Maven")
    for one in managed:
        name = (_resolved(one.get("groupId", ""), project.values), _resolved(one.get("artifactId", ""), project.values))
        project.managed.setdefault(name, one.get("version", ""))
    return project


def _resolved(text: str, values: dict[str, str]) -> str:
    """Text with the properties of this file put in, a few rounds and not long."""
    for _ in range(_ROUNDS):
        if "${" not in text or len(text) > _LONGEST:
            break
        text = _PROPERTY.sub(
            lambda found: values.get(found[1].replace("pom.", "project.", 1), found[0])[:_LONGEST], text
        )
    return text if len(text) <= _LONGEST else ""


CATALOGER = Cataloger(
    id="maven_pom",
    version=1,
    summary="Java packages that pom.xml depends on",
    names=rb"pom\.xml",
    paths=declares(rb"pom\.xml"),
    parse=parse,
    limit=4 * MIB,
)
