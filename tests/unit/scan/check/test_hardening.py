"""How programs are protected: each fact present and absent, and against what this machine's compiler makes."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from surveyor.scan.engine.hardening import Guarded, count, findings, judge
from surveyor.scan.formats.program import programs
from surveyor.scan.formats.protection import protection
from tests.programs import code_signature, elf, fat, macho, pe

LIBC = ("libc.so.6",)
SAFE = ("__stack_chk_fail", "__memcpy_chk", "memcpy")
NOW = {24: 0}
PIE = {0x6FFFFFFB: 0x08000001}


def weak(data: bytes) -> list[str]:
    """``rule:outcome`` of every outcome."""
    return sorted(
        f"{rule.id.removeprefix('hardening_')}:{outcome.key}"
        for _, program in programs(memoryview(data))
        for rule, outcome in judge(protection(program))
    )


def config(bits: int, *, cookie: int = 1, handlers: int = 0, guard: int = 0) -> bytes:
    """A load configuration."""
    size, places = (0xA0, (0x3C, 0x40, 0x58)) if bits == 32 else (0x100, (0x58, 0x60, 0x90))
    data = bytearray(size)
    struct.pack_into("<I", data, 0, size)
    word = "<I" if bits == 32 else "<Q"
    for layout, at, value in zip((word, word, "<I"), places, (cookie, handlers, guard), strict=True):
        struct.pack_into(layout, data, at, value)
    return bytes(data)


HARD = elf(needed=LIBC, symbols=SAFE, relro=True, interpreter=True, tags=NOW)
SIGNED = code_signature()
CASES = [
    ("hardened", HARD, []),
    ("a library", elf(needed=LIBC, symbols=SAFE, relro=True, tags=NOW), []),
    ("fixed address", elf(kind=2, needed=LIBC, symbols=SAFE, relro=True, tags=NOW), ["pie:missing"]),
    ("static and position-independent", elf(tags=PIE), ["relro:missing"]),
    ("static", elf(kind=2), ["pie:missing"]),
    ("stack", elf(needed=LIBC, symbols=SAFE, relro=True, tags=NOW, stack=7), ["stack:executable"]),
    ("stack unsaid", elf(needed=LIBC, symbols=SAFE, relro=True, tags=NOW, stack=None), ["stack:executable"]),
    ("no relro", elf(needed=LIBC, symbols=SAFE, tags=NOW), ["relro:missing"]),
    ("half relro", elf(needed=LIBC, symbols=SAFE, relro=True), ["relro:partial"]),
    ("no canary", elf(needed=LIBC, symbols=("__memcpy_chk",), relro=True, tags=NOW), ["canary:missing"]),
    ("no check", elf(needed=LIBC, symbols=("__stack_chk_fail", "memcpy"), relro=True, tags=NOW), ["fortify:missing"]),
    ("musl", elf(needed=("libc.musl-x86_64.so.1",), symbols=SAFE[:1], relro=True, tags=NOW), []),
    ("Go", elf({".gopclntab": b"x"}, needed=LIBC, symbols=("memcpy",), relro=True, tags=NOW), []),
    ("Rust", elf({".comment": b"\0rustc version 1\0"}, needed=LIBC, symbols=("memcpy",), relro=True, tags=NOW), []),
    (
        "Rust stripped",
        elf({".rodata": b"/rustc/0/library/core/src/a.rs"}, needed=LIBC, symbols=("memcpy",), relro=True, tags=NOW),
        [],
    ),
    ("writable code", elf(needed=LIBC, symbols=SAFE, relro=True, tags=NOW, loads=7), ["wx:present"]),
    ("text relocations", elf(needed=LIBC, symbols=SAFE, relro=True, tags={**NOW, 22: 0}), ["textrel:present"]),
    *(
        (f"rpath {path}", elf(needed=LIBC, symbols=SAFE, relro=True, tags=NOW, texts={tag: path}), found)
        for tag in (15, 29)
        for path, found in (
            ("$ORIGIN/../lib", []),
            ("/usr/lib/shop:${ORIGIN}", []),
            ("lib", ["rpath:unsafe"]),
            ("$ORIGIN:", ["rpath:unsafe"]),
            ("/opt/shop:/tmp/build/lib", ["rpath:unsafe"]),
            ("/home/me/lib", ["rpath:unsafe"]),
        )
    ),
    ("PE", pe(flags=0x4160, config=config(64, guard=0x100), signature=bytes(8)), []),
    ("PE unsigned", pe(flags=0x4160, config=config(64)), ["signature:missing"]),
    ("PE library", pe(flags=0x4160, characteristics=0x2022), []),
    ("PE fixed", pe(flags=0x4100, signature=bytes(8)), ["aslr:missing"]),
    ("PE stripped", pe(flags=0x4160, characteristics=0x23, signature=bytes(8)), ["aslr:missing"]),
    ("PE low entropy", pe(flags=0x4140, signature=bytes(8)), ["aslr:low_entropy"]),
    ("PE no guard", pe(flags=0x160, signature=bytes(8)), ["cfg:missing"]),
    ("PE guard by configuration", pe(flags=0x160, config=config(64, guard=0x100), signature=bytes(8)), []),
    ("PE no cookie", pe(flags=0x4160, config=config(64, cookie=0), signature=bytes(8)), ["canary:missing"]),
    ("PE of 32 bits", pe(bits=32, flags=0x4140, config=config(32, handlers=1), signature=bytes(8)), []),
    ("PE no DEP", pe(bits=32, flags=0x4440, config=config(32), signature=bytes(8)), ["dep:missing"]),
    ("PE no handlers", pe(bits=32, flags=0x4140, config=config(32), signature=bytes(8)), ["safeseh:missing"]),
    *((f"EFI {kind}", pe(bits=32, flags=0, subsystem=kind), []) for kind in (10, 11, 12, 13)),
    (".NET", pe(flags=0, cli=True, signature=bytes(8)), []),
    ("Mach-O", macho(symbols=("___stack_chk_fail",), signature=SIGNED), []),
    ("Mach-O fixed", macho(flags=0x85, symbols=("___stack_chk_fail",), signature=SIGNED), ["pie:missing"]),
    ("Mach-O stack", macho(flags=0x220085, symbols=("___stack_chk_fail",), signature=SIGNED), ["stack:executable"]),
    ("Mach-O no canary", macho(symbols=("_printf",), signature=SIGNED), ["canary:missing"]),
    ("Mach-O unsigned", macho(), ["signature:missing"]),
    ("Mach-O ad hoc", macho(signature=code_signature(adhoc=True, runtime=False)), ["signature:adhoc"]),
    ("Mach-O soft", macho(signature=code_signature(runtime=False)), ["runtime:missing"]),
    ("Mach-O writable code", macho(signature=SIGNED, access=7), ["wx:present"]),
    ("Mach-O rpath", macho(signature=SIGNED, rpaths=("@loader_path/..", "/Users/me/lib")), ["rpath:unsafe"]),
    ("Mach-O library", macho(kind=6), []),
    *((f"Mach-O of kind {kind}", macho(kind=kind, access=7, symbols=("_main",)), []) for kind in (1, 4, 10)),
    ("of objects", fat(macho(kind=1, access=7), macho(kind=10, access=7)), []),
    ("for debuggers", elf({".text": b"", ".symtab": b"x"}, kind=2, empty=(".text",), relro=True, tags={}), []),
    ("with symbols", elf({".text": b"x", ".symtab": b"x"}, kind=2), ["pie:missing"]),
    ("universal", fat(macho(signature=SIGNED), macho(flags=0x85, signature=SIGNED)), ["pie:missing"]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_outcomes(data: bytes, found: list[str]) -> None:
    assert weak(data) == found


def test_one_finding_names_every_program_and_quotes_what_it_says() -> None:
    facts = [protection(program) for _, program in programs(memoryview(elf(kind=2)))]
    guarded = [Guarded(protection=facts[0], path=f"opt/{number}") for number in range(1_200)]
    (found,) = findings(guarded, artifact="sha256:x")
    assert (found.title, found.rule) == ("Program not position-independent", "hardening_pie")
    assert len(found.assets) == 1_000
    assert found.assets[0].path == found.assets[0].value == "opt/0"
    assert (found.evidence[0].where, found.evidence[0].value) == ("opt/0: e_type", "EXEC")
    assert found.evidence[-1].value == "1,200 programs in all"


def test_a_slice_of_a_universal_program_is_quoted_as_what_it_is() -> None:
    data = memoryview(fat(macho(signature=SIGNED), macho(flags=0x85, signature=SIGNED)))
    slices = [Guarded(protection=protection(program), path="opt/shop") for _, program in programs(data)]
    assert len(slices) == 2
    weak_one = next(one.protection for one in slices if list(judge(one.protection)))
    (found,) = findings(iter(slices), artifact="x")
    assert found.evidence[0].where == f"opt/shop: {weak_one.arch} flags"
    assert count(slices) == 1
    assert count([slices[0], replace(slices[0], layer="sha256:a"), replace(slices[0], path="opt/b")]) == 3
    (found,) = findings([next(one for one in slices if list(judge(one.protection)))], artifact="x")
    assert found.evidence[0].where == "opt/shop: flags"


def test_titles_do_not_depend_on_what_was_measured() -> None:
    one, other = (
        findings([Guarded(protection=protection(program), path=path)], artifact="x")
        for path, data in (("a", elf(kind=2, loads=7)), ("b", elf({".text": b"x"}, kind=2, loads=7)))
        for _, program in programs(memoryview(data))
    )
    assert [found.title for found in one] == [found.title for found in other]


SOURCE = """
#include <stdio.h>
#include <string.h>
int main(int count, char **words) {
    char room[64];
    strcpy(room, words[count - 1]);
    printf("%s", room);
    return 0;
}
"""


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ("-O2 -fPIE -pie -fstack-protector-all -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now", []),
        ("-O2 -no-pie -fstack-protector-all -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now", ["pie:missing"]),
        ("-O2 -pie -fPIE -fno-stack-protector -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now", ["canary:missing"]),
        ("-O2 -pie -fPIE -fstack-protector-all -U_FORTIFY_SOURCE -Wl,-z,relro,-z,now", ["fortify:missing"]),
        ("-O2 -pie -fPIE -fstack-protector-all -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,lazy", ["relro:partial"]),
        ("-O2 -pie -fPIE -fstack-protector-all -D_FORTIFY_SOURCE=2 -Wl,-z,norelro,-z,now", ["relro:missing"]),
        ("-O2 -pie -fPIE -fstack-protector-all -D_FORTIFY_SOURCE=2 -Wl,-z,now -z execstack", ["stack:executable"]),
        ("-O2 -pie -fPIE -fstack-protector-all -D_FORTIFY_SOURCE=2 -Wl,-z,now -Wl,-rpath,lib", ["rpath:unsafe"]),
    ],
)
def test_what_a_compiler_makes(flags: str, found: list[str], tmp_path: Path) -> None:
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("no gcc here")
    (tmp_path / "shop.c").write_text(SOURCE, "utf-8")
    command = [gcc, "-w", *flags.split(), "-o", str(tmp_path / "shop"), str(tmp_path / "shop.c")]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this gcc does not know these flags")
    assert weak((tmp_path / "shop").read_bytes()) == found
