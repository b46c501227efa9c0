"""C and C++ packages that conan.lock pins (Conan 1 and 2) or conanfile.txt asks for."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote, text
from surveyor.scan.formats.json import load_object, mapping, sequence, string
from surveyor.scan.limits import Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_REFERENCE = regex(
    r"(?P<name>[^/@#\s]+)/(?:(?P<version>[^/@#%\[\s]+)|\[[^\]]*\])"
    r"(?:@(?P<user>[^/#%\s]+)/(?P<channel>[^#%\s]+))?(?:#(?P<rrev>[0-9a-f]+))?(?:[#%:].*)?"
)
_KINDS = {"requires": None, "build_requires": "build", "tool_requires": "build", "python_requires": "build"}
_NAMES = rb"conan\.lock|conanfile\.txt"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a reference ``name/version@user/channel#revision``; a range leaves the version open."""
    found = _asked(file) if file.path.endswith(".txt") else _locked(file)
    for reference, scope in found:
        parts = _REFERENCE.fullmatch(reference.strip()) if len(reference) < 1000 else None
        if not parts or not plausible(parts["name"]) or not plausible(parts["version"] or "0"):
            continue
        budget.package()
        yield Record(
            type="conan",
            name=parts["name"],
            version=parts["version"] or "",
            presence=Presence.DECLARED,
            qualifiers=tuple(
                (key, parts[key]) for key in ("user", "channel", "rrev") if parts[key] and parts[key] != "_"
            ),
            evidence=quote(reference=reference[:160], scope=scope),
        )


def _locked(file: File) -> Iterator[tuple[str, str | None]]:
    document = load_object(file.data)
    nodes = mapping(mapping(document.get("graph_lock")).get("nodes"))
    for node in map(mapping, nodes.values()):
        if "path" not in node:  # the project itself
            yield string(node.get("ref")), "build" if node.get("context") == "build" else None
    for kind, scope in _KINDS.items():
        for reference in sequence(document.get(kind)):
            yield string(reference), scope


def _asked(file: File) -> Iterator[tuple[str, str | None]]:
    section = ""
    for raw in bytes(file.data).splitlines():
        line = text(raw.partition(b"#")[0] if b" #" in raw or raw.startswith(b"#") else raw)
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif line and section in _KINDS:
            yield line, _KINDS[section]


CATALOGER = Cataloger(
    id="conan",
    version=1,
    summary="C and C++ packages that conan.lock pins or conanfile.txt asks for",
    names=_NAMES,
    paths=declares(_NAMES),
    parse=parse,
)
