"""Opens an artifact inside another one where it lies, on the same budget, some levels deep."""

from __future__ import annotations

from dataclasses import replace

from surveyor.scan.acquire.interface import Artifact, Image, Origin
from surveyor.scan.acquire.origin import open_blob
from surveyor.scan.engine.layer import Nest, Scope
from surveyor.scan.engine.look import Nested
from surveyor.scan.engine.reading import ImageReader
from surveyor.scan.engine.units import Ledger
from surveyor.scan.engine.wanted import NESTABLE
from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.events import Progress
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Blob, Layer, readable
from surveyor.scan.tree.file import FileLayer
from surveyor.scan.tree.stream import form_of
from surveyor.scan.values import frozen

#: Types whose trees are systems: what lies in them is installed, and an archive there is just a file.
_SYSTEMS = ("container", "rootfs", "filesystem/")
#: Volumes of Macs, which are no distribution's whether in a disk image or given as they are.
_VOLUMES = ("filesystem/hfs", "filesystem/apfs")
#: Names that say a disc or disk image, and nothing else: bytes in which no reader sees one are cut short, or of a kind
#: that is not read.
_IMAGES = (".dmg", ".iso")
#: Types whose trees are what one package holds: a link may lead into another one that it depends on.
_PACKAGES = frozenset(
    f"archive/{kind}"
    for kind in ("deb", "rpm", "alpine-apk", "arch-package", "conda", "macos-pkg", "gem", "npm", "crate", "sdist")
)


def scope_of(type_: str, image: Image, *, stage: str, prefix: str = "") -> Scope:
    """Where the layers of an image are, that is of an artifact of this type."""
    return Scope(
        stage=stage,
        system=type_.startswith(_SYSTEMS) and type_ not in _VOLUMES,
        package=type_ in _PACKAGES,
        overlaid=image.overlaid,
        prefix=prefix,
    )


@frozen
class Nesting:
    """How deep artifacts may still be opened, and the first word of the events about them.

    ``within`` are those that are open around what is opened next.
    """

    budget: Budget
    stage: str
    depth: int
    within: tuple[Blob, ...] = ()

    def nest(self) -> Nest:
        """The opener for files of a tree at this depth."""
        return self._open

    def _open(self, blob: Blob, name: bytes, path: str) -> Nested | None:
        if self.depth <= 0:
            raise LimitExceeded(f"artifacts nested more than {self.budget.limits.depth} deep are not opened")
        if any(_same(blob, outer) for outer in self.within):
            raise Malformed("artifact that holds itself is opened once")
        origin = open_blob(blob, readable(name).rpartition("/")[2], self.budget)
        unit = next((one for one in NESTABLE if one.detect(origin)), None)
        if unit is None:
            _tell(origin)
            return None
        artifact = unit.read(origin, self.budget)
        nested = Nested(name=name, type=artifact.type)
        ledger = Ledger(Progress())
        if origin.damage is not None and not artifact.streamed:
            state = CoverageState.PARTIAL if isinstance(origin.damage, LimitExceeded) else CoverageState.FAILED
            ledger.add(Coverage(what="acquire.file", state=state, reason=origin.damage.code, detail=str(origin.damage)))
        for entry in artifact.coverage:
            ledger.add(entry)
        inner = replace(self, depth=self.depth - 1, within=(*self.within, blob))
        for image in artifact.images:
            if _is_itself(image, name):
                continue  # the file as such was met where it lies
            inner.read(image, artifact, f"{path}!/", ledger, nested)
        nested.coverage = [
            replace(entry, asset=entry.asset or path)
            for entry in ledger.entries
            if entry.state is not CoverageState.LOOKED or entry.reason is not None
        ]
        return nested

    def read(self, image: Image, artifact: Artifact, prefix: str, ledger: Ledger, nested: Nested) -> None:
        """Read one image of an artifact that was opened inside another one, into what is kept of that."""
        scope = scope_of(artifact.type, image, stage=self.stage, prefix=prefix)
        reader = ImageReader(image, scope, ledger, self.budget, self.nest())
        reader.read(_quietly)
        nested.found += reader.finish()
        nested.guarded += reader.guarded
        nested.entries += reader.entries
        nested.files.update(reader.files)


def _same(blob: Blob, outer: Blob) -> bool:
    """Whether two artifacts are one: what holds itself ten times does so ten thousand times four levels deep."""
    return len(blob) == len(outer) and blob.view() == outer.view()


def _tell(origin: Origin) -> None:
    """Raise for a file in which no unit sees an artifact, where its end is missing or it has the name of one."""
    if origin.damage is not None:
        raise origin.damage
    if origin.blob is not None and form_of(origin.blob.head(16)) != "plain":
        raise Unsupported("compressed more than once: what is inside is not looked at")
    if origin.name.lower().endswith(_IMAGES):
        raise Unsupported("named as a disc or disk image, and is none that is read: cut short, or of another kind")


def _is_itself(image: Image, name: bytes) -> bool:
    """Whether an image is nothing but the file that was opened, under the name that it has in its tree."""
    last = name.rpartition(b"/")[2]
    return all(isinstance(layer, FileLayer) and layer.name == last for layer in image.layers)


def _quietly(_layer: Layer) -> None:
    """The layers of a nested image are no progress of their own."""
