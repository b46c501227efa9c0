"""A web server with a feed's files, which is asked politely, and whose downloads go on where they broke off."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote, urlencode

import zstandard

from surveyor.scan.advise.origin import Answer, Fetch, Manners, NoFile, Opened, checked
from surveyor.scan.errors import Denied, Malformed, Refused, Unreachable
from surveyor.scan.patterns import regex

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_NO_SUCH_RANGE = 416
#: How a page for people begins, which a proxy or a load balancer sends in the place of a file, with 200 even.
_PAGE = (b"<!doctype html", b"<html")
_LONGEST_WAIT = 120.0
_MAX_INDEX = 4 << 20
#: ``<a href="v3.19/">`` of a server's own index page.
_FOLDER = regex(rb"href=[\"']?(?:\./)?([A-Za-z0-9][A-Za-z0-9._+-]{0,99})/[\"'>]")


@dataclass(slots=True)
class Web:
    """A web server; a download lies in a temporary file while it is read.

    A download that breaks off is resumed where the server has the same file still. With ``parked``, a folder of ours,
    what broke off in another run is resumed too.
    """

    base: str
    fetch: Fetch
    singles: bool = True
    manners: Manners = field(default_factory=Manners)
    parked: Path | None = None
    _asked: float | None = field(default=None, init=False)
    _weary: bool = field(default=False, init=False)

    @property
    def source(self) -> str:
        """The base URL."""
        return self.base

    def names(self, *_: str) -> tuple[str, ...]:
        """Nothing: a web server has no listing that can be relied on."""
        return ()

    def folders(self) -> tuple[str, ...]:
        """What the index page of the base URL links that looks like a folder here."""
        with self.open(max_bytes=_MAX_INDEX) as opened:
            page = opened.file.read() if opened.file else b""
        return tuple(dict.fromkeys(sorted(name.decode("ascii") for name in _FOLDER.findall(page))))

    @contextlib.contextmanager
    def open(
        self,
        *parts: str,
        max_bytes: int,
        etag: str | None = None,
        query: Mapping[str, str] | None = None,
        keep: bool = False,
    ) -> Iterator[Opened]:
        """Download a file below the base URL; what keeps failing raises ``Unreachable``."""
        url = "/".join([self.base.rstrip("/"), *(quote(checked(part), safe="") for part in parts)])
        url = url if parts else f"{url}/"
        if query:
            url = f"{url}?{urlencode(query)}"
        kept = _Kept(_place(self.parked, url)) if keep and self.parked else None
        if kept and kept.is_there():
            with kept.open() as file:
                yield Opened(file=file)
            return
        with _spool(self.parked, url) as spool:
            answer = self._patiently(url, spool, max_bytes, etag)
            if answer.status == 304:
                yield Opened(file=None, etag=etag)
                return
            spool.file.seek(0)
            yield Opened(file=spool.file, etag=answer.get("etag"))
            if kept:
                kept.write(spool.file)

    def release(self) -> None:
        """Remove what waits of this server."""
        for left in self.parked.iterdir() if self.parked and self.parked.is_dir() else ():
            left.unlink(missing_ok=True)

    def _patiently(self, url: str, spool: _Spool, max_bytes: int, etag: str | None) -> Answer:
        """Ask until there is an answer that asking again would not change, longer apart each time.

        Where that was in vain, the next file is asked for once: a dead server is not to cost a minute a record.
        """
        attempts = 1 if self._weary else self.manners.attempts
        for attempt in range(1, attempts + 1):
            self._weary = attempt == attempts
            try:
                answer = self._once(url, spool, max_bytes, etag)
            except (Refused, Denied):
                raise
            except Unreachable:
                if attempt == attempts:
                    raise
                self.manners.sleep(self._backed_off(attempt))
                continue
            # the index of a folder is one by right
            page = answer.status in {200, 206} and not url.endswith("/") and spool.is_page()
            if answer.status not in self.manners.busy and not page:
                self._weary = False
                if answer.status in {200, 206} or (answer.status == 304 and etag):
                    return answer
                raise NoFile(f"{url}: HTTP {answer.status}", status=answer.status)
            if attempt < attempts:
                self.manners.sleep(_asked_for(answer, self._backed_off(attempt)))
        told = "a page in the place of the file" if page else f"HTTP {answer.status}"
        raise NoFile(f"{url}: {told}", status=answer.status)

    def _once(self, url: str, spool: _Spool, max_bytes: int, etag: str | None) -> Answer:
        """Ask for what is missing; where nothing is behind what is there, for all of the file."""
        self._wait_for_turn()
        headers = {**self.manners.headers}
        held = spool.held() if spool.etag else 0
        if held:
            headers |= {"Range": f"bytes={held}-", "If-Range": spool.etag}
        elif etag:
            headers["If-None-Match"] = etag
        left = max_bytes - held
        answer = self.fetch(url, to=lambda answer: spool.begin(answer, held), max_bytes=left, headers=headers)
        if held and answer.status == _NO_SUCH_RANGE:
            spool.drop()
            return self._once(url, spool, max_bytes, etag)
        return answer

    def _backed_off(self, attempt: int) -> float:
        """Seconds, of those the more the rarer the server wants to be asked."""
        return max(1.0, self.manners.pause) * 2.0**attempt

    def _wait_for_turn(self) -> None:
        now = self.manners.clock()
        if self._asked is not None and (left := self._asked + self.manners.pause - now) > 0:
            self.manners.sleep(left)
        self._asked = self.manners.clock()


def _asked_for(answer: Answer, otherwise: float) -> float:
    """The seconds that a server asks to be left alone for, within reason; a date is not counted out."""
    given = answer.get("retry-after") or ""
    return min(float(given), _LONGEST_WAIT) if given.isascii() and given.isdigit() and len(given) < 9 else otherwise


@dataclass(slots=True)
class _Spool:
    """A download as far as it came, and the mark of what it is a piece of."""

    file: BinaryIO
    note: Path | None
    etag: str = ""

    def held(self) -> int:
        """Bytes that are there."""
        return self.file.seek(0, 2)

    def is_page(self) -> bool:
        """Whether what is there is a page for people; it is forgotten then."""
        self.file.seek(0)
        page = self.file.read(256).lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE)
        if page:
            self.drop()
        return page

    def drop(self) -> None:
        """Forget what is there: it is no beginning of what the server has."""
        self.file.truncate(0)
        self.etag = ""

    def begin(self, answer: Answer, asked: int) -> BinaryIO:
        """Where the body of this answer goes: behind what is there for the rest that was ``asked`` for from that byte.

        A whole file goes from the start, and what is said in the place of one nowhere. Raises ``Unreachable`` for
        another part than was asked for, with which nothing can be done.
        """
        if answer.status == 206:
            rest = (answer.get("content-range") or "").startswith(f"bytes {asked}-")
            if not asked or not rest or answer.get("content-encoding"):
                self.drop()
                raise Unreachable("a part of the file that was not asked for")
        elif answer.status != 200:
            return _Nowhere()  # what is there may still be a beginning
        else:
            self.file.seek(0)
            self.file.truncate()
            # what was inflated on the way is no beginning of what the server counts
            strong = None if answer.get("content-encoding") else answer.get("etag")
            self.etag = strong if strong and not strong.startswith("W/") else ""
            if self.note:
                self.note.write_text(self.etag, encoding="utf-8")
        return self.file


class _Nowhere(io.BytesIO):
    """Takes bytes and keeps none."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Their number."""
        return len(memoryview(data))


def _place(parked: Path, url: str) -> Path:
    """A URL's own file among what waits."""
    return parked / hashlib.sha256(url.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file that was had whole and may be wanted again, packed: a feed's pages are thousands of megabytes."""

    place: Path

    @property
    def _path(self) -> Path:
        return self.place.with_suffix(".zst")

    def is_there(self) -> bool:
        return self._path.is_file()

    @contextlib.contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Read it; who finds it wrong has it forgotten."""
        try:
            with self._path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
                yield stream
        except zstandard.ZstdError as error:
            self._path.unlink(missing_ok=True)
            raise Malformed(f"{self._path}: {error}") from error
        except BaseException:
            self._path.unlink(missing_ok=True)
            raise

    def write(self, file: BinaryIO) -> None:
        """Keep all of a file, whole or not at all."""
        file.seek(0)
        half = self.place.with_suffix(".half")
        with half.open("wb") as target:
            zstandard.ZstdCompressor(level=3).copy_stream(file, target)
        half.replace(self._path)


@contextlib.contextmanager
def _spool(parked: Path | None, url: str) -> Iterator[_Spool]:
    """A nameless file, or one of that URL's own which is kept when it is not read to its end."""
    if parked is None:
        with tempfile.TemporaryFile() as file:
            yield _Spool(file, None)
        return
    parked.mkdir(parents=True, exist_ok=True)
    path = _place(parked, url)
    note = path.with_suffix(".etag")
    etag = note.read_text(encoding="utf-8", errors="replace") if note.is_file() else ""
    with path.open("a+b") as file:
        if not etag:
            file.truncate(0)
        yield _Spool(file, note, etag)
    path.unlink(missing_ok=True)
    note.unlink(missing_ok=True)
