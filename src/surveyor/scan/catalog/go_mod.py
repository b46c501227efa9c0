"""Go modules that a go.mod requires, after its replacements (Go Modules Reference, go.mod files)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_LOCAL = ("./", "../", "/")


@dataclass(slots=True)
class _Module:
    """What a file says: requirements with their comments, and what replaces a module, or one version of it."""

    required: list[tuple[str, str, str]] = field(default_factory=list)
    replaced: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    toolchain: str = ""
    named: bool = False


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a requirement, and one of the standard library where a toolchain is named; folders are none."""
    module = _read(file)
    if not module.named:
        raise Malformed("go.mod names no module")
    for path, version, comment in module.required:
        target = module.replaced.get((path, version)) or module.replaced.get((path, "")) or (path, version)
        if target[0].startswith(_LOCAL) or not (plausible(target[0]) and plausible(target[1])):
            continue
        budget.package()
        yield _record(
            *target,
            quote(require=f"{path} {version}", replace=" ".join(target) if target[0] != path else None, scope=comment),
        )
    if plausible(module.toolchain):
        budget.package()
        yield _record("stdlib", module.toolchain, quote(toolchain=f"go{module.toolchain}"))


def _record(path: str, version: str, evidence: str) -> Record:
    namespace, _, name = path.rpartition("/")
    return Record(
        type="golang",
        namespace=namespace or None,
        name=name,
        version=version,
        presence=Presence.DECLARED,
        evidence=evidence,
    )


def _read(file: File) -> _Module:
    """Each directive on one line, or its arguments one a line in parentheses."""
    module, block = _Module(), ""
    for raw in bytes(file.data).splitlines():
        line = text(raw)
        words = line.partition("//")[0].replace('"', "").replace("`", "").split()
        if not words:
            continue
        if block and words[0] == ")":
            block = ""
        elif block:
            _directive(module, block, words, line)
        elif words[-1] == "(":
            block = words[0]
        else:
            _directive(module, words[0], words[1:], line)
    return module


def _directive(module: _Module, name: str, words: list[str], line: str) -> None:
    match name, words:
        case "module", [_]:
            module.named = True
        case "require", [path, version]:
            module.required.append((path, version, "indirect" if line.endswith("// indirect") else ""))
        case "replace", [old, "=>", *new] if 1 <= len(new) <= 2:
            module.replaced[old, ""] = (new[0], new[1] if len(new) == 2 else "")
        case "replace", [old, version, "=>", *new] if 1 <= len(new) <= 2:
            module.replaced[old, version] = (new[0], new[1] if len(new) == 2 else "")
        case "toolchain", [toolchain]:
            module.toolchain = toolchain.removeprefix("go").partition("-")[0] if toolchain != "default" else ""


CATALOGER = Cataloger(
    id="go_mod",
    version=1,
    summary="Go modules that go.mod requires",
    names=rb"go\.mod",
    # the go command itself passes by what lies in testdata
    paths=regex(rb"^(?!(?:.*/)?testdata/)" + declares(rb"go\.mod").pattern, re.DOTALL),
    parse=parse,
    limit=4 * MIB,
)
