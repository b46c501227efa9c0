"""bun's binary lock file where it is not as bun 1.0 wrote it."""

from __future__ import annotations

import pytest

from surveyor.scan.catalog.bun_lockb import parse
from surveyor.scan.catalog.interface import File
from surveyor.scan.errors import Malformed, Unsupported
from surveyor.scan.limits import Budget, Limits
from tests.fixtures.catalog.bun_lockb import PACKAGES, lockb


def read(data: bytes) -> list[str]:
    budget = Budget(limits=Limits())
    return [record.name for record in parse(File(path="bun.lockb", data=memoryview(data)), budget)]


def test_another_format_is_told() -> None:
    with pytest.raises(Unsupported, match="format 3"):
        read(lockb(form=3))


def test_cut_anywhere_it_is_told() -> None:
    whole = lockb()
    for end in range(0, len(whole) - 8, 7):
        with pytest.raises(Malformed):
            read(whole[:end])


def test_a_count_that_lies_costs_nothing() -> None:
    whole = bytearray(lockb())
    whole[86:94] = (1 << 60).to_bytes(8, "little")
    with pytest.raises(Malformed, match="cut short or damaged"):
        read(bytes(whole))


def test_a_string_outside_the_buffer_is_no_name() -> None:
    whole = bytearray(lockb())
    at = whole.index(b"\x80", 126)  # of the first string that lies elsewhere
    whole[at - 7 : at - 3] = b"\xff\xff\xff\x7f"
    assert len(read(bytes(whole))) == len(PACKAGES) - 3
