"""Where a feed's files are: a directory, the first of several places that answers, or ``web``'s server."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from surveyor.scan.errors import LimitExceeded, Malformed, Unreachable
from surveyor.scan.values import frozen

#: Answers of a server that may answer otherwise in a while.
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_ABSENT = frozenset({404, 410})
_LONGEST_NAME = 255


class NoFile(Unreachable):
    """A place answered, and not with the file; ``status`` is HTTP's, for a folder that of a server without the file."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status

    @property
    def absent(self) -> bool:
        """Whether the file is not there, rather than not to be had now."""
        return self.status in _ABSENT


class Answer(Protocol):
    """What is needed of a response to a download."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    def get(self, name: str) -> str | None:
        """The first value of a header."""


class Fetch(Protocol):
    """Downloads a URL: ``surveyor.scan.net.Client.download``. Raises only the scanner's errors."""

    def __call__(
        self, url: str, *, to: Callable[[Answer], BinaryIO], max_bytes: int, headers: Mapping[str, str]
    ) -> Answer:
        """Say by the answer's head where its body goes, at most ``max_bytes`` of it."""


@frozen
class Opened:
    """A file that was had, or that is unchanged; ``etag`` is a mark to ask with next time."""

    file: BinaryIO | None
    etag: str | None = None


class Origin(Protocol):
    """A place with files; names are parts of a path, judged before they are used."""

    @property
    def source(self) -> str:
        """How a person named the place."""

    @property
    def singles(self) -> bool:
        """Whether every record is there as a file of its own too."""

    def open(
        self,
        *parts: str,
        max_bytes: int,
        etag: str | None = None,
        query: Mapping[str, str] | None = None,
        keep: bool = False,
    ) -> AbstractContextManager[Opened]:
        """Open a file for reading from its start; ``Unreachable`` when it is not there.

        With ``keep`` a file that was read without an error is not asked for again until ``release``.
        """

    def release(self) -> None:
        """Forget what was kept: all that it was a part of is safe."""

    def names(self, *parts: str) -> tuple[str, ...]:
        """The files of a folder in order, where they can be listed; none on a web server."""

    def folders(self) -> tuple[str, ...]:
        """The folders in order, of a web server those that its index page links."""


def checked(part: str) -> str:
    """A name that is one step of a path and nothing else; raises ``Malformed``."""
    odd = any(sign in part for sign in "/\\\0") or not part.isprintable()
    if part in {"", ".", ".."} or len(part) > _LONGEST_NAME or odd:
        raise Malformed(f"not a file name: {part[:60]!r}")
    return part


@dataclass(frozen=True, slots=True)
class Directory:
    """A copy on disk."""

    root: Path
    singles: bool = False

    @property
    def source(self) -> str:
        """The directory."""
        return str(self.root)

    @contextlib.contextmanager
    def open(
        self,
        *parts: str,
        max_bytes: int,
        etag: str | None = None,
        query: Mapping[str, str] | None = None,  # noqa: ARG002 - a file is the whole answer
        keep: bool = False,  # noqa: ARG002 - it stays where it is
    ) -> Iterator[Opened]:
        """Open a file below the directory; its mark is time and size."""
        path = self.root.joinpath(*(checked(part) for part in parts))
        if not path.is_file():
            raise NoFile(f"{path}: no such file", status=404)
        stat = path.stat()
        if stat.st_size > max_bytes:
            raise LimitExceeded(f"{path}: more than {max_bytes:,} bytes")
        mark = f"{stat.st_mtime_ns:x}-{stat.st_size:x}"
        if mark == etag:
            yield Opened(file=None, etag=mark)
            return
        with path.open("rb") as file:
            yield Opened(file=file, etag=mark)

    def names(self, *parts: str) -> tuple[str, ...]:
        """The files of a folder below the directory."""
        folder = self.root.joinpath(*(checked(part) for part in parts))
        return tuple(sorted(item.name for item in folder.iterdir() if item.is_file())) if folder.is_dir() else ()

    def folders(self) -> tuple[str, ...]:
        """The folders of the directory."""
        return tuple(sorted(item.name for item in self.root.iterdir() if item.is_dir()))

    def release(self) -> None:
        """Nothing was kept."""


@frozen
class Manners:
    """How a server is asked: how often at all, how long apart in seconds, and what every request says besides."""

    attempts: int = 4
    pause: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    busy: frozenset[int] = _BUSY
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Several places with the same files, asked in their order."""

    origins: Sequence[Origin]

    @property
    def source(self) -> str:
        """Where files are had from first."""
        return self.origins[0].source

    @property
    def singles(self) -> bool:
        """Whether single records can be had from all of them."""
        return all(origin.singles for origin in self.origins)

    def folders(self) -> tuple[str, ...]:
        """What the first that can be listed has."""
        return next((found for origin in self.origins if (found := origin.folders())), ())

    def names(self, *parts: str) -> tuple[str, ...]:
        """What the first that can be listed has."""
        return next((found for origin in self.origins if (found := origin.names(*parts))), ())

    @contextlib.contextmanager
    def open(
        self,
        *parts: str,
        max_bytes: int,
        etag: str | None = None,
        query: Mapping[str, str] | None = None,
        keep: bool = False,
    ) -> Iterator[Opened]:
        """Open a file at the first place that has it; the last one's error when none has."""

        def at(origin: Origin) -> AbstractContextManager[Opened]:
            return origin.open(*parts, max_bytes=max_bytes, etag=etag, query=query, keep=keep)

        with ExitStack() as stack:
            for origin in self.origins[:-1]:
                try:
                    opened = stack.enter_context(at(origin))
                except Unreachable:
                    continue
                yield opened
                return
            yield stack.enter_context(at(self.origins[-1]))

    def release(self) -> None:
        """Forget what was kept of any of them."""
        for origin in self.origins:
            origin.release()
