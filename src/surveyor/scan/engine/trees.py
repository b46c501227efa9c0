"""Reads the trees of an artifact that was opened: what lies in them becomes one inventory."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

from surveyor.scan.acquire import manifest
from surveyor.scan.acquire.interface import Artifact, Image
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.engine.cache import LayerCache
from surveyor.scan.engine.hardening import Guarded
from surveyor.scan.engine.inventory import Inventory
from surveyor.scan.engine.nesting import Nesting, scope_of
from surveyor.scan.engine.opening import Opened
from surveyor.scan.engine.packed import Packed
from surveyor.scan.engine.reading import ImageReader, size_of
from surveyor.scan.engine.seen import Seen
from surveyor.scan.engine.shelf import Shelf
from surveyor.scan.engine.units import Ledger
from surveyor.scan.limits import Budget
from surveyor.scan.model import INCOMPLETE, Coverage, CoverageState, Package
from surveyor.scan.tree.entry import Layer
from surveyor.scan.vocabulary import counted, family

_LAYERS_FROM, _LAYERS_TO = 8, 60
#: Catalogers of what a repository lists.
_REPOSITORIES = ("repodata", "debian_index")
#: Catalogers that name no packages: they say how programs are protected, and which files are a package's.
_NAMELESS = frozenset({"hardening", "dpkg_files", "pacman_files"})


def read(opened: Opened, ledger: Ledger, budget: Budget, shelf: Shelf | None) -> tuple[Seen, bool]:
    """Look at all images of an artifact; whether what they gave is that of layers which are what they say."""
    artifact = opened.artifact
    cache = LayerCache(shelf=shelf) if shelf else None
    scan = _Scan(opened, ledger, budget, cache)
    packages = scan.read()
    scan.account()
    alone = artifact.type == manifest.TYPE
    seen = Seen(
        type=scan.type,
        name=artifact.name,
        digest=artifact.digest,
        units={f"catalog.{unit.id}": unit.version for unit in CATALOGERS} | opened.unit,
        packages=packages,
        coverage=tuple(ledger.entries),
        guarded=tuple(scan.guarded),
        nothing=None if packages or (scan.entries and not alone) else _nothing(artifact, ledger),
    )
    return seen, scan.proven


class _Scan:
    """The images of one artifact on their way into one inventory."""

    def __init__(self, opened: Opened, ledger: Ledger, budget: Budget, cache: LayerCache | None) -> None:
        artifact = opened.artifact
        self.type = artifact.type
        self.stage = family(artifact.type)
        self.entries = 0
        self.proven = True
        self.guarded: list[Guarded] = []
        self._artifact = artifact
        self._opened = opened.seconds
        self._ledger = ledger
        self._budget = budget
        self._cache = cache
        self._packed = Packed(artifact.type)
        self._files: Counter[str] = Counter()
        self._records: Counter[str] = Counter()
        self._named: Counter[str] = Counter()
        self._layers = [layer for image in artifact.images for layer in image.layers]
        self._total = sum(map(size_of, self._layers)) or 1
        self._done = 0
        self._before = 0
        self._reader: ImageReader | None = None
        self._looked = 0
        self._pct = _LAYERS_FROM
        self._telling = threading.Lock()

    def read(self) -> tuple[Package, ...]:
        """Walk every image; returns the merged packages of all."""
        progress, images = self._ledger.progress, self._artifact.images
        if self.stage in {"archive", "binary"}:
            progress(f"{self.stage}.type", self.type.partition("/")[2], pct=6)
            progress.took(f"{self.stage}.type", self._opened)
        if self.stage == "iso":
            progress("iso.detect", f"{images[0].layers[0].form}, {images[0].name or 'without a name'}", pct=6)
            progress.took("iso.detect", self._opened)
        inventory = Inventory()
        self._budget.tick = self._tick
        with progress.timing(f"{self.stage}.layers"):
            for image in images:
                self._image(image, inventory)
        packages = inventory.packages()
        self._tell(len(packages))
        return packages

    def _image(self, image: Image, inventory: Inventory) -> None:
        scope = scope_of(self.type, image, stage=self.stage)
        nesting = Nesting(budget=self._budget, stage=self.stage, depth=self._budget.limits.depth)
        reader = self._reader = ImageReader(image, scope, self._ledger, self._budget, nesting.nest(), self._cache)
        reader.read(self._layer)
        self._before, self._reader = self._done, None
        for found, distro in self._packed.own(reader.finish()):
            inventory.add(found, distro)
            self._records[found.cataloger.id] += 1
            self._named[found.cataloger.id] += not found.record.remark
        self.proven = self.proven and reader.proven
        self.guarded += reader.guarded
        self.entries += reader.entries
        self._files.update(reader.files)
        if self.type == "source" and reader.has_release:
            self.type = "rootfs"
        detail = counted(reader.entries, "entry")
        if image.overlaid:
            detail = f"{counted(len(image.layers), 'layer')}, {detail}"
        if image.platform:
            detail += f", {image.platform}"
        self._ledger.add(
            Coverage(
                what="acquire.image",
                state=CoverageState.LOOKED,
                detail=detail,
                asset=image.name,
                layer=image.digest,
                count=reader.entries,
            )
        )

    def _layer(self, layer: Layer) -> None:
        self._looked += 1
        self._done += size_of(layer)
        self._walked(self._done, f"{self._looked}/{len(self._layers)} {layer.digest or self.type}")

    def _tick(self) -> None:
        """About once a second: how far the walk is."""
        if self._reader is not None:
            done = self._before + self._reader.walked
            share = int(100 * min(1.0, done / self._total))
            self._walked(done, f"{self._looked}/{len(self._layers)} layers, {share}% walked")

    def _walked(self, done: float, detail: str) -> None:
        pct = _LAYERS_FROM + int((_LAYERS_TO - _LAYERS_FROM) * min(1.0, done / self._total))
        with self._telling:  # several threads tell, and none may go back
            self._pct = max(self._pct, pct)
            self._ledger.progress(f"{self.stage}.layers", detail, pct=self._pct)

    def account(self) -> None:
        """One entry of coverage a cataloger that met files, and one that names those that met none."""
        for unit in CATALOGERS:
            files, records = self._files[unit.id], self._records[unit.id]
            if files:
                detail = counted(files, "file")
                if unit.id not in _NAMELESS:
                    detail += f", {counted(records, 'record')}"
                what = f"catalog.{unit.id}"
                self._ledger.add(Coverage(what=what, state=CoverageState.LOOKED, detail=detail, count=records))
        others = [unit.id for unit in CATALOGERS if not self._files[unit.id]]
        detail = f"looked for and not met: {', '.join(others)}"
        self._ledger.add(Coverage(what="catalog", state=CoverageState.LOOKED, detail=detail, count=len(others)))

    def _tell(self, packages: int) -> None:
        system, others = (
            " ".join(
                f"{unit.id}={self._named[unit.id]}"
                for unit in CATALOGERS
                if unit.system is wanted and self._named[unit.id]
            )
            or "none"
            for wanted in (True, False)
        )
        self._budget.tick = None
        progress, stage = self._ledger.progress, f"{self.stage}.packages"
        if self.stage == "iso" and any(self._files[unit] for unit in _REPOSITORIES):
            listed = " ".join(f"{unit}={self._named[unit]}" for unit in _REPOSITORIES)
            progress("iso.repodata", listed, pct=61)
            progress.took("iso.repodata", self._spent(_REPOSITORIES))
        progress(stage, system, pct=62)
        progress.took(stage, self._spent(unit.id for unit in CATALOGERS if unit.system))
        progress(f"{stage}.app", others, pct=65, packages=packages)
        progress.took(f"{stage}.app", self._spent(unit.id for unit in CATALOGERS if not unit.system))

    def _spent(self, units: Iterable[str]) -> float:
        """The seconds that units took, inside the walk of the layers."""
        return sum(self._budget.spent.get(unit, 0.0) for unit in units)


def _nothing(artifact: Artifact, ledger: Ledger) -> str | None:
    """Why nothing was seen; nothing when an artifact was walked to its end, and is empty."""
    told = [entry for entry in ledger.entries if entry.what != "catalog" and entry.detail]
    bad = next((entry.detail for entry in told if entry.state in INCOMPLETE), None)
    if bad or any(image.layers for image in artifact.images):
        return bad
    skipped = next((entry.detail for entry in told if entry.state is CoverageState.SKIPPED), None)
    return skipped or "it holds no tree of files"
