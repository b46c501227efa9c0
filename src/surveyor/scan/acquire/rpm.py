"""An RPM package given alone: the package itself by its header, and the tree of its payload."""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.formats.rpm import header as tags
from surveyor.scan.formats.rpm.file import LEAD, opened
from surveyor.scan.formats.rpm.files import files_of
from surveyor.scan.limits import Budget
from surveyor.scan.tree.file import named


def detect(origin: Origin) -> bool:
    """The file begins with RPM's lead."""
    return origin.blob is not None and origin.blob.head(len(LEAD)) == LEAD


def read(origin: Origin, _budget: Budget) -> Artifact:
    """Two trees: the file, whose header its cataloger reads, and what it would install."""
    from surveyor.scan.tree.cpio import CpioLayer, Listed

    if origin.blob is None:
        raise Malformed("no bytes")
    header, start = opened(origin.blob.view())
    form = header.text(tags.PAYLOAD_FORMAT) or b"cpio"
    if form != b"cpio":
        raise Unsupported(f"RPM payload of format {form[:20].decode('utf-8', 'backslashreplace')}")
    files: list[Listed] = []
    if tags.LONG_FILE_SIZES in header:
        files = [Listed(name=file.path, size=file.stored, mode=file.mode) for file in files_of(header)]
    payload = CpioLayer(blob=origin.blob.part(start, len(origin.blob)), files=files, place="payload")
    file = named(origin.blob, origin.name, ".rpm")
    return Artifact(type="archive/rpm", images=(Image(layers=(file,)), Image(layers=(payload,))))


ACQUIRER = Acquirer(id="rpm", version=1, summary="RPM package, its header and its payload", detect=detect, read=read)
