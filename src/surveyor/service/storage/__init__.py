"""One door to objects: a local folder or any S3, the same behaviour from both.

Objects are never changed in place and never half there: an object that cannot be written whole leaves nothing. Every
error is one of ``service.errors``: NotFound, Conflict, TooLarge, StorageFull, StorageUnavailable.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from uuid import uuid4

import obstore
from obstore.store import LocalStore

from surveyor.service.config import Config
from surveyor.service.errors import NotFound, StorageFull, TooLarge
from surveyor.service.storage import spool
from surveyor.service.storage.backend import READ_PART_BYTES, Backend, check_key, connect, translate
from surveyor.service.storage.feed import Feed

if TYPE_CHECKING:
    from obstore import Attributes  # a name of its stubs only

PART_BYTES = 8 << 20
#: S3 knows at most 10,000 parts.
MOST_PARTS = 9_000
PARTS_AT_ONCE = 4
ABORT_SECONDS = 30
UPLOADS = "uploads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object that was written whole: ``sha256`` in lower-case hexadecimal, ``size`` in bytes."""

    key: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What a store says about an object."""

    key: str
    size: int
    modified: datetime


class Storage:
    """The objects of one installation. Safe for any number of tasks."""

    def __init__(self, backend: Backend, *, temporary: Path, upload_max_bytes: int, spool_max_bytes: int) -> None:
        """``temporary`` holds local copies of remote objects, each at most ``spool_max_bytes``."""
        self._backend, self._store = backend, backend.store
        self._temporary, self._spool_max = temporary, spool_max_bytes
        self._upload_max = upload_max_bytes
        # a limit given per call is never above the setting, so this part size always suffices
        self._part = max(PART_BYTES, -(-upload_max_bytes // MOST_PARTS))

    @classmethod
    def open(cls, config: Config) -> Self:
        """The store of the settings; also removes local copies that dead processes left behind."""
        config.prepare_home()
        spool.sweep(config.temporary, now=time.time())
        return cls(
            connect(config),
            temporary=config.temporary,
            upload_max_bytes=config.upload_max_bytes,
            spool_max_bytes=config.upload_max_bytes,
        )

    async def put_bytes(
        self,
        key: str,
        data: bytes,
        *,
        media_type: str | None = None,
        disposition: str | None = None,
        new: bool = False,
    ) -> Stored:
        """Write a small object whole; with ``new`` an existing one is a Conflict.

        ``media_type`` and ``disposition`` are what a signed URL of an S3 store answers with; a folder keeps none.
        """
        mode: Literal["create", "overwrite"] = "create" if new else "overwrite"
        attributes = self._attributes(media_type, disposition)
        with self._meaning(key):
            await obstore.put_async(
                self._store, check_key(key), data, mode=mode, use_multipart=False, attributes=attributes
            )
        await self._settle(key)
        return Stored(key=key, sha256=hashlib.sha256(data).hexdigest(), size=len(data))

    async def put_stream(
        self, key: str, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None, media_type: str | None = None
    ) -> Stored:
        """Write a stream of unknown length, a few parts in memory at a time; TooLarge over ``max_bytes``."""
        limit = min(max_bytes or self._part * MOST_PARTS, self._part * MOST_PARTS)
        feed = Feed(chunks, limit=limit, refuse=_too_large)
        writing = asyncio.ensure_future(self._write(check_key(key), feed, media_type))
        with self._meaning(key):
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:
                # dropped, it would leave the parts it has sent on an S3 server; told to fail, it aborts them
                feed.stop()
                await asyncio.wait([writing], timeout=ABORT_SECONDS)
                raise
        await self._settle(key)
        return Stored(key=key, sha256=feed.sha256, size=feed.size)

    async def write_upload(self, chunks: AsyncIterable[bytes], max_bytes: int | None = None) -> Stored:
        """Keep an upload under a key of its own; the limit is ``upload_max_bytes`` unless a smaller one is given."""
        limit = min(max_bytes or self._upload_max, self._upload_max)
        return await self.put_stream(f"{UPLOADS}/{uuid4().hex}", chunks, max_bytes=limit)

    async def get_bytes(self, key: str, *, max_bytes: int = 64 << 20) -> bytes:
        """A small object whole; TooLarge when it is not small."""
        meta = await self.head(key)
        if meta.size > max_bytes:
            raise _too_large(max_bytes)
        return b"".join([chunk async for chunk in self.get_stream(key)])

    async def get_stream(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` up to, not including, ``end``; NotFound comes with the first chunk."""
        size = (await self.head(key)).size
        last = size if end is None else min(end, size)
        for begin in range(start, last, READ_PART_BYTES):
            with self._meaning(key):
                part = await obstore.get_range_async(
                    self._store, key, start=begin, end=min(begin + READ_PART_BYTES, last)
                )
            yield bytes(part)

    async def head(self, key: str) -> Meta:
        """Size and time of an object; NotFound when there is none."""
        with self._meaning(key):
            meta = await obstore.head_async(self._store, check_key(key))
        return Meta(key=key, size=meta["size"], modified=meta["last_modified"])

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        try:
            with self._meaning(key):
                await obstore.delete_async(self._store, check_key(key))
        except NotFound:
            return

    async def list(self, prefix: str = "") -> AsyncIterator[Meta]:
        """All objects below a folder-like prefix of whole words, in no promised order."""
        stream = obstore.list(self._store, check_key(prefix) if prefix else None)
        while True:
            with self._meaning(prefix):
                page = await anext(stream, None)
            if page is None:
                return
            for meta in page:
                yield Meta(key=meta["path"], size=meta["size"], modified=meta["last_modified"])

    async def signed_url(self, key: str, lifetime: timedelta) -> str | None:
        """A GET address that works without our credentials; None for a local store, which the service serves itself."""
        if isinstance(self._store, LocalStore):
            return None
        with self._meaning(key):
            return await obstore.sign_async(self._store, "GET", check_key(key), lifetime)

    def local_path(self, key: str) -> Path | None:
        """The file of an object of a local store, None for a remote one; read it, never write it."""
        return self._backend.folder / check_key(key) if self._backend.folder is not None else None

    @contextlib.asynccontextmanager
    async def local_copy(self, key: str) -> AsyncIterator[Path]:
        """A file with the object's bytes while the block lasts; a remote object is copied, and removed after it."""
        size = (await self.head(key)).size
        if path := self.local_path(key):
            yield path
            return
        if size > self._spool_max:
            raise _too_large(self._spool_max)
        with spool.hold(self._temporary) as (path, descriptor):
            try:
                if size and hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(descriptor, 0, size)  # asks for the room before the first byte comes
                await spool.fill(descriptor, self.get_stream(key))
            except OSError as error:
                raise StorageFull(f"no room for a copy of {size:,} bytes in {self._temporary}") from error
            yield path

    async def check(self) -> None:
        """One question to the store; raises StorageUnavailable when it cannot be answered."""
        with contextlib.suppress(NotFound):
            await self.head("probe")

    async def _write(self, key: str, feed: Feed, media_type: str | None) -> None:
        await obstore.put_async(
            self._store,
            key,
            feed,
            use_multipart=True,
            chunk_size=self._part,
            max_concurrency=PARTS_AT_ONCE,
            attributes=self._attributes(media_type),
        )

    def _attributes(self, media_type: str | None, disposition: str | None = None) -> Attributes | None:
        given = {"Content-Type": media_type, "Content-Disposition": disposition}
        # a folder keeps none
        kept: Attributes = {name: value for name, value in given.items() if value and self._backend.folder is None}
        return kept or None

    async def _settle(self, key: str) -> None:
        """Make a local object survive a power cut before anyone is told that it is there."""
        if path := self.local_path(key):
            await asyncio.to_thread(_sync, path)

    @contextlib.contextmanager
    def _meaning(self, key: str) -> Iterator[None]:
        try:
            yield
        except (OSError, obstore.exceptions.BaseError) as error:
            meaning = translate(error, self._backend, key)
            if meaning is None:
                raise
            raise meaning from error


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"more than the {limit:,} bytes that are allowed", limit=limit)


def _sync(path: Path) -> None:
    for place in (path, path.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
