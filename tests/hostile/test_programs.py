"""Programs that lie about themselves: counts and strings without end, parts that overlap, lists that inflate."""

from __future__ import annotations

import random
import struct
import time
import zlib
from collections.abc import Callable

import pytest

from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.limits import MIB, Budget, Limits
from tests import programs as made

UNITS = [unit for unit in CATALOGERS if unit.programs]
#: Of one thread's processor time; the worst takes a tenth of it here.
SECONDS = 10.0


def run(unit: Cataloger, data: bytes) -> ScanError | None:
    """Whatever one unit says of a program, in time; its error."""
    start, error = time.thread_time(), None
    try:
        for told in unit.parse(File(path="x", data=memoryview(data)), Budget(Limits())):
            assert not isinstance(told, Record) or len(told.evidence) <= 300
    except ScanError as found:
        error = found
    assert time.thread_time() - start < SECONDS, unit.id
    return error


def patched(data: bytes, *changes: tuple[int, str, int]) -> bytes:
    """The same with numbers written over it."""
    out = bytearray(data)
    for at, layout, value in changes:
        struct.pack_into(layout, out, at, value)
    return bytes(out)


def _sections(count: int) -> bytes:
    """An ELF file that counts its sections in the first of them."""
    whole = made.elf({".rodata": b"x"})
    (at,) = struct.unpack_from("<Q", whole, 40)
    return patched(whole + bytes(64 * 20_000), (60, "<H", 0), (at + 32, "<Q", count))


def _overlapping() -> bytes:
    """A thousand sections of data, each all of the file."""
    whole = made.elf({".rodata": b"1.1.1 " * 200_000, **{f".data{number}": b"x" for number in range(1_000)}})
    (at,) = struct.unpack_from("<Q", whole, 40)
    changes = [(at + 64 * number + 24, "<QQ") for number in range(2, 1_002)]
    out = bytearray(whole)
    for place, layout in changes:
        struct.pack_into(layout, out, place, 64, len(whole) - 64)
    return bytes(out)


def _bomb() -> bytes:
    return zlib.compress(b'{"packages":[' + b'{"name":"a","version":"1"},' * (4 * MIB) + b"]}")


CASES: dict[str, Callable[[], bytes]] = {
    "ten thousand sections": lambda: _sections(10_000),
    "a million sections": lambda: _sections(1_000_000),
    "sections without end": lambda: _sections(1 << 60),
    "sections that overlap": _overlapping,
    "segments without end": lambda: patched(made.elf() + bytes(4 * MIB), (56, "<H", 0xFFFE)),
    "a dynamic section without end": lambda: made.elf(tags={number: number for number in range(100, 100_000)}),
    "libraries without end": lambda: made.elf(needed=("a",) * 50_000),
    "a note without end": lambda: made.elf({".note.a": struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, 1) * 1_000}),
    "notes without end": lambda: made.elf({".note.a": made.note("GNU", 3, b"") * 60_000}),
    "names without end": lambda: made.elf(needed=("a" * 4 * MIB,), symbols=("__" + "a" * 4 * MIB,)),
    "symbols without end": lambda: made.elf(needed=("libc.so.6",), symbols=("__x",) * 500_000),
    "a package note of anything": lambda: made.elf({".note.package": made.note("FDO", 0xCAFE1A7E, b"[" * 500_000)}),
    "PE sections without end": lambda: patched(made.pe() + bytes(4 * MIB), (64 + 6, "<H", 0xFFFF)),
    "imports without end": lambda: made.pe(imports=("a.dll",) * 50_000),
    "load commands without end": lambda: patched(made.macho() + bytes(MIB), (16, "<I", 0xFFFFFFFF)),
    "load commands of nothing": lambda: patched(made.macho(), (32 + 4, "<I", 0)),
    "slices without end": lambda: patched(made.fat(made.macho()), (4, ">I", 29)),
    "crates that inflate": lambda: made.elf({".dep-v0": _bomb()}),
    "crates of zeros": lambda: made.elf({".dep-v0": zlib.compress(bytes(64 * MIB))}),
    "Go modules without end": lambda: made.elf({".go.buildinfo": made.go_inline(modules="dep\ta\tv1\n" * 100_000)}),
    "a Go length without end": lambda: made.elf({".go.buildinfo": made.go_inline()[:32] + b"\xff" * 60}),
    "versions without end": lambda: made.elf({".rodata": b"1.1\0" * (4 * MIB)}),
    "a bundle nowhere": lambda: made.bundle(made.elf({".data": made.DOTNET_HOST}), b"{}")[:-50],
}


@pytest.mark.parametrize("case", CASES)
def test_whatever_a_program_claims_ends_soon_with_our_errors(case: str) -> None:
    data = CASES[case]()
    for unit in UNITS:
        run(unit, data)


@pytest.mark.parametrize(
    ("case", "unit", "error"),
    [
        ("ten thousand sections", "go", LimitExceeded),
        ("segments without end", "go", LimitExceeded),
        ("libraries without end", "hardening", LimitExceeded),
        ("a note without end", "elf_note", Malformed),
        ("notes without end", "elf_note", LimitExceeded),
        ("PE sections without end", "pe_version", LimitExceeded),
        ("imports without end", "embedded", LimitExceeded),
        ("load commands without end", "go", LimitExceeded),
        ("load commands of nothing", "go", Malformed),
        ("slices without end", "go", Malformed),
        ("crates that inflate", "rust", LimitExceeded),
        ("Go modules without end", "go", LimitExceeded),
        ("versions without end", "embedded", LimitExceeded),
        ("sections that overlap", "embedded", LimitExceeded),
        ("a bundle nowhere", "dotnet", Malformed),
    ],
)
def test_what_was_cut_is_told(case: str, unit: str, error: type[ScanError]) -> None:
    (one,) = (candidate for candidate in UNITS if candidate.id == unit)
    assert isinstance(run(one, CASES[case]()), error)


WHOLE = {
    "elf": made.elf(
        {
            ".go.buildinfo": made.go_pointers(),
            ".dep-v0": made.crates({"name": "a", "version": "1"}),
            ".note.package": made.package_note(type="deb", name="a", version="1"),
            ".rodata": b"\0OpenSSL 1.1.1n  15 Mar 2022\0",
        },
        needed=("libc.so.6",),
        symbols=("memcpy",),
    ),
    "pe": made.pe(imports=("a.dll",), delayed=("b.dll",), version={"ProductName": "Shop"}, config=bytes(160), cli=True),
    "mach-o": made.macho(libraries=("a",), symbols=("b",), signature=made.code_signature()),
    "universal": made.fat(made.macho({"__DATA,__go_buildinfo": made.go_pointers()}), made.macho(cpu=0x100000C)),
}
VALUES = [0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, (1 << 64) - 16, 1 << 40]


@pytest.mark.parametrize("kind", WHOLE)
def test_any_number_may_lie(kind: str) -> None:
    dice, whole = random.Random(kind), WHOLE[kind]  # the same bytes every run
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            at, size, order = dice.randrange(len(data)), dice.choice((1, 2, 4, 8)), dice.choice(("little", "big"))
            value = dice.choice(VALUES) & (1 << 8 * size) - 1
            data[at : at + size] = value.to_bytes(size, "little" if order == "little" else "big")[: len(data) - at]
        for unit in UNITS:
            run(unit, bytes(data))


def test_a_main_module_without_a_path_costs_none_of_the_others() -> None:
    data = made.elf({".go.buildinfo": made.go_inline(modules="mod\t\t(devel)\ndep\texample.com/a\tv1.0.0\n")})
    (unit,) = (candidate for candidate in UNITS if candidate.id == "go")
    found: list[str] = []
    with pytest.raises(Malformed):
        found.extend(
            told.name
            for told in unit.parse(File(path="x", data=memoryview(data)), Budget(Limits()))
            if isinstance(told, Record)
        )
    assert found == ["stdlib", "a"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.id))
def test_what_only_begins_as_a_program_is_none(unit: Cataloger) -> None:
    """No kernel runs an ELF file of class 7, and no list of .NET libraries begins so."""
    assert run(unit, b"\x7fELF" + b"\x07" * 200) is None
