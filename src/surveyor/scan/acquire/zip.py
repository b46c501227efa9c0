"""The zip family given alone: Java archives, wheels, and any other zip as a tree of files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.tree.entry import Blob, Entry, Kind, Names, Tally, Wanted
from surveyor.scan.tree.names import clean
from surveyor.scan.tree.zip import Member, Zip

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLayer:
    """One file that is its own tree."""

    blob: Blob
    name: bytes
    digest: str | None = None
    place: str | None = None
    form: str = "zip"

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> FileWalk:  # noqa: ARG002 - nothing to hide or count
        """Begin a pass."""
        return FileWalk(self.blob, self.name, wanted)

    def vouched(self, _budget: Budget) -> bool:
        """A zip has its directory at its end."""
        return True


class FileWalk:
    """A pass that yields the one file."""

    def __init__(self, blob: Blob, name: bytes, wanted: Wanted) -> None:
        self.entries = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self._blob = blob
        self._name = name
        self._wanted = wanted

    def __iter__(self) -> Iterator[Entry]:
        self.entries = 1
        if self._wanted.match(self._name):
            view = self._blob.view()
            yield Entry(name=self._name, kind=Kind.FILE, size=len(view), peek=lambda count: view[:count], mapped=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipLayer:
    """The entries of a zip as files."""

    blob: Blob
    digest: str | None = None
    place: str | None = None
    form: str = "zip"

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> ZipWalk:  # noqa: ARG002 - one layer hides nothing
        """Begin a pass."""
        return ZipWalk(self.blob, wanted, budget)

    def vouched(self, _budget: Budget) -> bool:
        """A zip has its directory at its end."""
        return True


class ZipWalk:
    """One pass over the central directory."""

    def __init__(self, blob: Blob, wanted: Wanted, budget: Budget) -> None:
        self.entries = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self._archive = Zip(blob.view(), budget)
        self._wanted = wanted
        self._limit = budget.limits.file_bytes

    def __iter__(self) -> Iterator[Entry]:
        for member in self._archive.members():
            self.entries += 1
            wanted = self._wanted.match(member.name, member.name.rfind(b"/") + 1)
            if not wanted and b".." not in member.name:
                continue
            try:
                name = clean(member.name)
            except Malformed:
                self.climbing.add(member.name)
                continue
            if not wanted:
                continue
            yield Entry(name=name, kind=Kind.FILE, size=member.size, peek=partial(self._peek, member))

    def _peek(self, member: Member, count: int) -> memoryview:
        return self._archive.read(member, self._limit)[:count]


ACQUIRER = Acquirer(id="zip", version=1, summary="zip, JAR, WAR, EAR or wheel", detect=detect, read=read)
