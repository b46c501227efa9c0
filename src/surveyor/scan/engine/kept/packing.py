"""Values of the scanner in a file and back: a head of JSON, and beside it each long text and each body once.

``SURVEYOR EVIDENCE 1``, a line feed, then one Zstandard frame of: the head's length (4 bytes, big endian), the head,
the blobs in their order. The head is ``{"blobs": [length …], "value": …}``; where a blob belongs stands
``{"blob": index}``. Files are judged by bounds before they are believed: decoded bytes, parts of the head, depth.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
from datetime import datetime
from enum import Enum
from typing import Any

import orjson

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats import json
from surveyor.scan.limits import MIB

MAGIC = b"SURVEYOR EVIDENCE 1\n"
#: Decoded bytes of a file, and of its head; what is longer than this is a blob.
BYTES, _HEAD, _LONG = 160 * MIB, 32 * MIB, 1024
_WINDOW, _DEEPEST, _CHUNK = 8 * MIB, 40, 1 << 20


def pack(value: object, *, max_bytes: int = BYTES) -> bytes:
    """A dataclass as a file; ``LimitExceeded`` where nobody could read it again."""
    import zstandard  # costs 10 ms, and most scans keep nothing

    blobs = _Blobs()
    packed = blobs.put(value)
    head = orjson.dumps({"blobs": [len(one) for one in blobs.found], "value": packed})
    size = 4 + len(head) + sum(map(len, blobs.found))
    if len(head) > _HEAD or size > max_bytes:
        raise LimitExceeded(f"evidence of {size:,} bytes")
    json.judge(head)
    out = io.BytesIO()
    out.write(MAGIC)
    with zstandard.ZstdCompressor(level=5).stream_writer(out, closefd=False) as writer:
        writer.write(len(head).to_bytes(4, "big"))
        writer.write(head)
        for one in blobs.found:
            writer.write(one)
    return out.getvalue()


def unpack(data: bytes) -> object:
    """The JSON of a file with its blobs in their places, as bytes; ``Malformed`` and ``LimitExceeded`` for others."""
    import zstandard

    if not data.startswith(MAGIC):
        raise Malformed("no evidence of a scan")
    source = io.BytesIO(data[len(MAGIC) :])
    try:
        with zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(source) as stream:
            size = int.from_bytes(_exactly(stream, 4), "big")
            if size > _HEAD:
                raise LimitExceeded("evidence with too long a head")
            head = json.load_object(memoryview(_exactly(stream, size)))
            return _placed(head.get("value"), _read(stream, head.get("blobs")), 0)
    except zstandard.ZstdError as error:
        raise Malformed(f"evidence that cannot be read: {error}") from None


def _read(stream: Any, lengths: object) -> list[bytes]:  # noqa: ANN401 - zstandard's reader has no public type
    left, found = BYTES, list[bytes]()
    for length in lengths if isinstance(lengths, list) else ():
        if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= left:
            raise LimitExceeded("evidence of too many bytes")
        left -= length
        found.append(_exactly(stream, length))
    return found


def _exactly(stream: Any, size: int) -> bytes:  # noqa: ANN401
    parts, left = [], size
    while left:
        part = stream.read(min(left, _CHUNK))
        if not part:
            raise Malformed("evidence that is cut short")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _placed(value: object, blobs: list[bytes], depth: int) -> object:
    if depth > _DEEPEST:
        raise LimitExceeded("evidence that is nested too deeply")
    if isinstance(value, list):
        return [_placed(one, blobs, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() <= {"blob", "text"} and "blob" in value:
        index = value["blob"]
        if not isinstance(index, int) or not 0 <= index < len(blobs):
            raise Malformed("evidence that names a body it has not")
        return blobs[index].decode("utf-8", "replace") if value.get("text") else blobs[index]
    return {name: _placed(one, blobs, depth + 1) for name, one in value.items()}


class _Blobs:
    """Bodies and long texts, each once."""

    def __init__(self) -> None:
        self.found: list[bytes] = []
        self._known: dict[bytes, int] = {}

    def put(self, value: object) -> object:
        """A value as JSON has it."""
        if isinstance(value, bytes):
            return {"blob": self._index(value)}
        if isinstance(value, str) and not isinstance(value, Enum):
            whole = value.encode("utf-8", "replace")
            return {"blob": self._index(whole), "text": True} if len(whole) > _LONG else whole.decode()
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, datetime):
            return value.isoformat()
        if dataclasses.is_dataclass(value):
            named = ((one.name, getattr(value, one.name)) for one in dataclasses.fields(value))
            return {name: self.put(one) for name, one in named if one is not None}
        if isinstance(value, tuple | list):
            return [self.put(one) for one in value]
        return {str(name): self.put(one) for name, one in value.items()} if hasattr(value, "items") else value

    def _index(self, data: bytes) -> int:
        mark = hashlib.blake2b(data, digest_size=16).digest()
        if mark not in self._known:
            self._known[mark] = len(self.found)
            self.found.append(data)
        return self._known[mark]
