"""Our walk over a tar against Python's ``tarfile``: the same entries, the same bytes, mapped or inflated."""

from __future__ import annotations

import contextlib
import io
import mmap
import re
import tarfile
import tempfile
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from surveyor.scan.errors import ScanError
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.entry import Blob, Kind, Wanted
from surveyor.scan.tree.stream import Inflated, Mapped, Source
from surveyor.scan.tree.tar import TarWalk

EVERYTHING = Wanted(re.compile(rb""))
FORMATS = st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
PART = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=30
)
NAME = st.lists(PART.filter(lambda part: part not in {".", ".."}), min_size=1, max_size=6).map("/".join)
LONG = st.tuples(NAME, st.integers(1, 12)).map(lambda pair: "/".join([pair[0]] * pair[1]))
KINDS = st.sampled_from(
    [tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
)
ENTRIES = st.lists(st.tuples(NAME | LONG, KINDS, st.binary(max_size=1500)), max_size=12)


def build(entries: list[tuple[str, bytes, bytes]], format_: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format_) as archive:
        for name, kind, body in entries:
            info = tarfile.TarInfo(name)
            # tarfile takes a v7 entry for a directory when the cut form of its long name ends with a slash
            info.type = tarfile.REGTYPE if kind == tarfile.AREGTYPE and len(name.encode()) > 99 else kind
            if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE}:
                info.linkname = name[::-1].strip("/") or "x"
            elif kind in {tarfile.REGTYPE, tarfile.AREGTYPE}:
                info.size = len(body)
            try:
                archive.addfile(info, io.BytesIO(body))
            except ValueError:
                continue  # ustar cannot hold every name
    return out.getvalue()


def oracle(data: bytes) -> list[tuple[bytes, str, bytes]]:
    """Name, kind and bytes or target, as tarfile reads them; hard links have no bytes of their own."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errors="surrogateescape") as archive:
        for info in archive:
            name = info.name.encode("utf-8", "surrogateescape").strip(b"/")
            if info.issym() or info.islnk():
                found.append(
                    (name, "symlink" if info.issym() else "hardlink", info.linkname.encode("utf-8", "surrogateescape"))
                )
            elif info.isreg():
                body = archive.extractfile(info)
                found.append((name, "file", body.read() if body else b""))
            else:
                found.append((name, "other", b""))
    return found


def walk(source: Source) -> Iterator[tuple[bytes, str, bytes]]:
    for entry in TarWalk(source, EVERYTHING, Budget(limits=Limits())):
        body = (
            bytes(entry.read(1 << 20))
            if entry.kind is Kind.FILE
            else entry.target
            if entry.kind is not Kind.OTHER
            else b""
        )
        yield entry.name, entry.kind.value, body


def mapped(data: bytes) -> Mapped:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return Mapped(mmap.mmap(file.fileno(), len(data), access=mmap.ACCESS_READ), 0, len(data))


def inflated(data: bytes, step: int) -> Inflated:
    chunks = (data[at : at + step] for at in range(0, len(data), step))
    return Inflated(chunks, Budget(limits=Limits()))


@settings(deadline=None, max_examples=150)
@given(ENTRIES, FORMATS, st.integers(1, 5000))
def test_the_same_entries_as_tarfile(entries: list[tuple[str, bytes, bytes]], format_: int, step: int) -> None:
    data = build(entries, format_)
    expected = oracle(data)
    assert list(walk(mapped(data))) == expected
    assert list(walk(inflated(data, step))) == expected


@settings(deadline=None, max_examples=200)
@given(ENTRIES.filter(bool), FORMATS, st.data())
def test_damage_raises_only_our_errors_and_keeps_what_came_before(
    entries: list[tuple[str, bytes, bytes]], format_: int, data: st.DataObject
) -> None:
    whole = bytearray(build(entries, format_))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(whole[: data.draw(st.integers(1, len(whole)))])
    seen = []
    for source in (mapped(damaged), inflated(damaged, 700)):
        found = []
        with contextlib.suppress(ScanError):
            for one in walk(source):
                found.append(one)  # noqa: PERF402 - what came before an error counts
        seen.append(found)
    assert seen[0] == seen[1]


def test_blob_ends_where_the_file_does() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"abc")
        file.flush()
        blob = Blob(buffer=mmap.mmap(file.fileno(), 3, access=mmap.ACCESS_READ), start=1, end=900)
    assert (bytes(blob.view()), blob.head(1), len(blob)) == (b"bc", b"b", 899)
