"""Small JSON values packed one by one: zstd with a dictionary made from values of the same kind, the smallest as is."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import zstandard

from surveyor.scan.errors import Malformed

_DICTIONARY = 32 << 10
_MAX_VALUE = 64 << 20
_LEVEL = 6
#: With fewer samples a dictionary costs more than it gives.
_ENOUGH = 64
#: Up to this many bytes a frame's own are more than packing saves.
_PLAIN = 40
#: How a JSON array begins, and no frame.
_ARRAY = b"["


def train(samples: Sequence[bytes]) -> bytes | None:
    """A dictionary for values like these, ``None`` when they are too few or too plain for one."""
    if len(samples) < _ENOUGH:
        return None
    try:
        return zstandard.train_dictionary(_DICTIONARY, list(samples), level=_LEVEL).as_bytes()
    except zstandard.ZstdError:
        return None


class Codec:
    """Packs and unpacks values of one kind; not safe to share between threads."""

    def __init__(self, dictionary: object) -> None:
        """Raises ``Malformed`` for what is no dictionary; ``None`` is for none."""
        if not isinstance(dictionary, bytes | None):
            raise Malformed("a strange value in the advisory database")
        held = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=held)
        self._decompressor = zstandard.ZstdDecompressor(dict_data=held)

    def pack(self, value: bytes) -> bytes:
        """One array as a frame, or as it is."""
        if len(value) <= _PLAIN and value.startswith(_ARRAY):
            return value
        return self._compressor.compress(value)

    def unpack(self, frame: object) -> list[object]:
        """The JSON array in a frame; raises ``Malformed`` when it is not one."""
        try:
            if not isinstance(frame, bytes):
                raise Malformed("a strange value in the advisory database")
            if frame.startswith(_ARRAY):
                return _array(orjson.loads(frame))
            if zstandard.frame_content_size(frame) > _MAX_VALUE:
                raise Malformed("an over-long value in the advisory database")
            return _array(orjson.loads(self._decompressor.decompress(frame)))
        except (zstandard.ZstdError, orjson.JSONDecodeError) as error:
            raise Malformed("a broken value in the advisory database") from error


def _array(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Malformed("a strange value in the advisory database")
    return value
