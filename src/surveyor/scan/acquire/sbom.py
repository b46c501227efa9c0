"""A bill of materials given alone: its packages are matched as if they had been found."""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.sbom.sign import format_of
from surveyor.scan.limits import Budget
from surveyor.scan.tree.file import named

#: The name that the cataloger knows each format by, whatever the file is called.
_ENDINGS = {
    "cyclonedx-json": ".cdx.json",
    "cyclonedx-xml": ".cdx.xml",
    "spdx-json": ".spdx.json",
    "spdx-3": ".spdx.json",
    "spdx-tag-value": ".spdx",
    "syft-json": ".syft.json",
}


def detect(origin: Origin) -> bool:
    """A document that says of itself that it is one."""
    return origin.blob is not None and origin.store is None and format_of(origin.blob.view()) is not None


def read(origin: Origin, _budget: Budget) -> Artifact:
    """The document as one file."""
    if origin.blob is None or (kind := format_of(origin.blob.view())) is None:
        raise Malformed("no bill of materials")
    layer = named(origin.blob, origin.name, _ENDINGS[kind])
    return Artifact(type=f"sbom/{kind}", images=(Image(layers=(layer,)),))


ACQUIRER = Acquirer(
    id="sbom", version=1, summary="bill of materials: CycloneDX, SPDX or Syft's own", detect=detect, read=read
)
