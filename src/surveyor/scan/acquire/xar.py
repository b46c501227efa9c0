"""Apple's flat installer packages and signed archives, given alone or on a disk image: xar with a table of contents.

What they install is in ``Payload``, a compressed cpio archive that is opened where it lies; in a ``.xip`` that is
``Content``.
"""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget

#: What only an installer package has.
_TELLING = (b"Distribution", b"PackageInfo")


def detect(origin: Origin) -> bool:
    """The file begins as an archive does."""
    from surveyor.scan.tree.xar import MAGIC

    return origin.blob is not None and origin.blob.head(4) == MAGIC


def read(origin: Origin, budget: Budget) -> Artifact:
    """The files of the archive as one layer."""
    from surveyor.scan.tree.xar import XarLayer, members

    if origin.blob is None:
        raise Malformed("no bytes")
    found, heap = members(origin.blob, budget)
    package = any(member.name.rpartition(b"/")[2] in _TELLING for member in found)
    layer = XarLayer(blob=origin.blob, members=found, heap=heap)
    return Artifact(type="archive/macos-pkg" if package else "archive/xar", images=(Image(layers=(layer,)),))


ACQUIRER = Acquirer(
    id="xar",
    version=1,
    summary="macOS installer package, or another xar archive",
    detect=detect,
    read=read,
    endings=rb"(?i:m?pkg|xip|xar|safariextz)",
)
