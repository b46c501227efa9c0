"""A disc image: ISO 9660 with Rock Ridge or Joliet, or UDF where there is nothing else or it holds more files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed, ScanError, Unsupported
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Blob, Wanted
from surveyor.scan.vocabulary import counted

if TYPE_CHECKING:
    from surveyor.scan.tree.iso import IsoLayer
    from surveyor.scan.tree.udf import UdfLayer

_RAW = b"\0" + b"\xff" * 10 + b"\0"
#: Where the first descriptor begins when a file holds whole sectors of 2352 bytes: in mode 1, and in mode 2.
_RAW_DESCRIPTORS = (16 * 2352 + 16, 16 * 2352 + 24)
_NONE = Wanted(re.compile(rb"(?!)"))
#: Of the first descriptor, whatever standard it is of, and what the standards read here call themselves in it.
_FIRST, _SECTOR = 16 * 2048, 2048
_ISO, _UDF, _EXTENDED = b"CD001", frozenset({b"NSR02", b"NSR03"}), b"BEA01"
_RECOGNITION = 16  # sectors in which a disc says by which standards it is written


def detect(origin: Origin) -> bool:
    """A first volume descriptor stands in sector 16, whatever boots the disc before it."""
    blob = origin.blob
    return blob is not None and (_standard(blob, _FIRST) is not None or _is_raw(blob))


def read(origin: Origin, budget: Budget) -> Artifact:
    """The tree with the best names as one layer; of two trees the one with more files."""
    from surveyor.scan.formats import iso9660, udf
    from surveyor.scan.tree.iso import layer_of
    from surveyor.scan.tree.udf import UdfLayer

    blob = origin.blob
    if blob is None:
        raise Malformed("no bytes")
    if _is_raw(blob):
        raise Unsupported("disc image of raw sectors (2352 bytes each) is not read; convert it to 2048-byte sectors")
    layers: list[IsoLayer | UdfLayer] = []
    coverage: list[Coverage] = []
    troubles: list[ScanError] = []
    label = ""
    standards = _standards(blob)
    if _ISO in standards:
        try:
            disc = iso9660.read_disc(blob.view())
            label, coverage = disc.label, _boots(disc.boots)
            layers.append(layer_of(blob, disc))
        except Malformed as error:
            troubles.append(error)
    if standards & _UDF:
        try:
            volume = udf.Volume(blob.view())
            label = label or volume.label
            layers.append(UdfLayer(blob=blob, volume=volume))
        except (Malformed, Unsupported) as error:
            troubles.append(error)
    if not layers and not troubles:
        raise Malformed("disc says by no standard what it holds: it is cut short or damaged")
    if not layers:
        raise troubles[-1]
    layer = layers[0]
    if len(layers) > 1:
        layer, told = _fuller(layers, budget)
        coverage.append(told)
    coverage += [_told(CoverageState.PARTIAL, error.code, f"one of two trees: {error}") for error in troubles]
    return Artifact(type="iso", images=(Image(layers=(layer,), name=label or None),), coverage=tuple(coverage))


def _standard(blob: Blob, start: int) -> bytes | None:
    """The standard that a descriptor names, when it names one of ours."""
    named = blob.part(start, 6).head(6)[1:]
    return named if named in {_ISO, _EXTENDED, *_UDF} else None


def _standards(blob: Blob) -> set[bytes]:
    """The standards that the first sectors name."""
    starts = range(_FIRST, _FIRST + _RECOGNITION * _SECTOR, _SECTOR)
    return {standard for start in starts if (standard := _standard(blob, start))}


def _is_raw(blob: Blob) -> bool:
    return blob.head(12) == _RAW and any(_standard(blob, start) is not None for start in _RAW_DESCRIPTORS)


def _fuller(layers: list[IsoLayer | UdfLayer], budget: Budget) -> tuple[IsoLayer | UdfLayer, Coverage]:
    """Of two trees of one disc the one with more files, the first when both have the same."""
    files: list[int] = []
    for layer in layers:
        walk = layer.walk(_NONE, budget)
        for _ in walk:
            pass
        files.append(walk.files)
    most = files.index(max(files))
    trees = " and ".join(
        f"{layer.form} with {counted(count, 'file')}" for layer, count in zip(layers, files, strict=True)
    )
    return layers[most], _told(
        CoverageState.LOOKED, None, f"the disc has two trees, {trees}: {layers[most].form} is read"
    )


def _boots(platforms: tuple[str, ...]) -> list[Coverage]:
    if not platforms:
        return []
    detail = f"El Torito boot images are named and not read apart from the files they are: {', '.join(platforms)}"
    return [_told(CoverageState.SKIPPED, "boot_image", detail)]


def _told(state: CoverageState, reason: str | None, detail: str) -> Coverage:
    return Coverage(what="acquire.iso", state=state, reason=reason, detail=detail)


ACQUIRER = Acquirer(
    id="iso", version=1, summary="ISO 9660 or UDF disc image", detect=detect, read=read, endings=rb"(?i:iso|udf)"
)
