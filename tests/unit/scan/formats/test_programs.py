"""Headers of programs as their readers see them, against what writers put there and what this machine's tools made."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from surveyor.scan.errors import LimitExceeded, Malformed, ScanError, Unsupported
from surveyor.scan.formats import elf, macho, pe
from surveyor.scan.formats.code_signature import signature
from surveyor.scan.formats.elf_dynamic import dynamic, notes
from surveyor.scan.formats.layout import find
from surveyor.scan.formats.pe_version import version_info
from surveyor.scan.formats.program import HEAD, form, is_whole, programs
from tests import programs as made

CLASSES = [(bits, order) for bits in (32, 64) for order in "<>"]


@pytest.mark.parametrize(("bits", "order"), CLASSES)
def test_elf_sections_segments_and_dynamic(bits: int, order: str) -> None:
    data = made.elf(
        {".rodata": b"hello"},
        bits=bits,
        order=order,
        needed=("libssl.so.3", "libc.so.6"),
        texts={14: "libshop.so.1", 29: "$ORIGIN/lib"},
        tags={30: 8, 0x6FFFFFFB: 0x08000001},
        symbols=("__stack_chk_fail",),
    )
    program = elf.read(memoryview(data))
    assert (program.bits, program.order) == (bits, order)
    assert program.section(".rodata") == b"hello"
    assert program.section(".absent") is None
    found = dynamic(program)
    assert found is not None
    assert found.needed == ("libssl.so.3", "libc.so.6")
    assert (found.soname, found.runpath, found.rpath) == ("libshop.so.1", "$ORIGIN/lib", "")
    assert (found.bind_now, found.pie, found.text_relocations) == (True, True, False)
    assert b"\0__stack_chk_fail\0" in bytes(found.names)


def test_elf_notes_loaded_or_not_are_met_once() -> None:
    note = made.package_note(type="deb", name="a", version="1")
    loaded = elf.read(memoryview(made.elf({".note.package": note, ".note.gnu": made.note("GNU", 3, b"\xab" * 20)})))
    assert [(one.owner, one.kind) for one in notes(loaded)] == [("FDO", 0xCAFE1A7E), ("GNU", 3)]
    stripped = elf.read(memoryview(made.elf({".note.package": note}, table=False)))
    assert [one.owner for one in notes(stripped)] == ["FDO"]


def test_a_stripped_or_wrong_section_table_is_none_and_the_program_is_read_all_the_same() -> None:
    whole = bytearray(made.elf({".rodata": b"hello"}))
    struct.pack_into("<Q", whole, 40, 1 << 40)
    program = elf.read(memoryview(bytes(whole)))
    assert program.sections == ()
    assert program.loaded
    assert not is_whole(program)


@pytest.mark.parametrize("build", [made.elf, made.pe, made.macho])
def test_a_program_that_is_cut_is_not_whole(build: Callable[[], bytes]) -> None:
    data = build()
    ((_, program),) = programs(memoryview(data))
    assert is_whole(program)
    ((_, program),) = programs(memoryview(data)[:-1])
    assert not is_whole(program)


@pytest.mark.parametrize("kind", [1, 4])
def test_objects_and_core_dumps_are_no_programs(kind: int) -> None:
    data = made.elf(kind=kind)
    assert form(data[:HEAD]) is None
    with pytest.raises(Unsupported):
        elf.read(memoryview(data))


@pytest.mark.parametrize(("offset", "layout", "value"), [(56, "<H", 600), (60, "<H", 9000)])
def test_counts_of_elf_headers_are_bounded(offset: int, layout: str, value: int) -> None:
    data = bytearray(made.elf() + bytes(1 << 20))
    struct.pack_into(layout, data, offset, value)
    with pytest.raises(LimitExceeded):
        elf.read(memoryview(bytes(data)))


@pytest.mark.parametrize("bits", [32, 64])
def test_pe_sections_imports_and_version(bits: int) -> None:
    data = made.pe(
        {".text": b"\xc3", ".dep-v0": b"abc"},
        bits=bits,
        imports=("KERNEL32.dll", "zlib1.dll"),
        delayed=("libcurl.dll",),
        version={"ProductName": "Shop", "FileVersion": "1.2.3-beta", "Odd": ""},
    )
    program = pe.read(memoryview(data))
    assert (program.bits, program.dll_characteristics) == (bits, 0x8160)
    assert program.section(".dep-v0") == b"abc"
    assert pe.libraries(program) == ("KERNEL32.dll", "zlib1.dll", "libcurl.dll")
    info = version_info(program)
    assert info is not None
    assert info.product_version == "1.2.3.4"
    assert info.texts == {"ProductName": "Shop", "FileVersion": "1.2.3-beta", "Odd": ""}
    assert pe.certificates(program) is None


def test_long_names_of_pe_sections_stand_in_a_table_of_their_own() -> None:
    data = bytearray(made.pe({".text": b"\xc3", "/4": b"debug"}))
    symbols = len(data)
    start = struct.unpack_from("<I", data, 60)[0]
    struct.pack_into("<II", data, start + 12, symbols, 0)
    program = pe.read(memoryview(bytes(data) + struct.pack("<I", 40) + b".debug_information\0"))
    assert [part.name for part in program.sections] == [".text", ".debug_information"]


def test_resources_that_lead_in_circles_end() -> None:
    data = bytearray(made.pe(version={"ProductName": "Shop"}))
    program = pe.read(memoryview(bytes(data)))
    at = next(part.offset for part in program.sections if part.name == ".rsrc")
    data[at : at + 24] = struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, 16, 0x80000000)
    assert version_info(pe.read(memoryview(bytes(data)))) is None


@pytest.mark.parametrize(("bits", "order"), CLASSES)
def test_macho_commands(bits: int, order: str) -> None:
    data = made.macho(
        {"__TEXT,__text": b"\xc3", "__DATA,.dep-v0": b"abc"},
        bits=bits,
        order=order,
        libraries=("/usr/lib/libz.1.dylib",),
        rpaths=("@loader_path/../lib",),
        symbols=("___stack_chk_fail",),
        signature=made.code_signature(),
    )
    program = macho.read(memoryview(data))
    assert (program.bits, program.order, program.platform) == (bits, order, "macos")
    assert program.section("__DATA,.dep-v0") == b"abc"
    assert (program.libraries, program.rpaths) == (("/usr/lib/libz.1.dylib",), ("@loader_path/../lib",))
    assert program.strings is not None
    start, size = program.strings
    assert data[start : start + size] == b"\0___stack_chk_fail\0"
    found = signature(program)
    assert found is not None
    assert (found.team, found.runtime, found.adhoc) == ("TEAM123456", True, False)


@pytest.mark.parametrize("wide", [False, True])
def test_universal_programs_have_all_their_slices(wide: bool) -> None:
    data = made.fat(made.macho(cpu=0x1000007), made.macho(cpu=0x100000C), b"!<arch>\n" + bytes(60), wide=wide)
    assert form(data[:HEAD]) == "mach-o"
    found = list(programs(memoryview(data)))
    assert [program.arch for _, program in found] == ["amd64", "arm64"]
    assert all(data[offset : offset + 4] == b"\xcf\xfa\xed\xfe" for offset, _ in found)


def test_slices_that_share_bytes_are_refused() -> None:
    data = bytearray(made.fat(made.macho(), made.macho()))
    data[28:40] = data[8:20]  # the second row says what the first does
    struct.pack_into(">I", data, 28 + 8, struct.unpack_from(">I", data, 16)[0])
    with pytest.raises(Malformed):
        list(programs(memoryview(bytes(data))))


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(56), None),
        (b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(56), "mach-o"),
        (b"#!/bin/sh\n" + bytes(60), None),
        (b"MZ" + bytes(62), None),
        (b"MZ" + bytes(58) + b"\x80\0\0\0", "pe"),
        (b"\x7fELF", "elf"),  # cut before it says whether it is a program
        (b"", None),
        (b"\xcf\xfa\xed\xfe" + bytes(8) + b"\x0b\0\0\0", "mach-o"),
        (b"\xfe\xed\xfa\xce" + bytes(8) + b"\0\0\0\x06", "mach-o"),
        (b"\xfe\xed\xfa\xce" + bytes(8) + b"\0\0\0\x01", None),
        (b"\xcf\xfa\xed\xfe" + bytes(8) + b"\x0a\0\0\0", None),
        (b"\xcf\xfa\xed\xfe", "mach-o"),
    ],
)
def test_the_form_by_the_first_bytes(head: bytes, told: str | None) -> None:
    assert form(head) == told


def test_a_program_for_dos_is_nothing() -> None:
    assert list(programs(memoryview(b"MZ" + bytes(58) + b"\x40\0\0\0" + b"NE" + bytes(60)))) == []


def test_bytes_are_found_across_the_steps_of_the_search() -> None:
    data = memoryview(bytes((1 << 20) - 3) + b"needle" + bytes(10))
    assert find(data, b"needle") == (1 << 20) - 3
    assert find(data, b"needle", align=16) == -1
    assert find(data, b"absent") == -1


SAMPLES: dict[str, Callable[[], bytes]] = {
    "elf64": lambda: made.elf(
        {".rodata": b"x", ".note.a": made.note("GNU", 3, b"id")}, needed=("libc.so.6",), relro=True
    ),
    "elf32": lambda: made.elf({".rodata": b"x"}, bits=32, order=">", needed=("libc.so.6",), symbols=("a",)),
    "pe": lambda: made.pe(imports=("a.dll",), delayed=("b.dll",), version={"ProductName": "x"}, config=bytes(160)),
    "mach-o": lambda: made.macho(libraries=("a",), symbols=("b",), signature=made.code_signature()),
    "fat": lambda: made.fat(made.macho(), made.macho(cpu=0x100000C)),
}


def look(data: bytes) -> None:
    """Everything that can be asked of a program."""
    for _, program in programs(memoryview(data)):
        if isinstance(program, elf.Elf):
            dynamic(program)
            list(notes(program))
        elif isinstance(program, pe.Pe):
            pe.libraries(program)
            version_info(program)
        else:
            signature(program)
        for part in program.sections:
            program.section(part.name)


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("value", [0, 1, 0x7F, 0x80, 0xFF])
def test_every_byte_of_the_headers_may_lie(kind: str, value: int) -> None:
    whole = SAMPLES[kind]()
    look(whole)
    for at in range(min(len(whole), 2000)):
        damaged = bytearray(whole)
        damaged[at : at + 4] = bytes([value]) * len(damaged[at : at + 4])
        try:
            look(bytes(damaged))
        except ScanError:
            continue


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_program_may_end_anywhere(kind: str) -> None:
    whole = SAMPLES[kind]()
    for end in range(len(whole)):
        try:
            look(whole[:end])
        except ScanError:
            continue


@pytest.mark.parametrize("path", ["/bin/sh", "/usr/bin/python3", "/usr/bin/gcc"])
def test_a_program_of_this_machine(path: str) -> None:
    if not Path(path).exists():
        pytest.skip(f"no {path} here")
    data = Path(path).read_bytes()
    if form(data[:HEAD]) != "elf":
        pytest.skip("not an ELF machine")
    program = elf.read(memoryview(data))
    found = dynamic(program)
    assert found is not None
    assert any(name.startswith("libc.") for name in found.needed)
    assert {".text", ".rodata", ".dynamic"} <= {part.name for part in program.sections}
    assert any(note.owner == "GNU" and note.kind == 3 for note in notes(program))
