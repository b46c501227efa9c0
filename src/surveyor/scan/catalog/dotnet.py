"""NuGet packages that were deployed with a .NET program, by the list that its build writes beside it or into it."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.dotnet import Library, bundled, libraries
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence, Tier
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted

_RUNTIME = "runtimepack."
#: What is a package of the registry, and what may only be called like one.
_KINDS = {"package": Tier.CONFIRMED, "runtimepack": Tier.CONFIRMED, "project": Tier.HEURISTIC}


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a library of a ``deps.json``, which may lie in a single-file program."""
    if file.path.endswith(".deps.json"):
        yield from _records(file.data, budget, None)
        return
    for _, program in file.programs():
        if (found := bundled(program)) is not None:
            yield from _records(found, budget, "deps.json")


def _records(data: memoryview, budget: Budget, inner: str | None) -> Iterator[Record]:
    """Packages that only compiling needed are declared, since no file of theirs is there."""
    broken = 0
    for library in libraries(data):
        if library.kind not in _KINDS:
            continue
        name = library.name.removeprefix(_RUNTIME) if library.kind == "runtimepack" else library.name
        if not (plausible(name) and plausible(library.version)):
            broken += 1
            continue
        budget.package()
        yield _record(name, library, inner)
    if broken:
        raise Malformed(f"{counted(broken, '.NET library')} without a usable name or version")


def _record(name: str, library: Library, inner: str | None) -> Record:
    return Record(
        type="nuget",
        name=name,
        version=library.version,
        inner=inner,
        tier=_KINDS[library.kind],
        presence=Presence.INSTALLED if library.deployed or library.kind == "runtimepack" else Presence.DECLARED,
        evidence=quote(library=f"{library.name}/{library.version}", type=library.kind),
    )


CATALOGER = Cataloger(
    id="dotnet",
    version=1,
    summary="NuGet packages by the deps.json beside .NET programs or in single-file ones",
    endings=rb"deps\.json",
    paths=regex(rb"\.deps\.json$"),
    parse=parse,
    programs=True,
    unowned=True,
    random=True,
    limit=64 * MIB,
)
