"""Where a feed's files are: a directory, or a web server that somebody else knows how to ask."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import quote

from surveyor.scan.errors import LimitExceeded, Malformed, Unreachable


class Answer(Protocol):
    """What is needed of a response to a download."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    def get(self, name: str) -> str | None:
        """The first value of a header."""


class Fetch(Protocol):
    """Downloads a URL into a file: ``surveyor.scan.net.Client.fetch``. Raises only the scanner's errors."""

    def __call__(self, url: str, *, max_bytes: int, to: BinaryIO, etag: str | None = None) -> Answer:
        """Status 304, and nothing written, when ``etag`` still holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
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

    def open(self, *parts: str, max_bytes: int, etag: str | None = None) -> AbstractContextManager[Opened]:
        """Open a file for reading from its start; ``Unreachable`` when it is not there."""


def checked(part: str) -> str:
    """A name that is one step of a path and nothing else; raises ``Malformed``."""
    if part in {"", ".", ".."} or len(part) > 255 or any(sign in part for sign in "/\\\0") or not part.isprintable():
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
    def open(self, *parts: str, max_bytes: int, etag: str | None = None) -> Iterator[Opened]:
        """Open a file below the directory; its mark is time and size."""
        path = self.root.joinpath(*(checked(part) for part in parts))
        if not path.is_file():
            raise Unreachable(f"{path}: no such file")
        stat = path.stat()
        if stat.st_size > max_bytes:
            raise LimitExceeded(f"{path}: more than {max_bytes:,} bytes")
        mark = f"{stat.st_mtime_ns:x}-{stat.st_size:x}"
        if mark == etag:
            yield Opened(file=None, etag=mark)
            return
        with path.open("rb") as file:
            yield Opened(file=file, etag=mark)


@dataclass(frozen=True, slots=True)
class Web:
    """A web server; a download lies in an unnamed temporary file while it is read."""

    base: str
    fetch: Fetch
    singles: bool = True

    @property
    def source(self) -> str:
        """The base URL."""
        return self.base

    @contextlib.contextmanager
    def open(self, *parts: str, max_bytes: int, etag: str | None = None) -> Iterator[Opened]:
        """Download a file below the base URL."""
        url = "/".join([self.base.rstrip("/"), *(quote(checked(part), safe="") for part in parts)])
        with tempfile.TemporaryFile() as spool:
            answer = self.fetch(url, max_bytes=max_bytes, to=spool, etag=etag)
            if answer.status == 304 and etag:
                yield Opened(file=None, etag=etag)
                return
            if answer.status != 200:
                raise Unreachable(f"{url}: HTTP {answer.status}")
            spool.seek(0)
            yield Opened(file=spool, etag=answer.get("etag"))
