"""From what a CSAF document says of product ids to what it says of RHEL's source packages, line by line.

Statements are about builds, source and binary, of repositories and architectures; a scan asks by source package. So a
source is fixed in the version that any of its builds is fixed in, and what is said of a binary alone counts for its
source: that of the same version in the document, or of the same release, as parts of Ruby have versions of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from surveyor.scan.advise import rhel
from surveyor.scan.advise.csaf import Component, Tree
from surveyor.scan.advise.record import MAX_AFFECTED, MAX_REASON, Affected, State
from surveyor.scan.advise.rhel import Stream
from surveyor.scan.advise.versions import rpm
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.values import frozen

#: CSAF's groups of product status that say something about a version, the first of them outweighing the others.
FIXED, AFFECTED, INVESTIGATED, SAFE = "fixed", "known_affected", "under_investigation", "known_not_affected"
STATUSES = (FIXED, AFFECTED, INVESTIGATED, SAFE)
_ANY = ("i", "0")
#: Windows builds of a library: of one source, which is named after neither.
_MINGW = ("mingw32-", "mingw64-")
_SOURCE = frozenset({"src", "nosrc"})
_MOST_ALIKE = 50


@frozen
class Said:
    """Why a product id has the status that it has, in the vendor's words."""

    state: State = State.AFFECTED
    reason: str = ""


@dataclass(slots=True)
class _Rest:
    """What is said of a source that is not fixed: of ``versions``, or of all."""

    said: Said
    versions: dict[str, None] | None


@dataclass(slots=True)
class _Module:
    """Everything said of one major release's packages outside of modules, or of one stream of a module."""

    #: source → version → the minor lines that it was released on, "" for the mainline
    fixed: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    #: those that are fixed on the mainline
    mended: set[str] = field(default_factory=set)
    rest: dict[str, _Rest] = field(default_factory=dict)
    #: version → sources of that version, fixed or not; release → whether there is a source of it
    sources: dict[str, set[str]] = field(default_factory=dict)
    releases: set[str] = field(default_factory=set)
    named: bool = False


class Products:
    """The product ids of one flaw that are RHEL's, and their sum; made anew for each flaw of a document."""

    def __init__(self, tree: Tree, statuses: Mapping[str, Iterable[str]], said: Mapping[str, Said]) -> None:
        """``statuses`` has the product ids by ``STATUSES``; ``said`` the reason for some of them."""
        self.ids: set[str] = set()
        self._said = said
        self._modules: dict[tuple[str, str], _Module] = {}
        found = {status: list(self._resolve(tree, statuses.get(status, ()))) for status in STATUSES}
        for items in found.values():
            for _, stream, item in items:
                self._note_source(self._module(stream, item), item)
        for _, stream, item in found[FIXED]:
            self._fix(self._module(stream, item), stream, item)
        for status in STATUSES[1:]:
            for identity, stream, item in found[status]:
                self._say(self._module(stream, item), stream, item, self._said_of(status, identity))

    def _resolve(self, tree: Tree, ids: Iterable[str]) -> Iterator[tuple[str, Stream, Component]]:
        streams: dict[str, Stream | None] = {}
        for identity in ids:
            cpe = tree.cpe(identity)
            if cpe not in streams:
                streams[cpe] = rhel.stream_of(cpe)
            stream = streams[cpe]
            item = tree.component(identity) if stream else None
            if stream and item:
                self.ids.add(identity)
                yield identity, stream, item

    def _module(self, stream: Stream, item: Component) -> _Module:
        return self._modules.setdefault((stream.major, item.module), _Module())

    def _note_source(self, module: _Module, item: Component) -> None:
        if item.arch in _SOURCE:
            module.named = True
            if item.version:
                module.sources.setdefault(item.version, set()).add(item.name)
                module.releases.add(item.version.rpartition("-")[2])

    def _fix(self, module: _Module, stream: Stream, item: Component) -> None:
        if item.version and (name := _source_of(module, item)):
            module.fixed.setdefault(name, {}).setdefault(item.version, set()).add(stream.minor)
            if not stream.minor:
                module.mended.add(name)

    def _say(self, module: _Module, stream: Stream, item: Component, said: Said) -> None:
        if stream.minor:
            return
        name = item.name if item.arch in _SOURCE or not module.named else _of_mingw(item.name)
        if not name or name in module.mended:
            return
        held = module.rest.setdefault(name, _Rest(said, {} if item.version else None))
        if held.said.state is not said.state or held.versions is None:
            return
        if item.version:
            held.versions[item.version] = None
        else:
            held.versions = None  # a statement on all versions holds those on listed ones

    def _said_of(self, status: str, identity: str) -> Said:
        said = self._said.get(identity, Said())
        if status == SAFE:
            return Said(state=State.NOT_AFFECTED, reason=said.reason)
        if status == INVESTIGATED:
            return Said(state=State.INVESTIGATING, reason=said.reason)
        return said if said.state is not State.NOT_AFFECTED else Said()

    def affected(self, *, every_line: bool) -> tuple[Affected, ...]:
        """One entry per source and line. ``every_line``: also of a line whose fix is the mainline's own."""
        out = [
            entry
            for (major, label), module in sorted(self._modules.items())
            for entry in _entries(major, label, module, every_line=every_line)
        ]
        if len(out) > MAX_AFFECTED:
            raise LimitExceeded(f"{len(out):,} packages")
        return tuple(out)


def _source_of(module: _Module, item: Component) -> str:
    """The source of a fixed build; empty where it adds nothing to what is said of its source."""
    if item.arch in _SOURCE or not item.arch:
        return item.name
    same = module.sources.get(item.version)
    if same is None:
        return "" if item.version.rpartition("-")[2] in module.releases else item.name
    if len(same) == 1:
        return next(iter(same))
    # several sources of one version: by name, else it is with one of them whatever that is
    likely = sorted(same, key=len, reverse=True) if len(same) <= _MOST_ALIKE else ()
    return next((name for name in likely if item.name.startswith(name)), "")


def _of_mingw(name: str) -> str:
    return f"mingw-{name[len(_MINGW[0]) :]}" if name.startswith(_MINGW) else ""


def _entries(major: str, label: str, module: _Module, *, every_line: bool) -> Iterator[Affected]:
    prefix = f"{label}/" if label else ""
    mainline = rhel.ecosystem(major)
    for name, versions in sorted(module.fixed.items()):
        top, lines = _lines(major, versions)
        if top:
            yield Affected(ecosystem=mainline, name=prefix + name, ranges=((*_ANY, "f", top),))
        for minor, version in sorted(lines.items()):
            if version != top or every_line:
                # who cannot have the line's fix goes on to the mainline
                later = ("f", top) if top and rpm.key(top) > rpm.key(version) else ()
                yield Affected(
                    ecosystem=rhel.ecosystem(major, minor),
                    name=prefix + name,
                    ranges=((*_ANY, "f", version, *later),),
                )
    for name, rest in sorted(module.rest.items(), key=lambda pair: pair[0]):
        yield Affected(
            ecosystem=mainline,
            name=prefix + name,
            ranges=(_ANY,) if rest.versions is None else (),
            versions=tuple(rest.versions or ()),
            state=rest.said.state,
            reason=rest.said.reason[:MAX_REASON],
        )


def _lines(major: str, versions: Mapping[str, set[str]]) -> tuple[str, dict[str, str]]:
    """The mainline's highest fix, and the lowest of every minor line; the mainline's are also those of their line."""
    lines: dict[str, str] = {}
    mainline: list[str] = []
    for version in sorted(versions, key=rpm.key):
        minors = {rhel.minor_of(version, major) or minor for minor in versions[version]}
        new = any(minor and minor not in lines for minor in minors)
        for minor in minors - {""}:
            lines.setdefault(minor, version)
        if "" in versions[version] and (new or "" in minors):
            mainline.append(version)
    return (mainline[-1] if mainline else ""), lines
