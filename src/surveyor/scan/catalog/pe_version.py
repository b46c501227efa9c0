"""Windows programs and .NET assemblies by their version resources: what somebody typed, so never more than a guess."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, plausible, quote
from surveyor.scan.formats.pe import CLI, Pe
from surveyor.scan.formats.pe_version import VersionInfo, version_info
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Tier
from surveyor.scan.patterns import regex

#: The runtime's own assemblies are no packages: its list of libraries names it as a whole.
_RUNTIMES = regex(r"Microsoft(?:®|\(R\))? (?:\.NET|ASP\.NET|Windows)")
_VERSION = regex(r"[vV]?(?P<version>[0-9]+(?:\.[0-9]+)+(?:-[0-9A-Za-z.-]+)?)")
_COMMAS = regex(r"\s*,\s*")
_NAME = regex(r"[A-Za-z0-9][\w.+-]*")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a program whose resource names a product, or for an assembly itself, with a version."""
    for _, program in file.programs():
        if not isinstance(program, Pe) or (info := version_info(program)) is None:
            continue
        record = _record(info, assembly=program.directory(CLI) is not None)
        if record is not None:
            budget.package()
            yield record


def _record(info: VersionInfo, *, assembly: bool) -> Record | None:
    texts = info.texts
    product = texts.get("ProductName", "")
    if _RUNTIMES.match(product):
        return None
    name = _assembly(texts) if assembly else "-".join(product.lower().split())
    version = _version(info)
    if not (_NAME.fullmatch(name) and plausible(name) and plausible(version)):
        return None
    keys = ("ProductName", "ProductVersion", "FileVersion", "CompanyName", "OriginalFilename")
    return Record(
        type="nuget" if assembly else "generic",
        name=name,
        version=version,
        tier=Tier.HEURISTIC,
        evidence=quote(**{key: texts.get(key) for key in keys}),
    )


def _assembly(texts: dict[str, str]) -> str:
    """The name of a package is mostly that of its assembly."""
    name = texts.get("InternalName") or texts.get("OriginalFilename") or ""
    stem, dot, ending = name.rpartition(".")
    return stem if dot and ending.lower() in ("dll", "exe") else name


def _version(info: VersionInfo) -> str:
    """The product's version as text, without the commit behind a plus; else the file's, else the numbers."""
    for said in (info.texts.get("ProductVersion", ""), info.texts.get("FileVersion", ""), info.product_version):
        found = _VERSION.match(_COMMAS.sub(".", said))
        if found and found["version"].strip("0."):
            return found["version"]
    return ""


CATALOGER = Cataloger(
    id="pe_version",
    version=1,
    summary="Windows programs and .NET assemblies by their version resources",
    paths=regex(rb"(?!)"),
    parse=parse,
    programs=True,
    unowned=True,
    random=True,
    limit=64 * MIB,
)
