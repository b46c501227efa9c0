"""Reads one layer: walks it, gives wanted files to catalogers and nested artifacts to whoever opens them.

It knows nothing of other layers, so that several are read at once and what one gave can be kept for the next image.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import Cataloger, File, Owned, Record, Referral
from surveyor.scan.engine import links
from surveyor.scan.engine.concern import concerned
from surveyor.scan.engine.following import lasts_of
from surveyor.scan.engine.look import INSIDE, Look, Nested, Taken, Trouble
from surveyor.scan.engine.owners import listed, spelt
from surveyor.scan.engine.units import Ledger
from surveyor.scan.engine.wanted import is_library, is_nested, wanted
from surveyor.scan.errors import Malformed
from surveyor.scan.events import Progress
from surveyor.scan.formats import release
from surveyor.scan.formats.protection import Protection
from surveyor.scan.limits import Budget
from surveyor.scan.patterns import regex
from surveyor.scan.tree.entry import Blob, Entry, Kind, Layer, Walk, is_program, readable
from surveyor.scan.tree.names import clean, resolve
from surveyor.scan.tree.overlay import Sheet
from surveyor.scan.tree.stream import spool
from surveyor.scan.tree.tar import TarWalk
from surveyor.scan.values import frozen
from surveyor.scan.vocabulary import counted

_PROGRAMS = tuple(unit for unit in CATALOGERS if unit.programs and not unit.unowned)
_UNOWNED = tuple(unit for unit in CATALOGERS if unit.programs and unit.unowned)
#: Bytes that are kept of each, beside names: estimated from what they take as objects and in the report.
_TROUBLE, _WHITEOUT, _PROGRAM, _RECORD = 800, 200, 400, 1_200
_PATHS = 4  # copies of a record's path: in its place and its evidence, and of both in the report
#: Where distributions put programs; what lies elsewhere is nobody's but who built the image.
_MANAGED = regex(rb"(?:usr/)?(?:s?bin|lib(?:32|64|x32|exec)?|games)/")

#: Opens an artifact inside the tree: its bytes, its name and the path that people know it by.
Nest = Callable[[Blob, bytes, str], Nested | None]


@frozen
class Scope:
    """Where a layer is: the first word of its ``stage``, whether its tree is a system or what one package holds, and
    the path to the tree.
    """

    stage: str
    system: bool
    package: bool = False
    overlaid: bool = False
    prefix: str = ""

    def path(self, name: bytes) -> str:
        """A name as people know it."""
        return self.prefix + readable(name)


@frozen
class _Waiting:
    """A program or library whose owner is not known yet; ``program`` when those who look at all have had it."""

    place: Blob | None
    program: bool


class LayerReader:
    """One layer on its way into a ``Look``; never raises for what it meets in the layer."""

    def __init__(self, layer: Layer, sheet: Sheet, scope: Scope, budget: Budget, nest: Nest) -> None:
        self.look = Look(sheet)
        self._layer = layer
        self._scope = scope
        self._budget = budget
        self._nest = nest
        self._linked: dict[bytes, list[bytes]] = {}
        self._waiting: dict[bytes, _Waiting] = {}
        self._pass: Walk | None = None
        #: The program that is looked at, with its name and how much of it was asked for.
        self._opened: tuple[Entry, bytes, int, File] | None = None
        self._ledger = Ledger(Progress())  # of the unit that is at work

    def read(self) -> Look:
        """Walk the layer to its end, or as far as it can be read."""
        self.look.whole = self._attempt(self._walk)
        if self._linked:
            self._attempt(self._read_linked)
        if self._waiting:
            self._attempt(self._read_unowned)
        return self.look

    @property
    def share(self) -> float:
        """How much of the layer has been walked, 0..1, where its walk can tell."""
        return self._pass.share if isinstance(self._pass, TarWalk) else 0.0

    def take(self, entry: Entry) -> None:
        """Give a file to all whom its name concerns."""
        units = concerned(entry.name)
        catalogers = [(unit, match) for unit, match in units if isinstance(unit, Cataloger)]
        for unit, match in catalogers:
            self._catalog(unit, entry, entry.name, match["root"] if unit.system else b"")
        if entry.name.endswith(release.PLACES):
            self._release(entry)
        elif units and not catalogers:
            self._budget.candidate(entry.name)
            self.look.unread[entry.name] = units[0][0].id
        # a file that is its own tree has been opened already
        if is_nested(entry.name, system=self._scope.system) and self._layer.form != "file":
            self._open(entry)
        if entry.program or is_library(entry.name):
            self._program(entry)
        self._opened = None

    def _attempt(self, unit: Callable[[], bool]) -> bool:
        ledger = Ledger(Progress())
        stage = f"{self._scope.stage}.layers"
        done = ledger.attempt("acquire.layer", unit, stage=stage, path=self._layer.place, layer=self._layer.digest)
        self.look.failures += [(stage, entry) for entry in ledger.entries]
        return bool(done)

    def _try(self, what: str, unit: Callable[[], object], name: bytes, *, stage: str) -> None:
        """Run one unit on one file; its error stays with the file, which another layer may hide."""
        told = self._ledger.entries
        self._ledger.attempt(what, unit, stage=stage, layer=self._layer.digest)
        if told:
            path = self._scope.path(name)
            self.look.troubles += [Trouble(name=name, stage=stage, entry=replace(entry, path=path)) for entry in told]
            self._budget.hold(_TROUBLE * len(told))
            told.clear()

    def _walk(self) -> bool:
        look, overlaid = self.look, self._scope.overlaid
        look.form = self._layer.form
        walk = self._pass = self._layer.walk(
            wanted(system=self._scope.system), self._budget, look.sheet.names if overlaid else None
        )
        try:
            for entry in walk:
                if overlaid and look.sheet.mark(entry.name):
                    self._budget.hold(_WHITEOUT + 2 * len(entry.name))
                else:
                    self._entry(entry)
        finally:
            look.entries, look.unmarked, look.climbing, look.closed = (
                walk.entries,
                walk.unmarked,
                walk.climbing,
                walk.closed,
            )
        return True

    def _entry(self, entry: Entry) -> None:
        if entry.kind in {Kind.OTHER, Kind.SYMLINK}:
            self._link(entry)
        elif entry.kind is Kind.FILE and entry.size:
            self.take(entry)
        elif links.recorded(entry.name):
            self._budget.candidate(entry.name + entry.target)
            self.look.empty.append(entry.name)
            if entry.kind is Kind.HARDLINK:
                self._linked.setdefault(clean(entry.target), []).append(entry.name)

    def _link(self, entry: Entry) -> None:
        """Keep a link that may lead to a package record, and what stands in the place of an older one."""
        if not links.concerns(entry.name):
            return
        self._budget.candidate(entry.name + entry.target)
        if entry.size:
            # no folder or device has bytes: it is a file of which only some are stored
            self.look.sparse.append(entry.name)
        else:
            self.look.links[entry.name] = entry.target if entry.kind is Kind.SYMLINK else None

    def _catalog(self, unit: Cataloger, entry: Entry, name: bytes, root: bytes = b"") -> None:
        """Give one file to one cataloger; what it said before an error stays."""
        self._budget.candidate(name)
        # a name that a layer holds twice means its last content
        taken = self.look.taken[unit.id, name] = Taken(unit=unit, name=name, root=root)
        stage = f"{self._scope.stage}.packages" if unit.system else f"{self._scope.stage}.packages.app"
        start = time.perf_counter()
        self._try(f"catalog.{unit.id}", partial(self._parse, entry, taken), name, stage=stage)
        self._budget.spend(unit.id, time.perf_counter() - start)

    def _parse(self, entry: Entry, taken: Taken) -> None:
        unit = taken.unit
        place = len(self._scope.prefix) + len(taken.name)
        for told in unit.parse(self._file(unit, entry, taken.name), self._budget):
            if isinstance(told, Owned):
                self._budget.own(len(told.paths))
                taken.owned.append(told)
            elif isinstance(told, Protection):
                taken.protections.append(told)
            elif isinstance(told, Referral):
                self._refer(taken, told)
            else:
                self._budget.hold(weight(told, place))
                taken.records.append(told)

    def _file(self, unit: Cataloger, entry: Entry, name: bytes) -> File:
        """A file as a cataloger wants it: all of a program once for those who look at programs."""
        if unit.beginning:
            return File(path=readable(name), data=entry.head(unit.limit))
        whole = unit.random and (entry.mapped or entry.place is not None)
        size = entry.size if whole else min(unit.limit, self._budget.limits.file_bytes)
        if not unit.programs:
            return File(path=readable(name), data=entry.read(size))
        opened = self._opened
        if opened is None or opened[0] is not entry or opened[1:3] != (name, size):
            self._opened = opened = entry, name, size, File(path=readable(name), data=entry.read(size))
        return opened[3]

    def _refer(self, taken: Taken, told: Referral) -> None:
        """Keep the name of a file that another one names, unless it is met as any file of its name is."""
        name = resolve(taken.name, told.path.encode("utf-8", "surrogateescape"))
        if not any(unit is taken.unit for unit, _ in concerned(name)):
            self._budget.candidate(name)
            taken.referred.append(name)

    def take_for(self, unit: Cataloger, entry: Entry) -> None:
        """Give a file to a cataloger that asked for it by name."""
        self._catalog(unit, entry, entry.name)

    def _release(self, entry: Entry) -> None:
        def read() -> None:
            data = bytes(entry.head(release.LIMIT))
            self._budget.candidate(entry.name + data)
            self.look.releases[entry.name] = data

        self._try("distro", read, entry.name, stage=f"{self._scope.stage}.packages")

    def _open(self, entry: Entry) -> None:
        """Read an artifact where it lies."""

        def read() -> None:
            nested = self._nest(self._blob(entry), entry.name, self._scope.path(entry.name))
            if nested is not None:
                self.look.nested.append(nested)

        self._budget.candidate(entry.name)
        self._try(INSIDE, read, entry.name, stage=f"{self._scope.stage}.extract.nested")

    def _blob(self, entry: Entry) -> Blob:
        """An entry's bytes as a range that outlives the walk's next step."""
        if entry.place is not None:
            return entry.place
        view = entry.read(self._budget.limits.file_bytes)
        if entry.size <= self._budget.limits.metadata_bytes:
            return Blob(buffer=bytes(view), start=0, end=entry.size)
        buffer, damage = spool((view,), self._budget)
        if damage is not None:
            raise damage
        return Blob(buffer=buffer, start=0, end=entry.size)

    def _program(self, entry: Entry) -> None:
        """Give a program to those who look at all of them, and to the others as soon as it is known to be nobody's."""
        if entry.program:
            for unit in _PROGRAMS:
                self._catalog(unit, entry, entry.name)
        if not _UNOWNED:
            return
        if self._scope.system and _MANAGED.match(entry.name):
            # who owns it is told by a file that comes later
            self._budget.hold(_PROGRAM + _PATHS * len(entry.name))
            self._waiting[entry.name] = _Waiting(place=entry.place, program=entry.program)
            return
        self._judge(entry, program=entry.program)

    def _read_unowned(self) -> bool:
        """Look at the programs that no system package of this layer owns: where they lie, or by walking it again."""
        names = spelt(self._waiting)
        for note in (note for taken in self.look.taken.values() for note in taken.owned):
            self._budget.check_time()
            for line in listed(note.paths, names):
                self._waiting.pop(names[line], None)
        for name, waiting in self._waiting.items():
            if (place := waiting.place) is not None:
                entry = Entry(name=name, kind=Kind.FILE, size=len(place), peek=_peek(place), place=place)
                self._judge(entry, program=waiting.program)
        if passing := {name for name, waiting in self._waiting.items() if waiting.place is None}:
            for entry in self._layer.walk(lasts_of(passing), self._budget):
                if entry.kind is Kind.FILE and entry.name in passing:
                    self._judge(entry, program=self._waiting[entry.name].program)
        return True

    def _judge(self, entry: Entry, *, program: bool) -> None:
        """Give what is nobody's to those who look at such; a library that nothing says may be executed to all."""
        if is_program(entry.peek(4)):
            for unit in _UNOWNED if program else (*_PROGRAMS, *_UNOWNED):
                self._catalog(unit, entry, entry.name)
        self._opened = None

    def _read_linked(self) -> bool:
        """Walk the layer again for the files that hard links with wanted names point at."""
        for entry in self._layer.walk(lasts_of(self._linked), self._budget):
            if entry.kind is not Kind.FILE or not entry.size:
                continue
            for name in self._linked.pop(entry.name, ()):
                for unit, match in concerned(name):
                    if isinstance(unit, Cataloger):
                        self._catalog(unit, entry, name, match["root"] if unit.system else b"")
        if self._linked:
            raise Malformed(
                f"{counted(len(self._linked), 'hard link')} to package records without a target in the layer"
            )
        return True


def weight(record: Record, place: int) -> int:
    """Bytes that a record takes until the report is written; ``place`` is how long the path of its file is."""
    inner = len(record.inner or "")
    said = len(record.name) + len(record.version) + len(record.evidence) + sum(map(len, record.licenses))
    return _RECORD + 2 * said + _PATHS * (place + inner)


def _peek(place: Blob) -> Callable[[int], memoryview]:
    return lambda count: place.view()[:count]
