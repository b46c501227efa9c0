"""LZFSE, LZVN and ADC: what a writer packs comes out again, and damage is told."""

from __future__ import annotations

import contextlib
import random
import struct

import pytest

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats import adc, lzvn
from surveyor.scan.formats import lzfse as reader
from surveyor.scan.limits import Budget, Limits
from tests.apple import lzfse as writer
from tests.apple.udif import adc as pack_adc

DICE = random.Random(3)
SAMPLES = {
    "text": b"".join(b"line %d of a text that is like others\n" % number for number in range(3000)),
    "noise": DICE.randbytes(30_000),
    "zeros": bytes(100_000),
    "few": bytes(DICE.choices(range(7), k=20_000)),
    "short": b"abc",
    "far": DICE.randbytes(30_000) * 2,
}

each = pytest.mark.parametrize("name", SAMPLES)


def decode(data: bytes, size: int) -> bytes:
    return reader.decode(memoryview(data), size, Budget(Limits()))


@each
@pytest.mark.parametrize("packed", [True, False])
def test_entropy_coded_blocks(name: str, packed: bool) -> None:
    whole = SAMPLES[name]
    assert decode(writer.lzfse(whole, packed=packed), len(whole)) == whole


@each
def test_the_other_blocks_and_a_mixture(name: str) -> None:
    whole = SAMPLES[name]
    third = len(whole) // 3
    mixed = writer.stored_block(whole[:third]) + writer.lzvn_block(whole[third:]) + b"bvx$"
    assert decode(mixed, len(whole)) == whole


@each
def test_lzvn_alone(name: str) -> None:
    whole = SAMPLES[name]
    assert bytes(lzvn.decode(memoryview(writer.lzvn(whole)), len(whole))) == whole


@each
def test_adc(name: str) -> None:
    whole = SAMPLES[name]
    assert adc.decode(memoryview(pack_adc(whole)), len(whole)) == whole


def test_adc_matches_reach_back() -> None:
    assert adc.decode(memoryview(b"\x83abcd\x04\x03\x45\x00\x00"), 99) == b"abcd" + b"abcd" + b"d" * 9


def test_no_more_comes_out_than_was_asked_for() -> None:
    whole = SAMPLES["zeros"]
    assert len(decode(writer.lzfse(whole), 1000)) == 1000
    assert len(lzvn.decode(memoryview(writer.lzvn(whole)), 1000)) == 1000
    assert len(adc.decode(memoryview(pack_adc(whole)), 1000)) == 1000


@pytest.mark.parametrize(
    "data",
    [
        b"bvx?" + bytes(40),
        b"bvx-\xff\xff\xff\xffabc",
        b"bvx-" + bytes(4),
        b"bvx2",
        b"bvx1" + bytes(200),
        b"bvx2" + b"\xff" * 60,
        b"",
    ],
)
def test_broken_blocks_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data, 1000)


@pytest.mark.parametrize("data", [b"\x1e", b"\x70", b"\xd0", b"\xe5ab", b"\xe0", b"\x00", b"\xf5", b"\x00\x01"])
def test_broken_lzvn_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        lzvn.decode(memoryview(data), 1000)


@pytest.mark.parametrize("data", [b"\x40\x00", b"\x00", b"\x00\x00", b"\x83abcd\x40\xff\xff"])
def test_broken_adc_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        adc.decode(memoryview(data), 1000)


@pytest.mark.parametrize("packed", [True, False])
def test_damage_raises_only_our_errors(packed: bool) -> None:
    whole = writer.lzfse(SAMPLES["few"][:3000], packed=packed)
    dice = random.Random(11)
    for number in range(600):
        data = bytearray(whole[: dice.randrange(len(whole))] if number % 3 == 0 else whole)
        for _ in range(dice.randint(0, 4)):
            if data:
                data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            assert len(decode(bytes(data), 3000)) <= 3000
        except (Malformed, LimitExceeded):
            continue


def test_damaged_lzvn_and_adc_raise_only_our_errors() -> None:
    dice = random.Random(12)
    for _ in range(800):
        data = dice.randbytes(dice.randrange(1, 300))
        for decoder in (lambda data: lzvn.decode(data, 5000), lambda data: adc.decode(data, 5000)):
            try:
                assert len(decoder(memoryview(data))) <= 5000
            except Malformed:
                continue


def test_matches_that_cost_no_bits_end_at_the_size() -> None:
    numbers = [0] * 360
    numbers[4], numbers[20 + 19], numbers[40 + 1], numbers[104] = 64, 64, 256, 1024
    head = struct.pack("<6I", 1 << 20, 800, 4, (1 << 20) - 1, 1, 1) + struct.pack("<i4Hi3H", 0, 0, 0, 0, 0, 0, 0, 0, 0)
    body = b"bvx1" + head + struct.pack("<360H2x", *numbers) + bytes(900)
    with contextlib.suppress(Malformed):
        assert len(decode(body, 5000)) <= 5000
