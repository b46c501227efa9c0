"""LZO1X, instruction by instruction as the kernel's documentation tells them; its own compressor is in no wheel."""

from __future__ import annotations

import tracemalloc

import pytest

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.lzo import decompress

END = b"\x11\0\0"
ABC = bytes([17 + 26]) + b"abcdefghijklmnopqrstuvwxyz"
ALPHABET = ABC[1:]
FIRST = bytes([0]) + bytes([255 - 18 + 3]) + bytes(range(255))  # 255 literals


def whole(*parts: bytes) -> bytes:
    return decompress(memoryview(b"".join(parts) + END), 1 << 20)


def test_literals() -> None:
    assert whole(ABC) == ALPHABET
    assert whole(b"\x01xyz!") == b"xyz!"
    assert whole(b"\0\x01" + bytes(range(19))) == bytes(range(19))
    assert whole(b"\0\0\x01" + bytes(274)) == bytes(274)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        # 2 bits of literals after each; distance 4
        (bytes([0b01_0_011_01, 0]) + b"!", b"wxy!"),  # 3 bytes
        (bytes([0b01_1_011_00, 0]), b"wxyz"),  # 4
        (bytes([0b1_00_011_10, 0]) + b"!?", b"wxyzw!?"),  # 5
        (bytes([0b1_11_011_00, 0]), b"wxyzwxyz"),  # 8
        (bytes([0b001_00001, 0b000011_00, 0]), b"wxy"),  # 3
        (bytes([0b001_00000, 1, 0b000011_11, 0]) + b"123", b"wxyz" * 8 + b"wx" + b"123"),  # 2 + 31 + 1
    ],
)
def test_copies(code: bytes, found: bytes) -> None:
    assert whole(ABC, code) == ALPHABET + found


def test_copies_from_far_away() -> None:
    body = bytes(range(256)) * 200
    more = len(body) - 18
    literals = b"\0" + bytes((more - 1) // 255) + bytes([(more - 1) % 255 + 1]) + body
    near = bytes([0b0001_0_001]) + (1 << 2).to_bytes(2, "little")  # 16384 + 1, 3 bytes
    far = bytes([0b0001_1_010]) + (5 << 2).to_bytes(2, "little")  # 32768 + 5, 4 bytes
    assert whole(literals, near) == body + body[-16385:][:3]
    assert whole(literals, far) == body + body[-32773:][:4]


def test_short_copies_by_what_came_before() -> None:
    # after a copy with one literal: two bytes, from at most 1 KiB before
    assert whole(ABC, bytes([0b01_0_011_01, 0]) + b"!", bytes([0b0000_00_00, 0])) == ALPHABET + b"wxy!" + b"!!"
    # right after long literals: three bytes, from beyond 2 KiB
    body = bytes(range(251)) * 10
    more = len(body) - 18
    literals = b"\0" + bytes((more - 1) // 255) + bytes([(more - 1) % 255 + 1]) + body
    assert whole(literals, bytes([0b0000_10_00, 1])) == body + body[-(4 + 2 + 2049) :][:3]


@pytest.mark.parametrize(
    "data",
    [b"", b"\x11", b"\x11\0", ABC[:9], ABC, ABC + b"\x20\0\0\0", ABC + bytes([0b01_0_111_00, 9]) + END],
)
def test_damage_is_told(data: bytes) -> None:
    with pytest.raises(Malformed):
        decompress(memoryview(data), 1 << 20)


def test_more_than_the_limit_is_refused() -> None:
    bomb = ABC + b"\x20" + bytes(100_000) + b"\x01" + b"\0\0" + END
    with pytest.raises(Malformed, match="more than"):
        decompress(memoryview(bomb), 8192)


def test_a_length_without_end_takes_no_memory() -> None:
    match = bytes([0b001_00000]) + bytes(400_000) + b"\1" + bytes([0, 0])  # a hundred million bytes of one
    tracemalloc.start()
    with pytest.raises(Malformed, match="more than"):
        whole(ABC, match)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
