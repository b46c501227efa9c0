"""The artifact pipeline: a file or directory becomes trees, trees become packages, packages meet advisories."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from surveyor.scan.acquire.interface import Artifact, Image
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.engine import hardening, opening
from surveyor.scan.engine.cache import LayerCache
from surveyor.scan.engine.digests import Digests
from surveyor.scan.engine.hardening import Guarded
from surveyor.scan.engine.inventory import Inventory
from surveyor.scan.engine.nesting import Nesting, scope_of
from surveyor.scan.engine.parts import Parts
from surveyor.scan.engine.reading import ImageReader, size_of
from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import NotConfigured
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import INCOMPLETE, Coverage, CoverageState, Finding, Kind, Package, Source, Target
from surveyor.scan.plan import Place, Request
from surveyor.scan.settings import Settings
from surveyor.scan.tree.entry import Layer
from surveyor.scan.vocabulary import counted, family

if TYPE_CHECKING:
    from surveyor.scan.advise import match

_LAYERS_FROM, _LAYERS_TO = 8, 60
_HASH_STEP = 8 * MIB
#: Catalogers of what a repository lists.
_REPOSITORIES = ("repodata", "debian_index")
#: Catalogers that name no packages: they say how programs are protected, and which files are a package's.
_NAMELESS = frozenset({"hardening", "dpkg_files"})


def run(request: Request, settings: Settings, ledger: Ledger) -> Parts:
    """Scan one artifact; raises only when it cannot be opened or is of no supported format."""
    budget = Budget(settings.limits)
    path = Path(request.source) if request.place is Place.FILE else None
    cache = _cache(settings)
    digests = Digests(folder=cache.folder) if cache else None
    hashing = _Hashing(path, digests) if path and path.is_file() and request.digest is None else None
    opened = opening.opened(request, settings, budget, ledger, cache)
    artifact = opened.artifact
    scan = _Scan(artifact, ledger, budget, cache)
    packages = scan.read()
    scan.account()
    digest = hashing.result(ledger, scan.stage) if hashing else request.digest or artifact.digest
    target = Target(
        kind=Kind.ARTIFACT,
        source=request.source,
        type=scan.type,
        digest=digest,
        size=path.stat().st_size if path and path.is_file() else None,
        name=artifact.name or request.name,
    )
    units = {f"catalog.{unit.id}": unit.version for unit in CATALOGERS} | opened.unit
    parts = Parts(target=target, packages=packages, units=units)
    if not scan.entries and (reason := _unseen(artifact, ledger)):
        parts.failed_slots["artifact"] = reason
        return parts
    parts.findings, parts.sources = _advise(packages, target, settings, ledger, scan.stage)
    _harden(scan, parts, ledger)
    return parts


def _harden(scan: _Scan, parts: Parts, ledger: Ledger) -> None:
    """Judge how the programs of an artifact are protected."""
    programs = hardening.count(scan.guarded)
    ledger.add(hardening.coverage(programs))
    if not scan.guarded:
        return
    target = parts.target
    with ledger.progress.timing("binary.hardening"):
        found = hardening.findings(scan.guarded, artifact=target.digest or target.source)
    parts.findings += found
    parts.units |= hardening.UNITS
    detail = f"{counted(programs, 'program')}, {counted(len(found), 'finding')}"
    ledger.progress("binary.hardening", detail, pct=96)


def _cache(settings: Settings) -> LayerCache | None:
    if settings.layer_cache is None or settings.layer_cache_bytes <= 0:
        return None
    return LayerCache(folder=settings.layer_cache, bytes=settings.layer_cache_bytes)


class _Scan:
    """The images of one artifact on their way into one inventory."""

    def __init__(self, artifact: Artifact, ledger: Ledger, budget: Budget, cache: LayerCache | None) -> None:
        self.type = artifact.type
        self.stage = family(artifact.type)
        self.entries = 0
        self.guarded: list[Guarded] = []
        self._artifact = artifact
        self._ledger = ledger
        self._budget = budget
        self._cache = cache
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
        if self.stage == "iso":
            progress("iso.detect", f"{images[0].layers[0].form}, {images[0].name or 'without a name'}", pct=6)
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
        for found, distro in reader.finish():
            inventory.add(found, distro)
            self._records[found.cataloger.id] += 1
            self._named[found.cataloger.id] += not found.record.remark
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
        if self.stage == "iso" and any(self._files[unit] for unit in _REPOSITORIES):
            listed = " ".join(f"{unit}={self._named[unit]}" for unit in _REPOSITORIES)
            self._ledger.progress("iso.repodata", listed, pct=61)
        self._ledger.progress(f"{self.stage}.packages", system, pct=62)
        self._ledger.progress(f"{self.stage}.packages.app", others, pct=65, packages=packages)


class _Hashing:
    """The file's SHA-256, taken in a thread while the file is read: hashing gives the interpreter's lock away.

    In long steps, so that the two threads seldom wait for each other; a map would count the whole file as resident.
    """

    def __init__(self, path: Path, digests: Digests | None) -> None:
        self._path = path
        self._digests = digests
        self._digest: str | None = None
        self._thread = threading.Thread(target=self._run, name="artifact-digest", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        # who opens the file to read it says why that failed
        with contextlib.suppress(OSError):
            self._take()

    def _take(self) -> None:
        digest, step = hashlib.sha256(), bytearray(_HASH_STEP)
        with self._path.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            if self._digests and (known := self._digests.get(before)):
                self._digest = known
                return
            while count := file.readinto(step):
                digest.update(memoryview(step)[:count])
            found = f"sha256:{digest.hexdigest()}"
            if self._digests:
                self._digests.put(before, os.fstat(file.fileno()), found)
        self._digest = found

    def result(self, ledger: Ledger, stage: str) -> str | None:
        """The digest, or nothing when the file could not be read to its end."""
        with ledger.progress.timing(f"{stage}.hash"):
            self._thread.join()
        return self._digest


def _unseen(artifact: Artifact, ledger: Ledger) -> str | None:
    """Why not one entry was seen; nothing when an artifact was walked to its end, and is empty."""
    told = [entry for entry in ledger.entries if entry.what != "catalog" and entry.detail]
    bad = next((entry.detail for entry in told if entry.state in INCOMPLETE), None)
    if bad or any(image.layers for image in artifact.images):
        return bad
    skipped = next((entry.detail for entry in told if entry.state is CoverageState.SKIPPED), None)
    return skipped or "it holds no tree of files"


def _advise(
    packages: tuple[Package, ...], target: Target, settings: Settings, ledger: Ledger, stage: str
) -> tuple[tuple[Finding, ...], tuple[Source, ...]]:
    """Match packages with the advisory database; without one the packages stand, and coverage says what is missing."""

    def unit() -> tuple[tuple[Finding, ...], tuple[Source, ...]] | None:
        try:
            result = _match(packages, target, settings, ledger)
        except NotConfigured:
            detail = "no advisory database; run `surveyor db update`"
            ledger.add(Coverage(what="advisories", state=CoverageState.MISSING, reason="missing", detail=detail))
            ledger.progress(f"{stage}.osv.query.warn", detail)
            return None
        for entry in result.coverage:
            ledger.add(entry)
        return result.findings, result.sources

    ledger.progress(f"{stage}.osv.query", counted(len(packages), "package"), pct=70)
    with ledger.progress.timing(f"{stage}.osv.query"):
        done = ledger.attempt("advisories", unit, stage=f"{stage}.osv.query")
    if done is None:
        return (), ()
    ledger.progress(f"{stage}.osv.query.done", counted(len(done[0]), "finding"), pct=95)
    return done


def _match(packages: tuple[Package, ...], target: Target, settings: Settings, ledger: Ledger) -> match.Advice:
    from surveyor.scan.advise import snapshot  # brings SQLite

    if settings.advisories is None:
        raise NotConfigured("no advisory database is set")
    with snapshot.open_snapshot(settings.advisories) as opened:
        from surveyor.scan.advise import match

        return match.advise(packages, opened, artifact=target.digest or target.source, progress=ledger.progress)
