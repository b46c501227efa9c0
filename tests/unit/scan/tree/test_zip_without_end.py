"""A zip that has lost its directory: its entries are read by what stands before each, and it is said to be cut."""

from __future__ import annotations

import io
import random
import zipfile
from typing import BinaryIO, cast

import pytest

from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.zip import Zip

MEMBERS = {
    "a.txt": b"a" * 5000,
    "stored.bin": random.Random(1).randbytes(70_000),
    "empty": b"",
    "b/c.txt": b"PK\7\x08" * 9,
}
CENTRAL = b"PK\x01\x02"


class _Pipe(io.RawIOBase):
    """A file that cannot be gone back in, so that sizes come in descriptors behind the data."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.data += data
        return len(data)


def built(*, piped: bool, large: bool = False) -> bytes:
    out: io.BytesIO | _Pipe = _Pipe() if piped else io.BytesIO()
    with zipfile.ZipFile(cast("BinaryIO", out), "w") as archive:
        for name, data in MEMBERS.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if name == "stored.bin" else zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=large) as file:
                file.write(data)
    return bytes(out.data) if isinstance(out, _Pipe) else out.getvalue()


def read(data: bytes) -> tuple[dict[str, bytes | None], str]:
    """What is found by name, nothing for what is cut, and what is said last."""
    archive, found = Zip(memoryview(data), Budget(limits=Limits())), dict[str, bytes | None]()
    try:
        for member in archive.members():
            try:
                found[member.name.decode()] = bytes(archive.read(member, 1 << 20))
            except Malformed:
                found[member.name.decode()] = None
    except Malformed as error:
        return found, str(error)
    return found, ""


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("piped", [False, True])
def test_entries_by_their_local_headers(*, piped: bool, large: bool) -> None:
    whole = built(piped=piped, large=large)
    assert read(whole) == (MEMBERS, "")
    for end in (whole.index(CENTRAL), whole.index(CENTRAL) + 60, len(whole) - 5):
        found, said = read(whole[:end])
        assert found == MEMBERS
        assert said.endswith("4 entries found by what stands before each")


@pytest.mark.parametrize("piped", [False, True])
def test_the_last_entry_is_cut(*, piped: bool) -> None:
    whole = built(piped=piped)
    found, said = read(whole[: whole.index(b"stored.bin") + 1000])
    assert found == {"a.txt": MEMBERS["a.txt"], "stored.bin": None}
    assert "2 entries" in said


def test_what_is_no_zip_stays_none() -> None:
    for data in (b"", b"PK\x03\x04", b"Cr24" + bytes(100), b"no zip", bytes(40)):
        with pytest.raises(Malformed, match="no central directory"):
            Zip(memoryview(data), Budget(limits=Limits()))


def test_lying_headers_raise_only_our_errors() -> None:
    chance, both = random.Random(7), (built(piped=False), built(piped=True))
    for turn in range(300):
        whole = both[turn & 1]
        data = bytearray(whole[: chance.randrange(30, whole.index(CENTRAL))])
        for _ in range(3):
            data[chance.randrange(len(data)) if turn & 2 else chance.randrange(60)] = chance.randrange(256)
        try:
            archive = Zip(memoryview(bytes(data)), Budget(limits=Limits()))
            for member in archive.members():
                archive.head(member, 100)
        except ScanError:
            continue


def test_sizes_that_did_not_fit_stand_in_the_order_of_the_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)  # then the directory says all sizes in the extra field
    whole = built(piped=False, large=True)
    assert b"\xff\xff\xff\xff" in whole[whole.index(CENTRAL) :]
    assert read(whole) == (MEMBERS, "")
