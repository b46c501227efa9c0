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
from surveyor.scan.engine import distro, links
from surveyor.scan.engine.following import Follower, lasts_of, unfulfilled
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
_NAMES = (rb"\.wh\.[^/]*", rb"os-release", links.NAMES, *(unit.names for unit in _UNITS if unit.names), _ENDINGS)
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
        self._links = links.Links()
        self._layers: list[Layer] = []

    def layer(self, layer: Layer) -> bool:
        """Walk one layer, the newest that has not been walked; false when it could not be read to its end."""
        sheet = self._overlay.sheet()
        pass_ = Pass(layer=layer, sheet=sheet)
        done = self._attempt(layer, lambda: self._walk(pass_))
        if pass_.linked:
            self._attempt(layer, lambda: self._read_linked(pass_))
        self._overlay.seal(sheet)
        self._layers.append(layer)
        self.entries += pass_.entries
        self._keep(pass_)
        account(pass_, self._ledger, self._budget, stage=self._stage, whole=bool(done))
        return bool(done)

    def _attempt(self, layer: Layer, unit: Callable[[], bool]) -> bool | None:
        stage = f"{self._stage}.layers"
        return self._ledger.attempt("acquire.layer", unit, stage=stage, path=layer.place, layer=layer.digest)

    def _keep(self, pass_: Pass) -> None:
        for records in pass_.found.values():
            self._found.extend(records)

    @property
    def has_release(self) -> bool:
        """Whether the tree itself says which distribution it is: then it is a root filesystem."""
        return self._releases.at(b"") is not None

    def finish(self, inventory: Inventory) -> None:
        """Stamp what was found with the distribution of its system, now that all layers have been seen."""
        homes = self._follow()
        roots = {found.root for found in self._found}
        distros = {root: self._releases.at(root) or self._releases.at(homes.get(root, root)) for root in roots}
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
        if self._overlay.forgetful:
            detail = "more names than can be kept: files that a later layer hides may be reported"
            self._ledger.add(
                Coverage(what="acquire.overlay", state=CoverageState.PARTIAL, reason="limit_exceeded", detail=detail)
            )

    def _follow(self) -> dict[bytes, bytes]:
        """Read what links to package records lead to; returns which system's a root is that was reached by a link."""
        stage = f"{self._stage}.layers"
        wishes = self._ledger.attempt("acquire.links", lambda: self._links.wishes(self._budget), stage=stage)
        if not wishes:
            return {}
        again = Ledger(Progress())
        follower = Follower(self._links, self._layers, self._overlay, again, self._budget, self._known)
        source = self._source and not self.has_release
        wishes = follower.walk(wishes, thorough=source)
        self._tell_news(again)
        for wish in wishes:
            if wish.release and wish.target is not None:
                self._releases.add_link(wish.known, b"/" + wish.target)
        for entry in unfulfilled(self._links, wishes, source=source):
            self._ledger.add(entry)
            self._ledger.progress(f"{stage}.warn", entry.detail or "")
        return dict(wish.moved for wish in wishes)

    def _tell_news(self, again: Ledger) -> None:
        """What a damaged layer lacks was said when it was walked; any other end of the second look was not."""
        said = {(entry.layer, entry.reason, entry.detail) for entry in self._ledger.entries}
        for entry in again.entries:
            if (entry.layer, entry.reason, entry.detail) not in said:
                self._ledger.add(entry)

    def _known(self, entry: Entry, layer: Layer) -> None:
        """Take a file that links lead to, under the path it is known by."""
        pass_ = Pass(layer=layer, sheet=self._overlay.sheet())
        self._take(entry, pass_)
        self._keep(pass_)

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
        if entry.kind in {Kind.OTHER, Kind.SYMLINK}:
            self._link(entry, pass_)
        elif self._overlay.visible(entry.name):
            self._take(entry, pass_)

    def _link(self, entry: Entry, pass_: Pass) -> None:
        """Keep a link that may lead to a package record, and what stands in the place of an older one."""
        if not (links.concerns(entry.name) and self._overlay.visible(entry.name)):
            return
        if entry.size:
            # no folder or device has bytes: it is a file of which only some are stored
            pass_.sparse.add(entry.name)
            return
        self._budget.candidate()
        symbolic = entry.kind is Kind.SYMLINK
        self._links.add(entry.name, entry.target if symbolic else None, pass_.layer.digest)
        if symbolic and entry.name.endswith(distro.PLACES):
            self._releases.add_link(entry.name, entry.target)

    def _take(self, entry: Entry, pass_: Pass) -> None:
        """Give a visible file to all whom its name concerns."""
        units = [(unit, match) for unit in CATALOGERS if (match := unit.paths.search(entry.name))]
        for unit, match in units:
            self._candidate(unit, entry, match, pass_)
        if entry.name.endswith(distro.PLACES):
            self._release(entry, pass_)
        elif not units:
            self._unread(entry, pass_)

    def _unread(self, entry: Entry, pass_: Pass) -> None:
        """Count a file of a format that is not read, under the first that it fits."""
        unread = next((one for one in UNREAD if one.paths.search(entry.name)), None)
        if unread:
            self._links.met(entry.name)
            self._unseen.add(unread, entry.name, pass_.layer.digest)

    def _candidate(self, unit: Cataloger, entry: Entry, match: re.Match[bytes], pass_: Pass) -> None:
        self._links.met(entry.name)
        if entry.kind is Kind.HARDLINK:
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
        if entry.kind is not Kind.FILE:
            return
        self._links.met(entry.name)
        read = partial(entry.head, distro.LIMIT)
        data = self._ledger.attempt(
            "distro", read, stage=f"{self._stage}.packages", path=entry.path, layer=pass_.layer.digest
        )
        if data is not None:
            self._releases.add_file(entry.name, bytes(data))

    def _read_linked(self, pass_: Pass) -> bool:
        """Walk a layer again for the files that hard links with wanted names point at."""
        for entry in pass_.layer.walk(lasts_of(pass_.linked), self._budget):
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
