"""The zip family given alone: Java archives, wheels, and any other zip as a tree of files."""

from __future__ import annotations

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.tree.file import FileLayer
from surveyor.scan.tree.zip import Zip, ZipLayer

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
#: What a zip is by what it holds, the first that fits; the suffix is what its own name would end with.
_TYPES = (
    ("android-apk", b"AndroidManifest.xml", ""),
    ("java-ear", b"META-INF/application.xml", ".ear"),
    ("java-war", b"WEB-INF/", ".war"),
    ("java-jar", b"META-INF/MANIFEST.MF", ".jar"),
    ("java-jar", b"META-INF/maven/", ".jar"),
)
_TELLING = tuple(prefix for _, prefix, _ in _TYPES)
_JAVA = {kind: suffix for kind, _, suffix in _TYPES if suffix}


def detect(origin: Origin) -> bool:
    """A file that begins as a zip does."""
    return origin.blob is not None and origin.blob.head(4) in _MAGIC


def read(origin: Origin, budget: Budget) -> Artifact:
    """A Java archive as one file for its cataloger, which also looks inside; any other zip as a tree."""
    if origin.blob is None:
        raise Malformed("no bytes")
    kind = _type(Zip(origin.blob.view(), budget))
    suffix = _JAVA.get(kind)
    if suffix:
        name = origin.name if origin.name.lower().endswith(suffix) else origin.name + suffix
        layer: FileLayer | ZipLayer = FileLayer(
            blob=origin.blob, name=name.replace("/", "_").encode("utf-8", "replace")
        )
    else:
        layer = ZipLayer(blob=origin.blob)
    return Artifact(type=f"archive/{kind}", images=(Image(layers=(layer,)),))


def _type(archive: Zip) -> str:
    every = (member.name for member in archive.members())
    names = [name for name in every if name.startswith(_TELLING) or b".dist-info/" in name]
    for kind, prefix, _ in _TYPES:
        if any(name.startswith(prefix) for name in names):
            return kind
    return "python-wheel" if any(name.endswith(b".dist-info/WHEEL") for name in names) else "zip"


ACQUIRER = Acquirer(id="zip", version=1, summary="zip, JAR, WAR, EAR or wheel", detect=detect, read=read)
