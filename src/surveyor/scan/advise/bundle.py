"""The advisory database as one signed file, for machines that reach no feed.

A tar of ``manifest.json`` (what is in it, with the SHA-256 of the database), ``manifest.sig`` (Ed25519 over the bytes
of the manifest) and ``advisories.db.zst``. Nothing of a bundle is used before its signature is a trusted key's and its
bytes are those that were signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import re
import tarfile
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import orjson
import zstandard

from surveyor.scan.advise import schema, snapshot
from surveyor.scan.advise.fields import document, moment
from surveyor.scan.advise.swap import alone, replace, written
from surveyor.scan.errors import BadTarget, LimitExceeded, Malformed, ScanError, Unsupported
from surveyor.scan.values import frozen

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MANIFEST, SIGNATURE, DATABASE = "manifest.json", "manifest.sig", "advisories.db.zst"
_FORMAT = 1
_MAX_MANIFEST = 4 << 20
_MAX_DATABASE = 64 << 30
_STEP = 1 << 20
_KEY = 32
_BLOCK = 512


@frozen
class Bundle:
    """What a bundle says of itself: when it was made, whose signature it has (base64), and its feeds.

    ``newer`` is when feeds were last had of the database whose place it took, if that is later than of its own.
    """

    created_at: datetime
    signed_by: str
    feeds: tuple[snapshot.FeedStatus, ...]
    newer: datetime | None = None


def signing_key(path: Path) -> str:
    """The public half (base64) of the key in a file, which is made when it is not there, for its owner alone."""
    try:
        if not path.exists():
            _make(path)
    except OSError as error:
        raise BadTarget(f"{path}: {error.strerror}") from error
    return base64.b64encode(_private(path).public_key().public_bytes_raw()).decode()


def _make(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()) + b"\n")


def export(database: Path, target: Path, key: Path, *, now: datetime) -> Bundle:
    """Write a bundle of the database, signed with the key in a file; the target is there whole or not at all."""
    for own in (database, key):
        if target.resolve() == own.resolve():
            raise BadTarget(f"{target}: is what the bundle is made of; name another file")
    public, feeds = signing_key(key), snapshot.status(database)
    with written(target), tempfile.TemporaryFile(dir=target.parent) as packed, database.open("rb") as file:
        digest, size = _pack(file, packed)
        manifest = orjson.dumps(
            {
                "format": _FORMAT,
                "schema": schema.VERSION,
                "created_at": now.isoformat(timespec="seconds"),
                "sha256": digest,
                "size": size,
                "feeds": feeds,
            },
            option=orjson.OPT_INDENT_2,
        )
        partial = target.with_name(f"{target.name}.partial")
        try:
            with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as archive:
                _add(archive, MANIFEST, io.BytesIO(manifest), len(manifest))
                signature = _private(key).sign(manifest)
                _add(archive, SIGNATURE, io.BytesIO(signature), len(signature))
                length = packed.tell()
                packed.seek(0)
                _add(archive, DATABASE, packed, length)
            replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
    return Bundle(created_at=now, signed_by=public, feeds=feeds)


def import_(bundle: Path, database: Path, trusted: Sequence[str]) -> Bundle:
    """Put a bundle's database in the place of the local one.

    ``trusted`` are public keys in base64. Raises ``BadTarget`` for a signature of nobody's whom is trusted,
    ``Malformed``, ``LimitExceeded`` or ``Unsupported`` for what is no whole bundle; then nothing changes.
    """
    keys = [_public(text) for text in trusted]
    if not keys:
        raise BadTarget("no key is trusted to sign bundles; name one with --trust or SURVEYOR_BUNDLE_TRUST")
    with written(database), alone(database):
        try:
            with bundle.open("rb") as archive:
                return _take(archive, database, keys)
        except zstandard.ZstdError as error:
            raise Malformed(f"{bundle}: not a whole bundle: {error}") from error
        finally:
            _unfinished(database).unlink(missing_ok=True)


def _take(archive: BinaryIO, database: Path, keys: Sequence[bytes]) -> Bundle:
    manifest = _read(archive, MANIFEST, _MAX_MANIFEST)
    signer = _signer(manifest, _read(archive, SIGNATURE, 64), keys)
    said = document(manifest)
    if said.get("format") != _FORMAT or said.get("schema") != schema.VERSION:
        raise Unsupported(
            f"a bundle of format {said.get('format')!s:.20} with a database of schema {said.get('schema')!s:.20};"
            f" this version reads {_FORMAT} and {schema.VERSION}"
        )
    made = _unfinished(database)
    with made.open("wb") as file:
        digest = _unpack(_member(archive, DATABASE), file, said.get("size"))
    if digest != said.get("sha256"):
        raise Malformed("the database in the bundle is not the one that was signed")
    feeds, before = snapshot.status(made), _last_had(database)
    replace(made, database)
    created = datetime.fromisoformat(moment(said.get("created_at")) or "1970-01-01T00:00:00+00:00")
    newer = before if before and before > (_newest(feeds) or created) else None
    return Bundle(created_at=created, signed_by=base64.b64encode(signer).decode(), feeds=feeds, newer=newer)


def _last_had(database: Path) -> datetime | None:
    """When feeds of a database were last had; nothing of what is none."""
    try:
        return _newest(snapshot.status(database))
    except ScanError:
        return None


def _newest(feeds: Sequence[snapshot.FeedStatus]) -> datetime | None:
    return max((feed.updated_at for feed in feeds if feed.updated_at), default=None)


def _unfinished(database: Path) -> Path:
    return database.with_name(f"{database.name}.new")


def _signer(manifest: bytes, signature: bytes, keys: Sequence[bytes]) -> bytes:
    """The trusted key that signed."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, manifest)
        except InvalidSignature:
            continue
        return key
    raise BadTarget("the bundle is not signed by a key that is trusted; nothing of it was used")


def _private(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        with path.open("rb") as file:
            return Ed25519PrivateKey.from_private_bytes(_decoded(file.read(1_000).decode("ascii", "replace")))
    except OSError as error:
        raise BadTarget(f"{path}: {error.strerror}") from error


def _public(text: str) -> bytes:
    """A key as text, or in a file of that name."""
    try:
        if "\n" not in text and (path := Path(text)).is_file():
            with path.open("rb") as file:
                text = file.read(1_000).decode("ascii", "replace")
    except OSError as error:  # a name too long, or a file that cannot be read
        raise BadTarget(f"{text[:80]}: {error.strerror}") from error
    return _decoded(text)


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY:
        raise BadTarget("not an Ed25519 key: expected 32 bytes in base64")
    return key


def _add(archive: tarfile.TarFile, name: str, file: BinaryIO, size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    archive.addfile(member, file)


def _member(archive: BinaryIO, name: str) -> _Member:
    """The next file of the archive, which has to be of that name: the order is part of the format.

    Only plain headers (POSIX ``ustar``) are read, for nobody has signed them: no links, no sparse files, no extensions.
    """
    head = archive.read(_BLOCK)
    told = head[:100].rstrip(b"\0") == name.encode() and head[156:157] == b"0" and head[257:262] == b"ustar"
    size = re.fullmatch(rb"([0-7]{1,11})[\0 ]*", head[124:136])
    if len(head) != _BLOCK or not told or size is None:
        raise Malformed(f"not a bundle: no {name} where it belongs")
    return _Member(archive, int(size[1], 8))


class _Member(io.RawIOBase):
    """The bytes of one file, and nothing behind it."""

    def __init__(self, archive: BinaryIO, size: int) -> None:
        self._archive, self._left, self._padding = archive, size, -size % _BLOCK

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """The next bytes; raises ``Malformed`` where the archive ends first."""
        view = memoryview(buffer).cast("B")
        part = self._archive.read(min(len(view), self._left))
        if self._left and len(view) and not part:
            raise Malformed("a bundle that is cut short")
        self._left -= len(part)
        view[: len(part)] = part
        return len(part)

    def skip(self) -> None:
        """Go to where the next header is."""
        self._archive.seek(self._left + self._padding, os.SEEK_CUR)
        self._left = self._padding = 0


def _read(archive: BinaryIO, name: str, limit: int) -> bytes:
    member = _member(archive, name)
    content = member.read(limit + 1) or b""
    if len(content) > limit:
        raise LimitExceeded(f"{name}: more than {limit:,} bytes")
    member.skip()
    return content


def _pack(file: BinaryIO, packed: BinaryIO) -> tuple[str, int]:
    """SHA-256 and length of what was compressed."""
    digest, size = hashlib.sha256(), 0
    with zstandard.ZstdCompressor(level=3).stream_writer(packed, closefd=False) as writer:
        while step := file.read(_STEP):
            digest.update(step)
            size += len(step)
            writer.write(step)
    return digest.hexdigest(), size


def _unpack(packed: _Member, file: BinaryIO, expected: object) -> str:
    """SHA-256 of what was written; never more than was signed for."""
    if not isinstance(expected, int) or not 0 < expected <= _MAX_DATABASE:
        raise Malformed("a bundle that does not say how large its database is")
    digest, size = hashlib.sha256(), 0
    with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(io.BufferedReader(packed)) as reader:
        while step := reader.read(_STEP):
            size += len(step)
            if size > expected:
                raise Malformed("the database in the bundle is longer than the one that was signed")
            digest.update(step)
            file.write(step)
    return digest.hexdigest()
