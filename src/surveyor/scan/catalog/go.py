"""Go modules and standard library of programs, from what Go's linker writes into each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from surveyor.scan.catalog.interface import Cataloger, File, Record, plausible, quote
from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.formats.go_build import GoBuild, go_build, is_go
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Tier
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted

_MODULES = 20_000
#: What ``go build`` says of a main module that it builds in its own directory.
_DEVEL = "(devel)"
_RELEASE = regex(r"go(?P<version>1(?:\.\d+)*(?:(?:rc|beta)\d+)?)")
#: ``-X importpath.name=value`` where the name says that the value is the program's version.
_STAMP = regex(r"-X[= ]['\"]?[\w./~-]*\.(?:[vV]ersion|[aA]pp[vV]ersion|[bB]uild[vV]ersion)=(?P<version>[^\s'\"]+)")
_VERSION = regex(r"v?\d+(?:\.\d+)+[\w.+~-]*")


@dataclass(slots=True)
class _Build:
    """The lines of one program's build information, each module with what it was replaced by."""

    path: str = ""
    main: list[str] | None = None
    modules: list[tuple[list[str], list[str] | None]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """The standard library, the main module and its dependencies, as they were linked; replaced ones by what they are.

    The slices of a universal program are programs of their own, and mostly say the same.
    """
    for offset, program in file.programs():
        build = go_build(program)
        if build is not None:
            yield from _records(build, offset, budget)
        elif is_go(program):
            raise Unsupported("a Go program without build information: nothing says which modules are in it")


def _records(build: GoBuild, offset: int, budget: Budget) -> Iterator[Record]:
    lines = _read(build.modules)
    release = _RELEASE.match(build.version.removeprefix("devel "))
    where = f"{offset + build.offset:#x}"
    if release:
        budget.package()
        yield _record("stdlib", release["version"], quote(go=build.version, path=lines.path, offset=where))
    if release and lines.main is None and lines.path.startswith("cmd/"):
        # a part of the toolchain has no module; advisories call it by this name
        budget.package()
        yield _record("toolchain", release["version"], quote(go=build.version, path=lines.path, offset=where))
    broken = 0
    main = () if lines.main is None else (_main(lines, lines.main, where),)
    for record in (*main, *(_module(fields, instead, where) for fields, instead in lines.modules)):
        if record is None:
            broken += 1
            continue
        budget.package()
        yield record
    if broken:
        raise Malformed(f"{counted(broken, 'Go module')} without a usable path or version")


def _read(text: str) -> _Build:
    found = _Build()
    for number, line in enumerate(text.split("\n")):
        if number > _MODULES:
            raise LimitExceeded(f"Go program of more than {_MODULES:,} modules")
        word, *fields = line.split("\t")
        if word == "path" and fields:
            found.path = fields[0]
        elif word == "mod":
            found.main = fields
        elif word == "dep":
            found.modules.append((fields, None))
        elif word == "=>" and found.modules:
            found.modules[-1] = (found.modules[-1][0], fields)
        elif word == "build" and fields:
            key, _, value = fields[0].partition("=")
            found.settings[key] = value.strip('"')
    return found


def _main(build: _Build, main: list[str], where: str) -> Record | None:
    """The program's own module; Go says ``(devel)`` where it does not know the version, which is none at worst."""
    path, version = [*main, "", ""][:2]
    tier = Tier.CONFIRMED
    if version in ("", _DEVEL):
        version, tier = _inferred(build.settings), Tier.HEURISTIC
    if not (plausible(path) and plausible(version or _DEVEL)):
        return None
    revision, time = build.settings.get("vcs.revision"), build.settings.get("vcs.time")
    flags = build.settings.get("-ldflags") if tier is Tier.HEURISTIC else None
    evidence = quote(
        mod=" ".join(main).strip(),
        path=build.path,
        revision=revision,
        time=time,
        ldflags=flags,
        offset=where,
    )
    return _record(path, version, evidence, tier)


def _inferred(settings: dict[str, str]) -> str:
    """A version that the linker was told to write, else the pseudo-version of the commit that was built, else none."""
    stamp = _STAMP.search(settings.get("-ldflags", "").replace("\\", ""))
    if stamp and _VERSION.fullmatch(stamp["version"]):
        return "v" + stamp["version"].removeprefix("v")
    revision = settings.get("vcs.revision", "")
    digits = re.sub(r"[^0-9]", "", settings.get("vcs.time", "").partition(".")[0])
    if re.fullmatch(r"[0-9a-f]{12,64}", revision) and len(digits) == 14:
        return f"v0.0.0-{digits}-{revision[:12]}"
    return ""


def _module(fields: list[str], instead: list[str] | None, where: str) -> Record | None:
    """What was linked: the replacement of a replaced module, unless that is a directory without a version."""
    path, version = ([*fields, "", ""])[:2]
    replaced = None
    tier = Tier.CONFIRMED
    if instead:
        other, other_version = ([*instead, "", ""])[:2]
        if other_version:
            replaced, path, version = f"{path} {version}", other, other_version
        else:
            replaced, tier = f"by {other}", Tier.HEURISTIC
    if not (plausible(path) and plausible(version)):
        return None
    checksum = ([*(instead or fields), "", "", ""])[2]
    return _record(
        path, version, quote(dep=f"{path} {version} {checksum}".strip(), replaced=replaced, offset=where), tier
    )


def _record(path: str, version: str, evidence: str, tier: Tier = Tier.CONFIRMED) -> Record:
    namespace, _, name = path.rpartition("/")
    return Record(
        type="golang", namespace=namespace or None, name=name or path, version=version, evidence=evidence, tier=tier
    )


CATALOGER = Cataloger(
    id="go",
    version=1,
    summary="Go modules and standard library by the build information in ELF, PE and Mach-O programs",
    paths=regex(rb"(?!)"),
    parse=parse,
    programs=True,
    random=True,
    limit=64 * MIB,
)
