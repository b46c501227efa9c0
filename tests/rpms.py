"""Writes RPM's formats for tests: headers, ``.rpm`` files, and the three kinds of database, from their descriptions."""

from __future__ import annotations

import sqlite3
import struct
import tempfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from surveyor.scan.formats.rpm import header as tags

MAGIC = b"\x8e\xad\xe8\x01\x00\x00\x00\x00"
PAGE = 4096

Value = bytes | int | Sequence[bytes] | Sequence[int]


def header(values: Mapping[int, Value]) -> bytes:
    """A header without its magic: strings, lists of strings, and 32-bit numbers."""
    index, store = b"", b""
    for tag, value in values.items():
        if isinstance(value, bytes):
            index += struct.pack(">IIII", tag, 6, len(store), 1)
            store += value + b"\0"
        elif isinstance(value, int) or all(isinstance(one, int) for one in value):
            numbers = [value] if isinstance(value, int) else list(value)
            width = "I" if max(numbers, default=0) < 1 << 32 else "Q"
            store += bytes(-len(store) % struct.calcsize(width))
            index += struct.pack(">IIII", tag, 4 if width == "I" else 5, len(store), len(numbers))
            store += struct.pack(f">{len(numbers)}{width}", *numbers)
        else:
            index += struct.pack(">IIII", tag, 8, len(store), len(value))
            store += b"".join(bytes(one) + b"\0" for one in value)  # type: ignore[arg-type]
    return struct.pack(">II", len(index) // 16, len(store)) + index + store


def package(name: str, version: str, *, arch: str = "x86_64", more: Mapping[int, Value] | None = None) -> bytes:
    """The header of one package; ``version`` as ``[EPOCH:]VERSION-RELEASE``."""
    epoch, _, rest = version.rpartition(":")
    number, _, release = rest.rpartition("-")
    values: dict[int, Value] = {
        tags.NAME: name.encode(),
        tags.VERSION: number.encode(),
        tags.RELEASE: release.encode(),
        tags.ARCH: arch.encode(),
        tags.LICENSE: b"MIT",
        tags.SOURCE_RPM: f"{name}-{rest}.src.rpm".encode(),
    }
    if epoch:
        values[tags.EPOCH] = int(epoch)
    return header(values | dict(more or {}))


def listing(*paths: str) -> dict[int, Value]:
    """What a header says of its files: the names, and the folders they are in."""
    parts = [path.rpartition("/") for path in paths]
    folders = sorted({f"{folder}/" for folder, _, _ in parts})
    return {
        tags.BASE_NAMES: [name.encode() for _, _, name in parts],
        tags.DIR_NAMES: [folder.encode() for folder in folders],
        tags.DIR_INDEXES: [folders.index(f"{folder}/") for folder, _, _ in parts],
    }


def sqlite(headers: Iterable[bytes], *, page: int = PAGE) -> bytes:
    """``rpmdb.sqlite``, with the header bytes of a database in WAL mode, as rpm leaves it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rpmdb.sqlite"
        database = sqlite3.connect(path)
        database.execute(f"PRAGMA page_size = {page}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.execute("CREATE TABLE 'Name' (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", ((one,) for one in headers))
        database.commit()
        database.close()
        return path.read_bytes()


def sqlite_log(headers: Iterable[bytes], *, page: int = PAGE, whole: bool = True) -> tuple[bytes, bytes]:
    """A database and the log beside it, which holds the packages; all pages of it when it is ``whole``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rpmdb.sqlite"
        database = sqlite3.connect(path)
        database.execute(f"PRAGMA page_size = {page}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.commit()
        if not whole:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", ((one,) for one in headers))
        database.commit()
        found = path.read_bytes(), path.with_name("rpmdb.sqlite-wal").read_bytes()
        database.close()
        return found


def ndb(headers: Sequence[bytes]) -> bytes:
    """``Packages.db`` (rpm, lib/backend/ndb/rpmpkg.c): one page of slots, then the headers in blocks of 16 bytes."""
    slots, blobs, block = b"", b"", PAGE // 16
    for number, one in enumerate(headers, 1):
        head = struct.pack("<4sIII", b"BlbS", number, 1, len(one))
        body = head + one + bytes(-(16 + len(one) + 12) % 16)
        blob = body + struct.pack("<II4s", zlib.adler32(body), len(one), b"BlbE")
        slots += struct.pack("<4sIII", b"Slot", number, block, len(blob) // 16)
        blobs += blob
        block += len(blob) // 16
    slots += struct.pack("<4sIII", b"Slot", 0, 0, 0) * ((PAGE - 32 - len(slots)) // 16)
    return struct.pack("<4sIIII12x", b"RpmP", 0, 1, 1, len(headers) + 1) + slots + blobs


def bdb(headers: Sequence[bytes], *, page: int = PAGE, order: str = "<") -> bytes:
    """``Packages`` as a Berkeley DB hash: the next number under key 0, short headers in place, long ones on chains."""
    pages: list[bytes] = [b""]

    def add(kind: int, count: int, offset: int, body: bytes, following: int = 0) -> int:
        head = struct.pack(f"{order}8xIIIHHBB", len(pages), 0, following, count, offset, 0, kind)
        pages.append((head + body).ljust(page, b"\0"))
        return len(pages) - 1

    def chain(value: bytes) -> int:
        room, first = page - 26, len(pages)
        parts = [value[at : at + room] for at in range(0, len(value), room)]
        for index, part in enumerate(parts):
            add(7, 1, len(part), part, len(pages) + 1 if index + 1 < len(parts) else 0)
        return first

    def items(*values: bytes) -> None:
        """One hash page, filled from its end."""
        offsets, at, body = [], page, b""
        for value in values:
            at -= len(value)
            offsets.append(at)
            body = value + body
        index = struct.pack(f"{order}{len(offsets)}H", *offsets)
        add(13, len(offsets), at, index.ljust(at - 26, b"\0") + body)

    items(b"\x01" + bytes(4), b"\x01" + struct.pack("<I", len(headers)))
    for number, one in enumerate(headers, 1):
        key = b"\x01" + struct.pack("<I", number)
        if len(one) < page // 4:
            items(key, b"\x01" + one)
        else:
            items(key, struct.pack(f"{order}B3xII", 3, chain(one), len(one)))
    meta = struct.pack(f"{order}8xIIIIBBBBII", 0, 0x061561, 9, page, 0, 8, 0, 0, 0, len(pages) - 1)
    pages[0] = meta.ljust(page, b"\0")
    return b"".join(pages)


#: Kind of database → its writer and the path it has in a root filesystem.
DATABASES = {
    "sqlite": (sqlite, "var/lib/rpm/rpmdb.sqlite"),
    "ndb": (ndb, "usr/lib/sysimage/rpm/Packages.db"),
    "bdb": (bdb, "var/lib/rpm/Packages"),
}


def file(main: bytes, payload: bytes) -> bytes:
    """A ``.rpm``: lead, signatures padded to eight bytes, the header, the payload as it is."""
    lead = struct.pack(">4sBBHH66sHH16x", b"\xed\xab\xee\xdb", 3, 0, 0, 1, b"x", 1, 5)
    signatures = header({1000: len(payload), 1004: b"0123456789abcde"})
    return lead + MAGIC + signatures + bytes(-len(signatures) % 8) + MAGIC + main + payload
