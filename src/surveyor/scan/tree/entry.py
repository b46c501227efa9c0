"""What a walk over a tree yields: an entry that somebody wants, with its bytes one call away."""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from enum import Enum
from hashlib import blake2b
from typing import Protocol

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.values import frozen

_NAMED = 5
_LONG = 256  # a tar header holds no longer one

#: A mapped file, or bytes that were inflated or nested and are held in memory.
Buffer = mmap.mmap | bytes
#: First bytes of programs: ELF, Mach-O of both widths and byte orders, and universal ones.
_PROGRAMS = frozenset(
    bytes.fromhex(magic)
    for magic in ("7f454c46", "feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe", "cafebabf")
)
_DOS = b"MZ"
#: A program of fewer bytes holds nothing.
PROGRAM_BYTES = 64


class Wanted:
    """Which entries of a walk somebody wants.

    ``match`` judges a name from the start of its last component: ``wanted.match(name, position)``. ``programs`` asks
    for executables besides: regular files that may be executed, as far as their tree says so, and begin as programs do.
    """

    __slots__ = ("match", "programs")

    def __init__(self, names: re.Pattern[bytes], *, programs: bool = False) -> None:
        self.match = names.match
        self.programs = programs


def is_program(head: bytes | memoryview) -> bool:
    """Whether a file that begins so is an ELF, Mach-O or PE file."""
    return bytes(head[:4]) in _PROGRAMS or bytes(head[:2]) == _DOS


class Kind(Enum):
    """What an entry is; directories and devices only matter because they hide what lies below."""

    FILE = "file"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    OTHER = "other"


@frozen
class Blob:
    """A range of a mapped file or of bytes in memory; ``end`` may lie beyond them when the file is cut short."""

    buffer: Buffer
    start: int
    end: int

    def head(self, count: int) -> bytes:
        """The first bytes, fewer when there are not so many."""
        return self.buffer[self.start : min(self.end, self.start + count, len(self.buffer))]

    def part(self, start: int, size: int) -> Blob:
        """A range inside this one, counted from its start; what lies outside is cut off."""
        first = self.start + max(0, start)
        return Blob(buffer=self.buffer, start=first, end=max(first, min(first + max(0, size), self.end)))

    def view(self) -> memoryview:
        """All bytes that are there, without a copy."""
        return memoryview(self.buffer)[self.start : min(self.end, len(self.buffer))]

    def __len__(self) -> int:
        return self.end - self.start


@frozen
class Entry:
    """One entry of a tree. ``name`` is clean: no leading slash, no ``.`` or ``..``; ``target`` is a link's, as written.

    ``peek`` gives up to so many of its first bytes. ``mapped`` bytes cost no memory and stay valid; others only until
    the walk goes on; ``place`` is where they lie, for who wants to open them as an artifact. ``program`` when the file
    is one that ``Wanted.programs`` asks for.
    """

    name: bytes
    kind: Kind
    size: int
    target: bytes = b""
    peek: Callable[[int], memoryview] = field(default=lambda _count: memoryview(b""))
    mapped: bool = False
    place: Blob | None = None
    program: bool = False

    @property
    def path(self) -> str:
        """The name for people and reports: UTF-8, other bytes escaped."""
        return readable(self.name)

    def read(self, limit: int) -> memoryview:
        """All bytes, when they are not more than the limit and all there."""
        if self.size > limit:
            raise LimitExceeded(f"file of {self.size:,} bytes is over the limit of {limit:,}")
        return self._exactly(self.size)

    def head(self, limit: int) -> memoryview:
        """The first bytes up to the limit."""
        return self._exactly(min(self.size, limit))

    def _exactly(self, count: int) -> memoryview:
        view = self.peek(count)
        if len(view) < count:
            raise Malformed(f"file is cut short: {len(view):,} of {self.size:,} bytes are there")
        return view


class Room:
    """How many names may be kept in all, by the layers of one image together."""

    __slots__ = ("left",)

    def __init__(self, names: int) -> None:
        self.left = names


class Names:
    """The names a layer holds, as many as there is room for; full, it says so and keeps no more.

    ``key`` turns a name into what is kept of it: itself, or a digest where it is so long that many could not be kept.
    """

    __slots__ = ("_added", "_room", "_seen", "full")

    def __init__(self, room: Room) -> None:
        self.full = False
        self._seen: set[bytes] = set()
        self._added: list[bytes] = []
        self._room = room

    @property
    def seen(self) -> set[bytes]:
        """What is kept; made a set when somebody asks, whom the oldest layer of an image seldom has."""
        if self._added:
            self._seen.update(self._added)
            self._added.clear()
        return self._seen

    def add(self, names: Iterable[bytes]) -> None:
        """Keep more, each as its key."""
        self._added += names

    def fits(self, count: int) -> bool:
        """Take room for so many more names; false when there is none, from then on."""
        self._room.left -= count
        self.full = self.full or self._room.left < 0
        return not self.full

    @staticmethod
    def key(name: bytes) -> bytes:
        """What is kept of a name."""
        return name if len(name) <= _LONG else b"\0" + blake2b(name, digest_size=24).digest()


class Tally:
    """Names that were met and not read: how many there are, and the first of them."""

    __slots__ = ("count", "names", "why")

    def __init__(self) -> None:
        self.count = 0
        self.names: list[bytes] = []
        self.why = ""

    def add(self, name: bytes, why: str = "") -> None:
        """Count one; the first reason given stands for all."""
        self.count += 1
        self.why = self.why or why
        if len(self.names) < _NAMED:
            self.names.append(name)

    @property
    def paths(self) -> list[str]:
        """The first names, for people and reports."""
        return [readable(name) for name in self.names]


def readable(name: bytes) -> str:
    """A name for people and reports: UTF-8, other bytes escaped."""
    return name.decode("utf-8", "backslashreplace")


class Walk(Protocol):
    """One pass over a layer. ``climbing`` counts names that lead out of the tree, ``closed`` folders and files that
    could not be opened; ``unmarked`` is true when a tar ended without its end marker.
    """

    climbing: Tally
    closed: Tally
    unmarked: bool

    @property
    def entries(self) -> int:
        """How many were passed."""

    def __iter__(self) -> Iterator[Entry]: ...


class Layer(Protocol):
    """One filesystem, or one layer of one; it can be walked more than once."""

    @property
    def digest(self) -> str | None:
        """The digest a registry knows it by."""

    @property
    def place(self) -> str | None:
        """Where its bytes lie in the artifact; nothing when they are all of it."""

    @property
    def form(self) -> str:
        """How its bytes are kept: ``plain``, ``gzip``, ``zstd``, ``directory``, ``zip``."""

    def vouched(self, budget: Budget) -> bool:
        """Whether something outside the layer says that its bytes are all there."""

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> Walk:
        """Begin a pass that yields the wanted entries and notes the names of all."""
