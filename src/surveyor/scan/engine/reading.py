"""Reads one image: walks its layers newest first, gives visible wanted files to catalogers, and keeps the books."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable
from functools import partial

from surveyor.scan.acquire.interface import Image
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import Cataloger, File
from surveyor.scan.catalog.unread import UNREAD
from surveyor.scan.engine import distro
from surveyor.scan.engine.inventory import Found, Inventory
from surveyor.scan.engine.layer import Pass, account
from surveyor.scan.engine.units import Ledger
from surveyor.scan.engine.unseen import Unseen
from surveyor.scan.errors import Malformed
from surveyor.scan.events import Progress
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Entry, Kind, Layer, Wanted
from surveyor.scan.tree.names import clean
from surveyor.scan.tree.overlay import Overlay
from surveyor.scan.vocabulary import counted

_UNITS = (*CATALOGERS, *UNREAD)
_ENDINGS = rb"[^/]+\.(?:" + b"|".join(unit.endings for unit in _UNITS if unit.endings) + rb")"
_NAMES = (rb"\.wh\.[^/]*", rb"os-release", *(unit.names for unit in _UNITS if unit.names), _ENDINGS)
#: The one pattern that decides on the hot path which of a hundred thousand names deserve a second look.
WANTED: Wanted = re.compile(rb"(?:" + b"|".join(_NAMES) + rb")\Z", re.DOTALL)
_TROUBLES = 50  # failures told one by one, per cataloger; the rest is counted


class ImageReader:
    """One image on its way into an inventory.

    ``stage`` is the first word of its events; ``source`` when it may be a source tree, unless an os-release is met.
    """

    def __init__(self, image: Image, ledger: Ledger, budget: Budget, *, stage: str, source: bool) -> None:
        self.entries = 0
        self.files: Counter[str] = Counter()
        self.records: Counter[str] = Counter()
        self._image = image
        self._ledger = ledger
        self._budget = budget
        self._stage = stage
        self._source = source
        self._unseen = Unseen()
        self._overlay = Overlay()
        self._releases = distro.Releases()
        self._found: deque[Found] = deque()
        self._troubles: Counter[str] = Counter()
        self._links = 0

    def layer(self, layer: Layer) -> bool:
        """Walk one layer, the newest that has not been walked; false when it could not be read to its end."""
        sheet = self._overlay.sheet()
        pass_ = Pass(layer=layer, sheet=sheet)
        done = self._attempt(layer, lambda: self._walk(pass_))
        if pass_.linked:
            self._attempt(layer, lambda: self._read_linked(pass_))
        self._overlay.seal(sheet)
        self.entries += pass_.entries
        for records in pass_.found.values():
            self._found.extend(records)
        account(pass_, self._ledger, self._budget, stage=self._stage, whole=bool(done))
        return bool(done)

    def _attempt(self, layer: Layer, unit: Callable[[], bool]) -> bool | None:
        stage = f"{self._stage}.layers"
        return self._ledger.attempt("acquire.layer", unit, stage=stage, path=layer.place, layer=layer.digest)

    @property
    def has_release(self) -> bool:
        """Whether the tree itself says which distribution it is: then it is a root filesystem."""
        return self._releases.at(b"") is not None

    def finish(self, inventory: Inventory) -> None:
        """Stamp what was found with the distribution of its system, now that all layers have been seen."""
        distros = {root: self._releases.at(root) for root in {found.root for found in self._found}}
        while self._found:
            found = self._found.popleft()  # a hundred thousand of them are not held twice
            inventory.add(found, distros[found.root])
            self.records[found.cataloger.id] += 1
        for entry in self._unseen.coverage(source=self._source and not self.has_release):
            self._ledger.add(entry)
        for unit, count in self._troubles.items():
            if count > _TROUBLES:
                self._ledger.add(
                    Coverage(
                        what=f"catalog.{unit}",
                        state=CoverageState.FAILED,
                        reason="malformed",
                        detail=counted(count - _TROUBLES, "more file"),
                        count=count - _TROUBLES,
                    )
                )
        if self._links:
            detail = "symbolic links to package records are not followed; their targets are read where they lie"
            self._ledger.add(
                Coverage(
                    what="acquire.links",
                    state=CoverageState.SKIPPED,
                    reason="symlink",
                    detail=detail,
                    count=self._links,
                )
            )
        if self._overlay.forgetful:
            detail = "more names than can be kept: files that a later layer hides may be reported"
            self._ledger.add(
                Coverage(what="acquire.overlay", state=CoverageState.PARTIAL, reason="limit_exceeded", detail=detail)
            )

    def _walk(self, pass_: Pass) -> bool:
        walk = pass_.layer.walk(WANTED, self._budget, pass_.sheet.names if self._image.overlaid else None)
        try:
            for entry in walk:
                if not (self._image.overlaid and pass_.sheet.mark(entry.name)):
                    self._entry(entry, pass_)
        finally:
            pass_.take(walk)
        return True

    def _entry(self, entry: Entry, pass_: Pass) -> None:
        if entry.kind is Kind.OTHER:
            return
        if entry.name.endswith(distro.PLACES):
            self._release(entry, pass_)
            return
        read = False
        for unit in CATALOGERS:
            if match := unit.paths.search(entry.name):
                read = True
                self._candidate(unit, entry, match, pass_)
        if not read and entry.kind is Kind.FILE:
            self._unread(entry, pass_)

    def _unread(self, entry: Entry, pass_: Pass) -> None:
        """Count a file of a format that is not read, under the first that it fits."""
        unread = next((one for one in UNREAD if one.paths.search(entry.name)), None)
        if unread and self._overlay.visible(entry.name):
            self._unseen.add(unread, entry.name, pass_.layer.digest)

    def _candidate(self, unit: Cataloger, entry: Entry, match: re.Match[bytes], pass_: Pass) -> None:
        if not self._overlay.visible(entry.name):
            return
        if entry.kind is Kind.SYMLINK:
            self._links += 1
        elif entry.kind is Kind.HARDLINK:
            self._budget.candidate()
            pass_.link(clean(entry.target), entry.name)
        elif entry.size:
            root = match["root"] if unit.system else b""
            self._catalog(unit, entry, root, entry.path, pass_)

    def _catalog(self, unit: Cataloger, entry: Entry, root: bytes, path: str, pass_: Pass) -> None:
        """Give one file to one cataloger; what it said before an error stays."""
        self._budget.candidate()
        self.files[unit.id] += 1
        # a name that a layer holds twice means its last content
        records = pass_.found[unit.id, path] = []
        ledger = self._ledger if self._troubles[unit.id] < _TROUBLES else Ledger(Progress())
        stage = f"{self._stage}.packages" if unit.system else f"{self._stage}.packages.app"
        run = partial(self._parse, unit, entry, root, path, pass_.layer.digest, records)
        if ledger.attempt(f"catalog.{unit.id}", run, stage=stage, path=path, layer=pass_.layer.digest) is None:
            self._troubles[unit.id] += 1

    def _parse(
        self, unit: Cataloger, entry: Entry, root: bytes, path: str, layer: str | None, records: list[Found]
    ) -> int:
        if unit.beginning:
            data = entry.head(unit.limit)
        else:
            data = entry.read(
                entry.size if unit.random and entry.mapped else min(unit.limit, self._budget.limits.file_bytes)
            )
        for record in unit.parse(File(path=path, data=data), self._budget):
            # one by one: what was said before an error stays
            records.append(Found(record=record, cataloger=unit, path=path, root=root, layer=layer))  # noqa: PERF401
        return len(records)

    def _release(self, entry: Entry, pass_: Pass) -> None:
        if not self._overlay.visible(entry.name):
            return
        if entry.kind is Kind.SYMLINK:
            self._releases.add_link(entry.name, entry.target)
        elif entry.kind is Kind.FILE:
            read = partial(entry.head, distro.LIMIT)
            data = self._ledger.attempt(
                "distro", read, stage=f"{self._stage}.packages", path=entry.path, layer=pass_.layer.digest
            )
            if data is not None:
                self._releases.add_file(entry.name, bytes(data))

    def _read_linked(self, pass_: Pass) -> bool:
        """Walk a layer again for the files that hard links with wanted names point at."""
        lasts = {re.escape(name.rpartition(b"/")[2]) for name in pass_.linked}
        for entry in pass_.layer.walk(
            re.compile(rb"(?:" + b"|".join(sorted(lasts)) + rb")\Z", re.DOTALL), self._budget
        ):
            if entry.kind is not Kind.FILE or not entry.size:
                continue
            for name in pass_.linked.pop(entry.name, ()):
                for unit in CATALOGERS:
                    if match := unit.paths.search(name):
                        path = name.decode("utf-8", "backslashreplace")
                        self._catalog(unit, entry, match["root"] if unit.system else b"", path, pass_)
        if pass_.linked:
            raise Malformed(
                f"{counted(len(pass_.linked), 'hard link')} to package records without a target in the layer"
            )
        return True
