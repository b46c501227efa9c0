"""Deflate64 gives back what was packed, in bounded pieces, and keeps what comes before damage."""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Iterator

import inflate64
import pytest

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.limits import MIB, Budget, Limits
from surveyor.scan.tree.inflate import undeflate64

_DICE = random.Random(20_261_126)
DATA = b"".join(_DICE.randbytes(60) * _DICE.randint(1, 60) for _ in range(2_000))
STEP = 4096


def packed(data: bytes) -> bytes:
    deflater = inflate64.Deflater()
    return bytes(deflater.deflate(data) + deflater.flush())


def chunks(data: bytes, step: int = STEP, limits: Limits | None = None) -> Iterator[bytes]:
    return undeflate64(memoryview(data), Budget(limits=limits or Limits()), step)


def kept(data: bytes, step: int = STEP) -> tuple[bytes, str]:
    """What came before the error, and what that said."""
    out = bytearray()
    try:
        for chunk in chunks(data, step):
            out += chunk
    except Malformed as error:
        return bytes(out), str(error)
    return bytes(out), ""


@pytest.mark.parametrize("step", [4, STEP, MIB])
def test_what_was_packed_comes_back(step: int) -> None:
    assert b"".join(chunks(packed(DATA), step)) == DATA


def test_nothing_packs_so_well_that_a_piece_is_large() -> None:
    bomb = packed(bytes(40 * MIB))
    assert len(bomb) < 40 * MIB / 20_000
    found = list(chunks(bomb, limits=Limits(ratio=1 << 20)))
    assert sum(map(len, found)) == 40 * MIB
    assert max(map(len, found)) <= MIB + STEP


def test_a_bomb_ends_at_the_ratio() -> None:
    with pytest.raises(LimitExceeded):
        list(chunks(packed(bytes(40 * MIB)), limits=Limits(ratio=100)))


@pytest.mark.parametrize("step", [STEP, MIB])
def test_what_is_cut_short_keeps_what_is_there(step: int) -> None:
    whole = packed(DATA)
    found, why = kept(whole[: len(whole) // 2], step)
    assert "cut short" in why
    assert len(found) > len(DATA) // 3
    assert DATA.startswith(found)


@pytest.mark.parametrize("step", [STEP, MIB])
def test_what_is_damaged_keeps_what_comes_before(step: int) -> None:
    whole = packed(DATA)
    half = len(whole) // 2
    found, why = kept(whole[:half] + b"\xff" * 4096 + whole[half + 4096 :], step)
    assert "damaged" in why
    # the decoder hands out nothing of the piece that it fails in, which is 32 bytes
    assert len(found) > len(DATA) // 3
    assert DATA.startswith(found[: len(DATA) // 3])


def test_nothing_is_left_of_what_was_read() -> None:
    short = packed(DATA[:5_000])

    def kept_alive() -> int:
        gc.collect()
        before = sys.getallocatedblocks()
        for data in (short, short[:-3], short[:40] + b"\xff" * 40) * 20:
            kept(data)
        gc.collect()
        return sys.getallocatedblocks() - before

    kept_alive()
    # the library keeps every piece that it is given: without care two blocks for each 32 bytes
    assert kept_alive() < 500
