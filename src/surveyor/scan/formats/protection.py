"""How a program is protected against being taken over, as far as its headers say."""

from __future__ import annotations

from dataclasses import field
from struct import Struct

from surveyor.scan.formats import macho, pe
from surveyor.scan.formats.code_signature import Signature, signature
from surveyor.scan.formats.elf import EXECUTABLE, GNU_RELRO, GNU_STACK, INTERPRETER, LOAD, Elf
from surveyor.scan.formats.elf_dynamic import Dynamic, dynamic
from surveyor.scan.formats.go_build import is_go
from surveyor.scan.formats.layout import Part, find, unpack
from surveyor.scan.formats.macho import MachO
from surveyor.scan.formats.pe import Pe
from surveyor.scan.formats.program import Program
from surveyor.scan.limits import MIB
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

_STRINGS, _COMMENT, _CONSTANTS = 16 * MIB, 64 << 10, 16 * MIB
#: Functions of the C library that have a checking twin.
_CHECKABLE = regex(
    rb"\0(?:str(?:n?cpy|n?cat)|st[rp]pcpy|mem(?:p?cpy|move|set)|v?s?n?printf|v?fprintf|gets|fgets|read|pread|recv)\0"
)
_CHECKED = regex(rb"\0__\w+_chk(?:@|\0)")
_CANARY = regex(rb"\0_{2,3}stack_chk_(?:fail|guard)")
_PANIC = b"/library/core/src/"
_RUST = regex(rb"rust_(?:eh_personality|begin_unwind|panic)|__rust_")
#: Without a word on its stack, a program of these gets one that can be executed.
_LEGACY_STACKS = frozenset({"386", "amd64"})
#: Fields of PE's load configuration, by width: security cookie, table of handlers, flags of the guard.
_CONFIG = {32: (0x3C, 0x40, 0x58), 64: (0x58, 0x60, 0x90)}
_GUARDED = 0x100


@frozen
class Protection:
    """``None`` where something does not apply or cannot be told; ``said`` quotes what each value rests on, by its name.

    ``relro`` is ``none``, ``partial`` or ``full``; ``signed`` is ``no``, ``adhoc`` or ``yes``, not verified.
    """

    form: str
    arch: str
    pie: bool | None = None
    executable_stack: bool | None = None
    relro: str | None = None
    canary: bool | None = None
    fortified: bool | None = None
    search_paths: tuple[str, ...] = ()
    writable_code: tuple[str, ...] = ()
    text_relocations: bool = False
    aslr: bool | None = None
    high_entropy: bool | None = None
    dep: bool | None = None
    cfg: bool | None = None
    safe_seh: bool | None = None
    signed: str | None = None
    hardened_runtime: bool | None = None
    said: dict[str, str] = field(default_factory=dict)


def protection(program: Program) -> Protection:
    """The facts of one program or library; raises where its headers are damaged."""
    match program:
        case Elf():
            return _elf(program)
        case Pe():
            return _pe(program)
        case MachO():
            return _macho(program)


def _elf(program: Elf) -> Protection:
    linked = dynamic(program)
    stack = next((part for part in program.segments if part.kind == GNU_STACK), None)
    names = _names(program, linked)
    if names is not None and _is_safe(program, names):
        names = None
    return Protection(
        form=program.form,
        arch=program.arch,
        pie=_pie(program, linked),
        executable_stack=stack.executable if stack else (True if program.arch in _LEGACY_STACKS else None),
        relro=_relro(program, linked),
        canary=_CANARY.search(names) is not None if names is not None else None,
        fortified=_fortified(linked, names),
        search_paths=tuple(path for said in _rpaths(linked) for path in said.split(":")),
        writable_code=_writable(tuple(part for part in program.segments if part.kind == LOAD)),
        text_relocations=bool(linked and linked.text_relocations),
        said={
            "e_type": "EXEC" if program.kind == EXECUTABLE else "DYN",
            "PT_GNU_STACK": "absent" if stack is None else f"RW{'E' * stack.executable}",
            "PT_GNU_RELRO": "present" if _has(program, GNU_RELRO) else "absent",
            "BIND_NOW": "yes" if linked and linked.bind_now else "no",
            "RPATH, RUNPATH": ", ".join(_rpaths(linked)) or "none",
        },
    )


def _has(program: Elf, kind: int) -> bool:
    return any(part.kind == kind for part in program.segments)


def _pie(program: Elf, linked: Dynamic | None) -> bool | None:
    """Libraries always are; a program that is one and the other has an interpreter or says so."""
    if program.kind == EXECUTABLE:
        return False
    return True if _has(program, INTERPRETER) or (linked and linked.pie) else None


def _relro(program: Elf, linked: Dynamic | None) -> str | None:
    """A static program has nothing that the loader fills in."""
    if linked is None:
        return None
    if not _has(program, GNU_RELRO):
        return "none"
    return "full" if linked.bind_now else "partial"


def _rpaths(linked: Dynamic | None) -> tuple[str, ...]:
    return tuple(said for said in (linked.rpath, linked.runpath) if said) if linked else ()


def _names(program: Elf, linked: Dynamic | None) -> bytes | None:
    """The names of symbols, of a program that has C in it as far as can be told; else nothing."""
    part = program.part(".strtab")
    static = program.data[part.offset : part.offset + min(part.size, _STRINGS)] if part else memoryview(b"")
    if linked is None:
        return b"\0" + bytes(static) if part else None
    if not any(name.startswith("libc.") for name in linked.needed):
        return None
    return bytes(linked.names) + b"\0" + bytes(static)


def _is_safe(program: Program, names: bytes) -> bool:
    """Whether it is made by a compiler that keeps its stack safe by other means: Go's and Rust's."""
    # the word alone is found much sooner than the pattern
    if is_go(program) or (b"rust_" in names and _RUST.search(names)):
        return True
    comment = program.part(".comment")
    if comment is not None:
        said = bytes(program.data[comment.offset : comment.offset + min(comment.size, _COMMENT)])
        if b"rustc version" in said:
            return True
    return not _CANARY.search(names) and _panics(program)


def _panics(program: Program) -> bool:
    """Whether it has the paths of Rust's own library, which its panics name however much was stripped."""
    for name in (".rodata", "__TEXT,__const", "__TEXT,__cstring"):
        part = program.part(name)
        if part is not None and find(program.data[part.offset : part.offset + min(part.size, _CONSTANTS)], _PANIC) >= 0:
            return True
    return False


def _fortified(linked: Dynamic | None, names: bytes | None) -> bool | None:
    """Only glibc has the twins, and only who calls what has one can be told."""
    if linked is None or names is None or "libc.so.6" not in linked.needed:
        return None
    if _CHECKED.search(names):
        return True
    return False if _CHECKABLE.search(bytes(linked.names)) else None


def _writable(parts: tuple[Part, ...]) -> tuple[str, ...]:
    both = (part for part in parts if part.writable and part.executable and (part.size or part.room))
    return tuple(f"{part.name or 'LOAD'} at {part.address:#x}" for part in both)


def _pe(program: Pe) -> Protection:
    """Nothing of what Windows' loader is asked for where firmware is the loader."""
    if program.subsystem in pe.EFI:
        return Protection(form=program.form, arch=program.arch)
    flags = program.dll_characteristics
    native = program.directory(pe.CLI) is None and any(part.executable for part in program.sections)
    cookie, handlers, guard = _config(program)
    aslr = bool(flags & pe.DYNAMIC_BASE) and not program.characteristics & pe.RELOCATIONS_STRIPPED
    x86 = native and program.arch == "386"
    signed = "yes" if pe.certificates(program) else "no"
    return Protection(
        form=program.form,
        arch=program.arch,
        aslr=aslr if native else None,
        high_entropy=bool(flags & pe.HIGH_ENTROPY) if native and aslr and program.bits == 64 else None,
        dep=bool(flags & pe.NX_COMPATIBLE) if native and program.bits == 32 else None,
        cfg=bool(flags & pe.GUARD_CF or (guard or 0) & _GUARDED) if native else None,
        safe_seh=bool(flags & pe.NO_SEH or handlers) if x86 else None,
        canary=None if cookie is None or not native else bool(cookie),
        writable_code=_writable(program.sections),
        signed=None if program.characteristics & pe.DLL else signed,
        said={
            "DllCharacteristics": f"{flags:#06x}",
            "Characteristics": f"{program.characteristics:#06x}",
            "security cookie": "none" if cookie is None else f"{cookie:#x}",
            "SEHandlerTable": f"{handlers or 0:#x}",
            "certificate table": "present" if signed == "yes" else "absent",
        },
    )


def _config(program: Pe) -> tuple[int | None, int | None, int | None]:
    """Cookie, handlers and guard of the load configuration; each nothing where that is absent or too old for it."""
    directory = program.directory(pe.LOAD_CONFIG)
    if directory is None:
        return None, None, None
    data = program.rest(directory[0])
    word = Struct("<Q" if program.bits == 64 else "<I")
    (size,) = unpack(Struct("<I"), data, 0)

    def at(offset: int, layout: Struct) -> int | None:
        return unpack(layout, data, offset)[0] if offset + layout.size <= min(size, len(data)) else None

    cookie, handlers, guard = _CONFIG[program.bits]
    return at(cookie, word), at(handlers, word), at(guard, Struct("<I"))


def _macho(program: MachO) -> Protection:
    signed = signature(program)
    runs = program.kind == macho.EXECUTE
    start, size = program.strings or (0, 0)
    names = bytes(program.data[start : start + min(size, _STRINGS)])
    vouched = signed is not None and not signed.adhoc
    state = "no" if signed is None else "yes" if vouched else "adhoc"
    return Protection(
        form=program.form,
        arch=program.arch,
        pie=bool(program.flags & macho.PIE) if runs else None,
        executable_stack=bool(program.flags & macho.ALLOW_STACK_EXECUTION) if runs else None,
        canary=None if not names or _is_safe(program, names) else _CANARY.search(names) is not None,
        search_paths=program.rpaths,
        writable_code=_writable(program.segments),
        signed=state if runs else None,
        hardened_runtime=signed.runtime if signed and vouched and runs and program.platform == "macos" else None,
        said={
            "flags": f"{program.flags:#x}",
            "LC_RPATH": ", ".join(program.rpaths) or "none",
            "LC_CODE_SIGNATURE": _signer(signed),
            "hardened runtime": "yes" if signed and signed.runtime else "no",
        },
    )


def _signer(signed: Signature | None) -> str:
    if signed is None:
        return "absent"
    return "ad hoc" if signed.adhoc else signed.team or "present"
