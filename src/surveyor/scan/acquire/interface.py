"""What an acquirer is: whether an opened target is of its format, and what trees it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from pathlib import Path
from typing import Protocol

import orjson

from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.events import printable
from surveyor.scan.formats.oci import platform_of
from surveyor.scan.formats.release import PLACES
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Coverage
from surveyor.scan.tree.entry import Blob, Layer
from surveyor.scan.values import frozen

#: The largest JSON document of an image that is read.
DOCUMENT = 4 * MIB
_INSTRUCTION = 300
#: Where a root filesystem says which it is: a tree that has one of these is no source tree.
RELEASES = frozenset(place.decode() for place in PLACES)


class Store(Protocol):
    """Named blobs: the members of an outer tar, or the files of a directory."""

    def get(self, name: str) -> Blob | None:
        """The bytes under a name, or nothing."""

    def names(self) -> list[str]:
        """Every name, bounded."""


@frozen
class Origin:
    """A target that was opened and not yet understood.

    ``blob`` is a file's bytes (those inside, when it is compressed); ``store`` its members when it is a tar or a
    directory, which is at ``path``; ``damage`` is why they are not all there. ``packed`` are the file's own bytes where
    those inside are more than may be spooled. ``reads`` says whether anybody reads files of a name; of what
    lies inside something else nobody asks that.
    """

    name: str
    blob: Blob | None
    store: Store | None
    path: Path | None = None
    damage: ScanError | None = None
    packed: Blob | None = None
    reads: Callable[[bytes], bool] | None = None


@frozen
class Image:
    """One root filesystem: its layers from the oldest to the newest. ``overlaid`` when whiteouts have their meaning.

    ``aliases`` are other names of the same image.
    """

    layers: tuple[Layer, ...]
    name: str | None = None
    aliases: tuple[str, ...] = ()
    digest: str | None = None
    platform: str | None = None
    overlaid: bool = False


def shared_name(names: Iterable[str | None]) -> str | None:
    """The name that all images of a file go by which have one, as those for several platforms do."""
    known = {name for name in names if name}
    return known.pop() if len(known) == 1 else None


@frozen
class Artifact:
    """A target understood: its type in the vocabulary of reports, its images, and what of it could not be taken.

    ``streamed`` when its bytes are read as they pass, so that what could not be spooled is no loss.
    """

    type: str
    images: tuple[Image, ...]
    name: str | None = None
    digest: str | None = None
    coverage: tuple[Coverage, ...] = field(default=())
    streamed: bool = False


@frozen
class Acquirer:
    """A declaration. ``detect`` says whether it is this format, never raises; ``read`` raises for broken ones.

    ``names`` and ``endings``, as a cataloger has them, tell which files inside another tree are worth a look with
    ``detect``: none when both are empty. ``inside_systems`` when that holds inside images and root filesystems too, and
    not only inside what somebody packed: an archive, a disc, a source tree.
    """

    id: str
    version: int
    summary: str
    detect: Callable[[Origin], bool]
    read: Callable[[Origin, Budget], Artifact]
    names: bytes = b""
    endings: bytes = b""
    inside_systems: bool = False


def load(blob: Blob | None, what: str) -> object:
    """A JSON document of an image, bounded."""
    if blob is None:
        raise Malformed(f"{what} is missing")
    if len(blob) > DOCUMENT:
        raise LimitExceeded(f"{what} has {len(blob):,} bytes")
    try:
        return orjson.loads(blob.view())
    except orjson.JSONDecodeError as error:
        raise Malformed(f"{what} is no JSON: {error}") from error


#: What is told of an image whose configuration is not there: nothing that is in its layers is lost with it.
UNCONFIGURED = (
    "the image's configuration is named and not in this archive: its platform and what made each layer are unknown"
)


@frozen
class Configuration:
    """What an image's configuration says that a scan uses: the digests of its layers, uncompressed; its platform.

    ``instructions`` are what made each layer, by the history.
    """

    diff_ids: tuple[str, ...] = ()
    platform: str | None = None
    instructions: tuple[str | None, ...] = ()

    def instruction(self, index: int, count: int) -> str | None:
        """What made the layer of this index; nothing where the history tells of another number than ``count``."""
        return self.instructions[index] if len(self.instructions) == count else None


def configuration(blob: Blob | None) -> Configuration:
    """Read an image's configuration; one that cannot be read says nothing."""
    try:
        document = mapping(load(blob, "image configuration"))
    except ScanError:
        return Configuration()
    named = sequence(mapping(document.get("rootfs")).get("diff_ids"))
    steps = [mapping(one) for one in sequence(document.get("history"))]
    return Configuration(
        diff_ids=tuple(one for one in named if isinstance(one, str)),
        platform=platform_of(document),
        instructions=tuple(_instruction(step.get("created_by")) for step in steps if not step.get("empty_layer")),
    )


def _instruction(created_by: object) -> str | None:
    """A step of the history as its author wrote it, bounded: without the shell that the older builder names."""
    if not isinstance(created_by, str):
        return None
    text = created_by.removeprefix("/bin/sh -c #(nop) ").strip()
    if text.startswith("/bin/sh -c "):
        text = "RUN " + text.removeprefix("/bin/sh -c ").strip()
    return printable(text.removesuffix("# buildkit").strip()[:_INSTRUCTION]) or None


def mapping(value: object) -> dict[str, object]:
    """A JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[object]:
    """A JSON array, or an empty one for anything else."""
    return value if isinstance(value, list) else []
