"""Checksums of tar headers: every way in which writers spell one is taken, and a wrong one never."""

from __future__ import annotations

import re
import struct

import pytest

from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree import tar
from surveyor.scan.tree.entry import Blob, Wanted
from surveyor.scan.tree.tar import TarLayer
from surveyor.scan.tree.tar_header import Sums

#: As GNU and POSIX write it, with spaces before it, with a space or nothing behind it, and Rust's seven digits.
SPELT = (b"%06o\0 ", b"%6o\0 ", b"%06o \0", b"%6o  ", b"%07o\0", b"%08o", b"%07o ")
EVERY = Wanted(re.compile(rb""))


def header(name: bytes, spelt: bytes, off: int = 0, filled: int = 0) -> bytes:
    """A header of an empty file whose checksum is spelt so, and ``off`` by so much."""
    block = bytearray(
        struct.pack(
            "100s8s8s8s12s12s8s1s100s8s", name, *[b"0000644"] * 3, b"0" * 11, b"0" * 11, b"", b"0", b"", b"ustar\x0000"
        )
    )
    block += bytes([filled]) * (512 - len(block))
    block[148:156] = b" " * 8
    block[148:156] = (spelt % (sum(block) + off)).ljust(8)[:8]
    return bytes(block)


def names(*blocks: bytes) -> list[bytes]:
    whole = b"".join(blocks) + bytes(1024)
    walk = TarLayer(blob=Blob(buffer=whole, start=0, end=len(whole))).walk(EVERY, Budget(limits=Limits()))
    return [entry.name for entry in walk]


@pytest.mark.parametrize("spelt", SPELT)
def test_every_spelling_is_read(spelt: bytes) -> None:
    assert names(header(b"a", spelt), header(b"b", spelt), header(b"a", SPELT[0])) == [b"a", b"b", b"a"]


@pytest.mark.parametrize("spelt", SPELT)
@pytest.mark.parametrize("off", [-1, 1, 256, 65_521, 65_536])
def test_a_wrong_one_is_never_taken(spelt: bytes, off: int) -> None:
    with pytest.raises(Malformed, match="wrong checksum"):
        names(header(b"a", spelt), header(b"a", spelt, off))


def test_more_spellings_than_are_kept_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = Sums()
    monkeypatch.setattr(tar, "SUMS", sums)
    monkeypatch.setattr(Sums, "MOST", 20)
    many = [header(b"%d" % at, SPELT[at % len(SPELT)]) for at in range(500)]
    assert len({block[148:156] for block in many}) > 20
    assert len(names(*many, *many)) == 2 * len(many)
    assert len(sums) == 20


def test_a_sum_beyond_what_adler_counts_is_read() -> None:
    full = header(b"\xff" * 99, SPELT[0], filled=255)
    assert sum(full) > 65_521
    assert len(names(full)) == 1
