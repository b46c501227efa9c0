"""One file that is a tree of its own: what is given alone and has no files inside that matter as such."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.limits import Budget
from surveyor.scan.tree.entry import Blob, Entry, Kind, Names, Tally, Wanted, is_program
from surveyor.scan.values import frozen


@frozen
class FileLayer:
    """One file that is its own tree."""

    blob: Blob
    name: bytes
    digest: str | None = None
    place: str | None = None
    form: str = "file"

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> FileWalk:  # noqa: ARG002 - nothing to hide or count
        """Begin a pass."""
        return FileWalk(self.blob, self.name, wanted)

    def vouched(self, _budget: Budget) -> bool:
        """Whoever reads the file sees whether it is whole."""
        return True


def named(blob: Blob, name: str, suffix: str) -> FileLayer:
    """A file under its own name, which ends as catalogers expect it: names that uploads invent or shout do not."""
    if name.lower().endswith(suffix):
        name = name[: len(name) - len(suffix)]
    name += suffix
    return FileLayer(blob=blob, name=name.replace("/", "_").encode("utf-8", "replace"))


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
        view = self._blob.view()
        program = self._wanted.programs and is_program(view[:4])
        if program or self._wanted.match(self._name):
            yield Entry(
                name=self._name,
                kind=Kind.FILE,
                size=len(view),
                peek=lambda count: view[:count],
                mapped=True,
                place=self._blob,
                program=program,
            )
