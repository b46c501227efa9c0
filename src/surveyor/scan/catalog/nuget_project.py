""".NET packages that projects ask for: PackageReference, central PackageVersion, packages.config (NuGet)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.formats.xml import Element, elements
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_ITEMS = frozenset({"PackageReference", "PackageVersion", "GlobalPackageReference"})
_PROPERTY = regex(r"\$\(([\w.-]+)\)")
_VERSION = regex(r"\[?\s*(\d[\w.+-]*)\s*\]?")
_CENTRAL = rb"packages\.config|Directory\.(?:Packages|Build)\.(?:props|targets)"
_PROJECTS = rb"(?:cs|fs|vb)proj"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a reference; its version is not known where none is literal (``1.*``, a property from elsewhere)."""
    properties: dict[str, str] = {}
    child = ""
    for element in elements(file.data):
        last = element.path[-1]
        above = element.path[-2] if len(element.path) > 1 else ""
        if above == "PropertyGroup":
            properties[last] = element.text[:200]
        elif above in _ITEMS and last == "Version":
            child = element.text
        elif last in _ITEMS or (last == "package" and above == "packages"):
            yield from _record(element, child, properties, budget)
            child = ""


def _record(element: Element, child: str, properties: dict[str, str], budget: Budget) -> Iterator[Record]:
    given = {key.lower(): value for key, value in element.attributes.items()}
    name = given.get("include") or given.get("update") or given.get("id") or ""
    asked = given.get("versionoverride") or given.get("version") or child
    stated = _PROPERTY.sub(lambda found: properties.get(found[1], found[0]), asked[:200])
    version = _VERSION.fullmatch(stated)
    if not plausible(name) or "$(" in name or (element.path[-1] == "PackageVersion" and not version):
        return
    budget.package()
    development = given.get("developmentdependency") == "true" or given.get("privateassets", "").lower() == "all"
    yield Record(
        type="nuget",
        name=name,
        version=version[1] if version and plausible(version[1]) else "",
        presence=Presence.DECLARED,
        # a central version is for projects that name none, and asks for nothing itself
        remark=element.path[-1] == "PackageVersion",
        evidence=quote(reference=name, version=asked[:100], scope="dev" if development else None),
    )


CATALOGER = Cataloger(
    id="nuget_project",
    version=1,
    summary=".NET packages that project files and packages.config ask for",
    names=_CENTRAL,
    endings=_PROJECTS,
    paths=declares(_CENTRAL + rb"|[^/]+\." + _PROJECTS),
    parse=parse,
    limit=4 * MIB,
)
