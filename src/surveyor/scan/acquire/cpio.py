"""cpio given alone, as a Linux initrd above all: archives one after another, the last perhaps compressed.

Read by Linux, "initramfs buffer format": early archives are plain, since the kernel looks into them for microcode
before it can inflate anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.entry import Blob, Wanted
from surveyor.scan.tree.stream import Mapped, form_of

if TYPE_CHECKING:
    from surveyor.scan.tree.cpio import CpioLayer

#: What only the first filesystem of a system has.
_INITRD = Wanted(re.compile(rb"(?:init|linuxrc|GenuineIntel\.bin|AuthenticAMD\.bin)\Z"))
_SEGMENTS = 16


def detect(origin: Origin) -> bool:
    """The bytes, or those inside a compressed file, begin as an archive does."""
    from surveyor.scan.tree.cpio import is_cpio

    return origin.blob is not None and is_cpio(origin.blob.head(26))


def read(origin: Origin, budget: Budget) -> Artifact:
    """Each part as a layer of one tree, later ones over earlier ones."""
    from surveyor.scan.tree.cpio import CpioLayer, is_cpio

    if origin.blob is None:
        raise Malformed("no bytes")
    layers: list[CpioLayer] = []
    missed: list[Coverage] = []
    rest, early = origin.blob, False
    while len(rest) and len(layers) < _SEGMENTS:
        place = f"part {len(layers) + 1}"
        try:
            form = form_of(rest.head(16))
        except ScanError as error:
            missed.append(_missed(error.code, str(error), place))
            break
        if form != "plain":
            layers.append(CpioLayer(blob=rest, place=place))
            break
        if not is_cpio(rest.head(26)):
            detail = f"what follows byte {rest.start - origin.blob.start:,} is in no known format: {rest.head(8).hex()}"
            missed.append(_missed("unsupported", detail, place))
            break
        length, told = _length(rest, budget)
        early = early or told
        layers.append(CpioLayer(blob=rest.part(0, length), place=place))
        rest = rest.part(length, len(rest))
    kind = "filesystem/initrd" if early or len(layers) > 1 or missed else "archive/cpio"
    return Artifact(type=kind, images=(Image(layers=tuple(layers)),), coverage=tuple(missed))


def _length(blob: Blob, budget: Budget) -> tuple[int, bool]:
    """How many bytes the plain archives at the beginning take, and whether they look like an initrd."""
    from surveyor.scan.tree.cpio import CpioWalk

    walk, told = CpioWalk(Mapped(blob.buffer, blob.start, blob.end), _INITRD, budget.ahead()), False
    try:
        for _ in walk:
            told = True
    except (LimitExceeded, Malformed):
        budget.check_time()
        return len(blob), told  # who reads it says so
    return walk.end - blob.start, told


def _missed(reason: str, detail: str, place: str) -> Coverage:
    return Coverage(what="acquire.cpio", state=CoverageState.FAILED, reason=reason, detail=detail, path=place)


ACQUIRER = Acquirer(
    id="cpio",
    version=2,
    summary="initrd, or another cpio archive",
    detect=detect,
    read=read,
    # what Apple's installer packages and signed archives hold is one without an ending
    names=rb"init(?:rd|ramfs)[^/]*|Payload|Scripts|Content",
    endings=rb"(?:cpio|pax)(?:\.(?:gz|xz|bz2|lzma|lz4|lzo|zst))?",
)
