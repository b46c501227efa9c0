"""Builds the programs that tests scan: small ELF, PE and Mach-O files that readers take for whole; none would run.

Contents may be functions of the address they will have, for what holds pointers.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence

Content = bytes | Callable[[int], bytes]
Contents = Mapping[str, Content]

_MACHINES = {64: 62, 32: 3}
_STACK, _RELRO = 0x6474E551, 0x6474E552


def _made(content: Content, address: int) -> bytes:
    return content if isinstance(content, bytes) else content(address)


def _padded(data: bytes, to: int = 16) -> bytes:
    return data + b"\0" * (-len(data) % to)


def elf(
    sections: Contents | None = None,
    *,
    bits: int = 64,
    order: str = "<",
    kind: int = 3,
    needed: Sequence[str] | None = None,
    tags: Mapping[int, int] | None = None,
    texts: Mapping[int, str] | None = None,
    symbols: Sequence[str] = (),
    stack: int | None = 6,
    relro: bool = False,
    loads: int = 6,
    interpreter: bool = False,
    table: bool = True,
    empty: Sequence[str] = (),
) -> bytes:
    """Every section is loaded where it lies in the file, by one segment with the flags ``loads``; notes get one each.

    A dynamic section where ``needed``, ``tags`` (numbers) or ``texts`` (names) say something. Without ``table`` no
    section headers; ``empty`` ones say that the file has no bytes of theirs.
    """
    word = "Q" if bits == 64 else "I"
    made = dict(sections or {})
    dynamic = needed is not None or tags is not None or texts is not None or bool(symbols)
    if dynamic:
        strings, entries = b"\0", list((tags or {}).items())
        for tag, name in [*((1, name) for name in needed or ()), *(texts or {}).items()]:
            entries.append((tag, len(strings)))
            strings += name.encode() + b"\0"
        strings += b"".join(name.encode() + b"\0" for name in symbols)
        made[".dynstr"] = strings
        made[".dynamic"] = b""  # once the address of the names is known
    notes = [name for name in made if name.startswith(".note")]
    count = 1 + dynamic + (stack is not None) + relro + interpreter + len(notes)
    head, each, row = (64, 56, 64) if bits == 64 else (52, 32, 40)
    body, places = b"", {}
    for name, content in made.items():
        at = head + count * each
        at += -at % 16 + len(body)
        data = _made(content, at)
        if name == ".dynamic":
            values = [*entries, (5, places[".dynstr"][0]), (10, len(strings)), (0, 0)]
            data = b"".join(struct.pack(order + word * 2, tag, value) for tag, value in values)
        places[name] = (at, len(data))
        body += _padded(data)
    start = head + count * each
    start += -start % 16
    segments = [(1, loads, 0, start + len(body))]
    segments += [(4, 4, *places[name]) for name in notes]
    segments += [(2, 6, *places[".dynamic"])] if dynamic else []
    segments += [(_STACK, stack, 0, 0)] if stack is not None else []
    segments += [(_RELRO, 4, start, 16)] if relro else []
    segments += [(3, 4, start, 0)] if interpreter else []
    names = b"\0" + b"".join(name.encode() + b"\0" for name in made) + b".shstrtab\0"
    after = start + len(body) + len(_padded(names))
    ident = b"\x7fELF" + bytes([bits // 32, 1 if order == "<" else 2, 1]) + b"\0" * 9
    shown = len(made) + 2 if table else 0
    header = struct.pack(
        f"{order}HHI{word * 3}IHHHHHH",
        *(kind, _MACHINES[bits], 1, start, head, after if table else 0, 0, head, each, count, row, shown),
        max(0, shown - 1),
    )
    rows = [_elf_segment(order, bits, *segment) for segment in segments]
    out = (ident + header + b"".join(rows)).ljust(start, b"\0") + body + _padded(names)
    return out + _elf_sections(order, bits, places, names, start + len(body), empty) if table else out


def _elf_segment(order: str, bits: int, kind: int, flags: int, offset: int, size: int) -> bytes:
    if bits == 64:
        return struct.pack(order + "II6Q", kind, flags, offset, offset, offset, size, size, 4)
    return struct.pack(order + "8I", kind, offset, offset, offset, size, size, flags, 4)


def _elf_sections(
    order: str, bits: int, places: Mapping[str, tuple[int, int]], names: bytes, at: int, empty: Sequence[str]
) -> bytes:
    row = f"{order}II{'QQQQ' if bits == 64 else 'IIII'}II{'QQ' if bits == 64 else 'II'}"
    out = struct.pack(row, *[0] * 10)
    for name, (offset, size) in places.items():
        kind = 7 if name.startswith(".note") else 8 if name in empty else 1
        flags = 6 if name == ".text" else 3
        out += struct.pack(row, names.find(name.encode() + b"\0"), kind, flags, offset, offset, size, 0, 0, 16, 0)
    return out + struct.pack(row, names.find(b".shstrtab"), 3, 0, 0, at, len(names), 0, 0, 1, 0)


def note(owner: str, kind: int, data: bytes, *, order: str = "<") -> bytes:
    """One ELF note."""
    name = owner.encode() + b"\0"
    return struct.pack(order + "III", len(name), len(data), kind) + _padded(name, 4) + _padded(data, 4)


def package_note(**fields: str) -> bytes:
    """systemd's note about the package that a program belongs to."""
    return note("FDO", 0xCAFE1A7E, json.dumps(fields).encode() + b"\0")


BASE = 0x140000000


def pe(
    sections: Contents | None = None,
    *,
    bits: int = 64,
    flags: int = 0x8160,
    characteristics: int = 0x22,
    imports: Sequence[str] = (),
    delayed: Sequence[str] = (),
    version: Mapping[str, str] | None = None,
    numbers: tuple[int, int, int, int] = (1, 2, 3, 4),
    config: bytes | None = None,
    signature: bytes | None = None,
    cli: bool = False,
    subsystem: int = 3,
) -> bytes:
    """Sections at multiples of 0x1000 in memory and of 0x200 in the file; data directories for what is given."""
    made = dict(sections or {".text": b"\xc3"})
    directories: dict[int, str] = {}
    for name, number, content in (
        (".idata", 1, (lambda at: _imports(imports, at, 20, 12)) if imports else None),
        (".didat", 13, (lambda at: _imports(delayed, at, 32, 4)) if delayed else None),
        (".rsrc", 2, (lambda at: _resources(version or {}, numbers, at)) if version is not None else None),
        (".config", 10, config),
        (".cor", 14, struct.pack("<IHHII", 72, 2, 5, 0, 0).ljust(72, b"\0") if cli else None),
    ):
        if content is not None:
            made[name] = content
            directories[number] = name
    optional = 112 + 128 if bits == 64 else 96 + 128
    first = 64 + 24 + optional + 40 * len(made)
    first += -first % 0x200
    body, rows, places = b"", b"", {}
    for number, (name, content) in enumerate(made.items(), 1):
        data = _made(content, number * 0x1000)
        places[name] = (number * 0x1000, len(data))
        raw = _padded(data, 0x200)
        access = 0x60000020 if name == ".text" else 0xC0000040
        shown = name.encode()[:8].ljust(8, b"\0")
        rows += shown + struct.pack(
            "<6I2HI", len(data), number * 0x1000, len(raw), first + len(body), 0, 0, 0, 0, access
        )
        body += raw
    table = [places[directories[number]] if number in directories else (0, 0) for number in range(16)]
    if signature is not None:
        table[4] = (first + len(body), len(signature))
    magic, base = (0x20B, struct.pack("<Q", BASE)) if bits == 64 else (0x10B, struct.pack("<II", 0x1000, 0x400000))
    head = struct.pack("<HBBIIIII", magic, 14, 0, 0, 0, 0, 0x1000, 0x1000) + base
    head += struct.pack("<II6HIIIIHH", 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x10000, first, 0, subsystem, flags)
    head += b"\0" * (36 if bits == 64 else 20) + struct.pack("<I", 16)
    head += b"".join(struct.pack("<II", *entry) for entry in table)
    machine = 0x8664 if bits == 64 else 0x14C
    coff = struct.pack("<HHIIIHH", machine, len(made), 0, 0, 0, len(head), characteristics)
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    return (dos + b"PE\0\0" + coff + head + rows).ljust(first, b"\0") + body + (signature or b"")


def _imports(names: Sequence[str], at: int, size: int, field: int) -> bytes:
    out, strings = b"", b""
    after = at + size * (len(names) + 1)
    for name in names:
        row = bytearray(size)
        struct.pack_into("<I", row, field, after + len(strings))
        out += bytes(row)
        strings += name.encode() + b"\0"
    return out + bytes(size) + strings


def _resources(texts: Mapping[str, str], numbers: tuple[int, int, int, int], at: int) -> bytes:
    """A tree of one resource: the version, under name 1 and language 1033."""
    info = version_resource(texts, numbers)
    tree = b""
    for identity, leads in ((16, 0x80000018), (1, 0x80000030), (1033, 0x48)):
        tree += struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, identity, leads)
    return tree + struct.pack("<IIII", at + 0x58, len(info), 0, 0) + info


def version_resource(texts: Mapping[str, str], numbers: tuple[int, int, int, int]) -> bytes:
    """VS_VERSIONINFO with one table of strings."""
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, *_words(numbers), *_words(numbers), *[0] * 7)
    pairs = [(key, value.encode("utf-16-le") + b"\0\0") for key, value in texts.items()]
    strings = b"".join(_padded(_node(key, value, text=True), 4) for key, value in pairs)
    table = _node("StringFileInfo", _node("040904B0", strings, children=True), children=True)
    return _node("VS_VERSION_INFO", fixed, more=table)


def _words(numbers: tuple[int, int, int, int]) -> tuple[int, int]:
    return numbers[0] << 16 | numbers[1], numbers[2] << 16 | numbers[3]


def _node(key: str, value: bytes, *, text: bool = False, children: bool = False, more: bytes = b"") -> bytes:
    head = _padded(b"\0" * 6 + key.encode("utf-16-le") + b"\0\0", 4)[6:]
    size = 6 + len(head) + len(value) + len(more)
    told = 0 if children else len(value) // 2 if text else len(value)
    return struct.pack("<HHH", size, told, int(text)) + head + value + more


_CPUS = {64: 0x1000007, 32: 7}


def macho(
    sections: Contents | None = None,
    *,
    bits: int = 64,
    order: str = "<",
    kind: int = 2,
    flags: int = 0x200085,
    libraries: Sequence[str] = (),
    rpaths: Sequence[str] = (),
    symbols: Sequence[str] = (),
    signature: bytes | None = None,
    access: int = 3,
    cpu: int | None = None,
    base: int = 0x100000000,
) -> bytes:
    """Sections named ``SEGMENT,section``, all in one segment that maps the file at ``base`` as ``access``."""
    base = base if bits == 64 else base & 0xFFF000
    word = "Q" if bits == 64 else "I"
    made = dict(sections or {"__TEXT,__text": b"\xc3"})
    extra = [(12, struct.pack(order + "IIII", 24, 2, 0x10000, 0x10000) + name.encode() + b"\0") for name in libraries]
    extra += [(0x8000001C, struct.pack(order + "I", 12) + name.encode() + b"\0") for name in rpaths]
    extra += [(0x32, struct.pack(order + "IIII", 1, 11 << 16, 12 << 16, 0))]
    commands = [(number, _padded(body, 8)) for number, body in extra]
    head = 32 if bits == 64 else 28
    row = 80 if bits == 64 else 68
    own = (72 if bits == 64 else 56) + row * len(made)
    size = own + sum(8 + len(body) for _, body in commands) + 24 * bool(symbols) + 16 * (signature is not None)
    start = head + size
    start += -start % 16
    body, rows = b"", b""
    for name, content in made.items():
        at = start + len(body)
        data = _made(content, base + at)
        holder, _, section = name.partition(",")
        rows += section.encode().ljust(16, b"\0") + holder.encode().ljust(16, b"\0")
        rows += struct.pack(
            f"{order}{word * 2}{'8' if bits == 64 else '7'}I",
            base + at,
            len(data),
            at,
            4,
            *[0] * (6 if bits == 64 else 5),
        )
        body += _padded(data)
    end = start + len(body)
    segment = b"__DATA".ljust(16, b"\0")
    segment += struct.pack(f"{order}{word * 4}4I", base, end, 0, end, 7, access, len(made), 0)
    out = [struct.pack(order + "II", 0x19 if bits == 64 else 1, own) + segment + rows]
    out += [struct.pack(order + "II", number, 8 + len(content)) + content for number, content in commands]
    tail = b""
    if symbols:
        strings = b"\0" + b"".join(name.encode() + b"\0" for name in symbols)
        out.append(struct.pack(order + "6I", 2, 24, end, 0, end, len(strings)))
        tail += _padded(strings)
    if signature is not None:
        out.append(struct.pack(order + "4I", 0x1D, 16, end + len(tail), len(signature)))
        tail += signature
    magic = (0xFEEDFACF if bits == 64 else 0xFEEDFACE).to_bytes(4, "little" if order == "<" else "big")
    header = struct.pack(order + "6I", cpu or _CPUS[bits], 3, kind, len(out), size, flags)
    return (magic + header + (b"\0" * 4 if bits == 64 else b"") + b"".join(out)).ljust(start, b"\0") + body + tail


def code_signature(*, adhoc: bool = False, runtime: bool = True, team: str = "TEAM123456") -> bytes:
    """The signature of a Mach-O program, without one hash."""
    names = b"org.example.tool\0" + team.encode() + b"\0"
    flags = 2 * adhoc | 0x10000 * runtime
    directory = struct.pack(
        ">9I4B4I", 0xFADE0C02, 52 + len(names), 0x20200, flags, 0, 52, 0, 0, 0, 32, 2, 0, 12, 0, 0, 69, 0
    )
    directory = directory[:52] + names
    blob = struct.pack(">II", 0xFADE0B01, 8 if adhoc else 16) + (b"" if adhoc else b"\x30" * 8)
    head = struct.pack(">7I", 0xFADE0CC0, 28 + len(directory) + len(blob), 2, 0, 28, 0x10000, 28 + len(directory))
    return head + directory + blob


def fat(*slices: bytes, wide: bool = False) -> bytes:
    """A universal program."""
    row = struct.Struct(">IIQQII" if wide else ">5I")
    at = 8 + row.size * len(slices)
    head, body = struct.pack(">II", 0xCAFEBABF if wide else 0xCAFEBABE, len(slices)), b""
    for data in slices:
        offset = at + len(body)
        body += b"\0" * (-offset % 16)
        offset += -offset % 16
        head += row.pack(7, 3, offset, len(data), 4, *([0] if wide else []))
        body += data
    return head + body


GO_MODULES = (
    "path\texample.com/shop/cmd/shop\n"
    "mod\texample.com/shop\t(devel)\t\n"
    "dep\tgithub.com/gorilla/mux\tv1.8.0\th1:i40aqfkR1h2SlN9hojwV5ZA91wcXFOvkdNIeFDP5koI=\n"
    "dep\tgolang.org/x/sys\tv0.1.0\n"
    "=>\tgithub.com/fork/sys\tv0.2.0\th1:x=\n"
    "build\tvcs.revision=0123456789abcdef0123456789abcdef01234567\n"
    "build\tvcs.time=2024-05-06T07:08:09Z\n"
)
_START, _END = bytes.fromhex("3077af0c9274080241e1c107e6d618e6"), bytes.fromhex("f932433186182072008242104116d8f2")


def go_inline(version: str = "go1.22.1", modules: str = GO_MODULES) -> bytes:
    """Build information as Go writes it since 1.18."""
    text = _START + modules.encode() + _END if modules else b""
    head = b"\xff Go buildinf:" + bytes([8, 2])
    return head.ljust(32, b"\0") + b"".join(_varint(len(part)) + part for part in (version.encode(), text))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def go_pointers(
    version: str = "go1.17.2", modules: str = GO_MODULES, *, size: int = 8, order: str = "<", base: int = 0
) -> Callable[[int], bytes]:
    """Build information as Go wrote it before 1.18, for the address that it will have above ``base``."""

    def made(address: int) -> bytes:
        pair = struct.Struct(order + ("QQ" if size == 8 else "II"))
        here, text = base + address, _START + modules.encode() + _END
        head = b"\xff Go buildinf:" + bytes([size, order == ">"]) + pair.pack(here + 48, here + 48 + pair.size)
        after = here + 48 + 2 * pair.size
        strings = pair.pack(after, len(version)) + pair.pack(after + len(version), len(text))
        return head.ljust(48, b"\0") + strings + version.encode() + text

    return made


def crates(*packages: Mapping[str, object]) -> bytes:
    """What cargo auditable links into a program."""
    return zlib.compress(json.dumps({"packages": list(packages)}).encode())


#: What a .NET host has in its data, for the position of a bundle that is none yet.
DOTNET_HOST = bytes(8) + bytes.fromhex("8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae")


def bundle(host: bytes, deps: bytes) -> bytes:
    """A single-file .NET program: a host with ``DOTNET_HOST`` in its data, followed by its bundle."""
    position = len(host) + len(deps)
    mark = DOTNET_HOST[8:]
    named = b"\x0cabcdefghijkl"
    manifest = struct.pack("<IIi", 6, 0, 1) + named + struct.pack("<QQQQQ", len(host), len(deps), 0, 0, 0)
    return host.replace(bytes(8) + mark, struct.pack("<Q", position) + mark) + deps + manifest
