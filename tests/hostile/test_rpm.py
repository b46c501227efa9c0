"""RPM databases made to hurt: loops of pages, shared bytes, lying counts, and cuts at every boundary."""

from __future__ import annotations

import random
import struct
import time

import pytest

from surveyor.scan.catalog import rpm
from surveyor.scan.catalog.interface import File, Record
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.formats.rpm import header as tags
from surveyor.scan.limits import Budget, Limits
from tests import rpms

LONG = rpms.listing(*(f"/usr/file-{number}" for number in range(2000)))
HEADERS = [rpms.package(f"p{number}", "1-1", more=LONG if number % 3 == 0 else {}) for number in range(40)]
KINDS = pytest.mark.parametrize("kind", rpms.DATABASES)
PAGE = 512
#: Of one thread's processor time; what grows with the square takes minutes.
SECONDS = 10.0


def read(data: bytes | bytearray) -> tuple[int, ScanError | None]:
    """How many packages were found, and the error that ended it; never longer than it may take."""
    start, count = time.thread_time(), 0
    try:
        for found in rpm.parse(File(path="x", data=memoryview(bytes(data))), Budget(Limits())):
            count += isinstance(found, Record)
    except ScanError as error:
        return count, error
    finally:
        assert time.thread_time() - start < SECONDS
    return count, None


def pages(data: bytes, size: int = PAGE) -> list[bytearray]:
    return [bytearray(data[at : at + size]) for at in range(0, len(data), size)]


@KINDS
def test_cut_anywhere_keeps_what_came_before(kind: str) -> None:
    write, _ = rpms.DATABASES[kind]
    whole = write(HEADERS)
    counts = []
    for cut in range(0, len(whole), 509):
        count, error = read(whole[:cut])
        assert error is not None or count == len(HEADERS)
        counts.append(count)
    assert counts[0] == 0
    assert max(counts) >= len(HEADERS) - 3
    assert read(whole) == (len(HEADERS), None)


@KINDS
def test_changed_bytes_raise_only_our_errors(kind: str) -> None:
    write, _ = rpms.DATABASES[kind]
    dice, whole = random.Random(kind), write(HEADERS)
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 30)):
            # most of what steers a reader stands at the beginning of a page
            at = dice.randrange(len(damaged)) // 4096 * 4096 + dice.choice((dice.randrange(64), dice.randrange(4096)))
            damaged[min(at, len(damaged) - 1)] = dice.randrange(256)
        read(damaged)


def test_sqlite_pages_in_a_circle() -> None:
    """An inner page whose every child is the root, and a chain that leads into itself."""
    found = pages(rpms.sqlite(HEADERS, page=PAGE))
    inner = next(number for number, page in enumerate(found, 1) if number > 1 and page[0] == 5)
    cells = int.from_bytes(found[inner - 1][3:5], "big")
    for at in struct.unpack_from(f">{cells}H", found[inner - 1], 12):
        found[inner - 1][at : at + 4] = inner.to_bytes(4, "big")
    _, error = read(b"".join(found))
    assert isinstance(error, Malformed)
    assert "used twice" in str(error)


def test_sqlite_chains_that_share_a_page() -> None:
    found = pages(rpms.sqlite(HEADERS, page=PAGE))
    for page in found[1:]:
        if page[0] not in {2, 5, 10, 13}:  # an overflow page
            page[:4] = (len(found)).to_bytes(4, "big")
    count, error = read(b"".join(found))
    assert count < len(HEADERS)
    assert isinstance(error, Malformed)


def test_sqlite_cells_that_are_one_cell() -> None:
    """Thousands of offsets of one row cost no more than the page has bytes."""
    page = 65536
    found = pages(rpms.sqlite([rpms.package("a", "1-1")] * 60, page=page), page)
    leaf = next(one for one in found[1:] if one[0] == 13 and int.from_bytes(one[3:5], "big") >= 60)
    (cell,) = struct.unpack_from(">H", leaf, 8)
    count = (cell - 8) // 2 - 200
    leaf[3:5] = count.to_bytes(2, "big")
    leaf[8 : 8 + 2 * count] = struct.pack(">H", cell) * count
    names, error = read(b"".join(found))
    assert names < 1000
    assert isinstance(error, Malformed)


def test_sqlite_children_without_end() -> None:
    """A file of inner pages that each have the largest count of children."""
    head = pages(rpms.sqlite(HEADERS, page=65536), 65536)
    inner = bytearray(65536)
    inner[0], inner[3:5] = 5, (20_000).to_bytes(2, "big")
    inner[12 : 12 + 40_000] = struct.pack(">H", 60_000) * 20_000
    head[1:] = [inner] * 400
    _, error = read(b"".join(head))
    assert isinstance(error, ScanError)


def test_bdb_chain_into_itself() -> None:
    found = pages(rpms.bdb(HEADERS, page=PAGE))
    for number, page in enumerate(found):
        if page[25] == 7:
            page[16:20] = struct.pack("<I", number)
    count, error = read(b"".join(found))
    assert count < len(HEADERS)
    assert isinstance(error, Malformed)


def test_bdb_value_that_claims_the_most() -> None:
    item = struct.pack("<B3xII", 3, 2, 0xFFFFFFFF)
    whole = bytearray(rpms.bdb([HEADERS[0]], page=PAGE))
    at = bytes(whole).find(struct.pack("<B3xI", 3, 2))
    whole[at : at + 12] = item
    assert isinstance(read(whole)[1], Malformed)
    assert "4,294,967,295" in str(read(whole)[1])


def test_ndb_slots_of_one_header() -> None:
    whole = bytearray(rpms.ndb(HEADERS))
    slot = bytes(whole[32:48])
    whole[32 : 32 + 16 * len(HEADERS)] = slot * len(HEADERS)
    count, error = read(whole)
    assert count == 1
    assert isinstance(error, Malformed)


def test_ndb_headers_inside_each_other() -> None:
    """Slots that lead to heads of 16 bytes each, whose headers are all the rest of the file."""
    size, count = 1 << 20, 200
    blobs = b"".join(struct.pack("<4sIII", b"BlbS", number, 1, size) for number in range(1, count + 1))
    slots = b"".join(struct.pack("<4sIII", b"Slot", number, 255 + number, 1) for number in range(1, count + 1))
    rest = struct.pack("<4sIII", b"Slot", 0, 0, 0) * ((4096 - 32 - len(slots)) // 16)
    whole = struct.pack("<4sIIII12x", b"RpmP", 0, 1, 1, 9) + slots + rest
    _, error = read(whole + blobs + bytes(size))
    assert isinstance(error, Malformed)


@pytest.mark.parametrize(
    "bad",
    [
        struct.pack(">II", 0, 0),
        struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF),
        struct.pack(">II", 1, 0) + struct.pack(">IIII", tags.NAME, 6, 0xFFFFFFFF, 1),
        struct.pack(">II", 1, 4) + struct.pack(">IIII", tags.NAME, 6, 0, 0xFFFFFFFF) + b"abcd",
        struct.pack(">II", 1, 4) + struct.pack(">IIII", tags.EPOCH, 4, 2, 0xFFFFFFFF) + b"abcd",
        struct.pack(">II", 1, 4) + struct.pack(">IIII", tags.EPOCH, 99, 0, 1) + b"abcd",
    ],
)
def test_headers_that_lie(bad: bytes) -> None:
    count, error = read(rpms.ndb([bad, HEADERS[0]]))
    assert count == 1
    assert isinstance(error, Malformed)


def test_files_that_name_one_long_folder_again_and_again() -> None:
    """A few megabytes that would list as gigabytes: the package stays, and owns nothing."""
    names = [b"x"] * 60_000
    more: dict[int, rpms.Value] = {
        tags.BASE_NAMES: names,
        tags.DIR_NAMES: [b"/" + b"d" * 60_000 + b"/"],
        tags.DIR_INDEXES: [0] * len(names),
    }
    count, error = read(rpms.sqlite([rpms.package("a", "1-1", more=more), rpms.package("b", "1-1")]))
    assert count == 2
    assert "nobody is said to own them" in str(error)


def test_lists_of_files_that_do_not_fit() -> None:
    for more in ({tags.DIR_INDEXES: [0, 7]}, {tags.DIR_INDEXES: [0]}, {tags.DIR_NAMES: []}):
        header = rpms.package("a", "1-1", more={**rpms.listing("/a/b", "/a/c"), **more})
        count, error = read(rpms.ndb([header]))
        assert count == 1
        assert isinstance(error, Malformed)


def test_more_packages_than_a_scan_may_hold() -> None:
    data = rpms.sqlite([rpms.package(f"p{number}", "1-1") for number in range(200)])
    with pytest.raises(LimitExceeded):
        list(rpm.parse(File(path="x", data=memoryview(data)), Budget(Limits(packages=100))))
