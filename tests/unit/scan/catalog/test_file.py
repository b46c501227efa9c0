"""A file that several catalogers look at: its program is read once, and nothing that a reader says is lost by that."""

from __future__ import annotations

import pytest

from surveyor.scan.catalog.interface import File
from surveyor.scan.errors import Malformed
from tests import programs as made


def test_a_program_is_read_once_for_all_who_read_it_to_the_end() -> None:
    file = File(path="shop", data=memoryview(made.elf({".rodata": b"hello"})))
    begun = next(file.programs())
    ((_, first),) = file.programs()
    ((_, second),) = file.programs()
    assert first is second is not begun[1]
    assert File(path="shop", data=file.data) == file


def test_every_slice_of_a_universal_program_is_there_for_whoever_asks() -> None:
    file = File(path="shop", data=memoryview(made.fat(made.macho(), made.macho(cpu=0x100000C))))
    assert [offset for offset, _ in file.programs()] == [offset for offset, _ in file.programs()]
    assert len({id(program) for _, program in [*file.programs(), *file.programs()]}) == 4
    assert list(File(path="a.txt", data=memoryview(b"nothing")).programs()) == []


def test_a_damaged_program_is_told_to_everybody() -> None:
    slices = made.fat(made.macho(), made.macho()[:40])
    file = File(path="shop", data=memoryview(slices))
    for _ in range(2):
        reading = file.programs()
        next(reading)
        with pytest.raises(Malformed):
            list(reading)
