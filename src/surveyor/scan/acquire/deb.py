"""A Debian package given alone: the file for its cataloger, and the tree of what it installs (deb(5))."""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.formats import ar
from surveyor.scan.limits import Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.tree.file import named
from surveyor.scan.tree.tar import TarLayer

_FIRST = b"debian-binary"


def detect(origin: Origin) -> bool:
    """An ar archive whose first member is the version of the format; any other is a static library."""
    if origin.blob is None:
        return False
    start = len(ar.MAGIC)
    head = origin.blob.head(start + len(_FIRST))
    return head[:start] == ar.MAGIC and head[start:] == _FIRST


def read(origin: Origin, _budget: Budget) -> Artifact:
    """Two images: the file, and its data; a package without data is told, and still one."""
    if origin.blob is None:
        raise Malformed("no bytes")
    images = [Image(layers=(named(origin.blob, origin.name, ".deb"),))]
    coverage: list[Coverage] = []
    try:
        for member in ar.members(origin.blob.view()):
            if member.name.startswith(b"data.tar"):
                place = member.name.decode("utf-8", "backslashreplace")
                layer = TarLayer(blob=origin.blob.part(member.start, member.size), place=place)
                images.append(Image(layers=(layer,)))
    except ScanError as error:
        coverage.append(_missed(error.code, str(error)))
    if len(images) < 2 and not coverage:
        coverage.append(_missed("malformed", "package without data: it may be cut short"))
    return Artifact(type="archive/deb", images=tuple(images[:2]), coverage=tuple(coverage))


def _missed(reason: str, detail: str) -> Coverage:
    return Coverage(what="acquire.deb", state=CoverageState.FAILED, reason=reason, detail=detail)


ACQUIRER = Acquirer(id="deb", version=1, summary="Debian package (.deb, .udeb)", detect=detect, read=read)
