"""APFS containers made to hurt: loops end, lies are told, the rest is read."""

from __future__ import annotations

import random
import struct
import tracemalloc
from pathlib import Path

import pytest

from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.apfs import Container
from surveyor.scan.tree.device import Plain
from tests.apple import apfs
from tests.blobs import blob
from tests.hostile.test_dmg import FILES, changed, walked
from tests.images import purls, scan_bytes, troubles

WHOLE = apfs.container(FILES, per=4)
BLOCK = apfs.BLOCK
NEWEST = 4 * BLOCK
#: Where the last volume's superblock is: the objects of a container follow it.
VOLUME = WHOLE.index(b"APSB") - 32


def again(at: int, *places: tuple[int, bytes], data: bytes = WHOLE) -> bytes:
    """The container with bytes of one object changed, and its checksum right all the same."""
    out = bytearray(data)
    for offset, value in places:
        out[at + offset : at + offset + len(value)] = value
    out[at : at + BLOCK] = apfs.resealed(bytes(out[at : at + BLOCK]))
    return bytes(out)


def number(value: int, size: int = 8) -> bytes:
    return value.to_bytes(size, "little")


OBJECTS = struct.unpack_from("<Q", WHOLE, VOLUME + 128)[0] * BLOCK
MAP = struct.unpack_from("<Q", WHOLE, OBJECTS + 48)[0] * BLOCK


def blocks_of(level: int) -> list[int]:
    """Where the nodes of the file-system tree of one level are."""
    return [
        at
        for at in range(0, len(WHOLE), BLOCK)
        if struct.unpack_from("<I", WHOLE, at + 28)[0] == 0xE and struct.unpack_from("<H", WHOLE, at + 34)[0] == level
    ]


def top() -> int:
    """Where the root of the file-system tree is."""
    return [at for level in range(9) for at in blocks_of(level)][-1]


@pytest.mark.parametrize(
    ("at", "place", "value"),
    [
        (NEWEST, 36, number(3, 4)),
        (NEWEST, 36, number(1 << 31, 4)),
        (NEWEST, 160, number(1 << 60)),
        (NEWEST, 184, number(77)),
        (VOLUME, 32, b"XXXX"),
        (VOLUME, 128, number(1 << 50)),
        (VOLUME, 136, number(99)),
        (OBJECTS, 48, number(1 << 62)),
        (MAP, 36, number(1 << 31, 4)),
        (MAP, 34, number(9, 2)),
        (MAP, 40, number(0xFFFF, 2)),
        (MAP, 42, number(0xFFFF, 2)),
        (MAP, BLOCK - 32, number(0xFFFFFFFF, 4)),
    ],
)
def test_lying_superblocks_and_maps_are_told(tmp_path: Path, at: int, place: int, value: bytes) -> None:
    data = again(at, (place, value))
    if at == NEWEST and place == 36:
        data = again(0, (place, value))  # the size of blocks is read in front
    with pytest.raises(ScanError):
        walked(tmp_path, data)
    report = scan_bytes(tmp_path, data)
    assert report.error or troubles(report)


def test_checkpoints_without_end_take_no_memory() -> None:
    class Copies(Plain):
        def read(self, start: int, size: int) -> memoryview:
            return memoryview(bytes(super().read(start, size)))

    many = 2000
    front = again(0, (104, number(many, 4)), (112, number(1)), data=WHOLE[:BLOCK])
    device = Copies(blob(front + WHOLE[NEWEST : NEWEST + BLOCK] * many))
    tracemalloc.start()
    with pytest.raises(Malformed):
        Container(device, Budget(Limits()))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_torn_checkpoint_is_passed_by(tmp_path: Path) -> None:
    data = changed((NEWEST + 2000, b"\xff"), data=WHOLE)
    # what is left is older, and has no volume
    with pytest.raises(ScanError, match="without a volume"):
        walked(tmp_path, data)


def test_no_whole_superblock(tmp_path: Path) -> None:
    data = changed(*((at * BLOCK + 2000, b"\xff") for at in (0, 2, 4)), data=WHOLE)
    with pytest.raises(Malformed, match="no superblock"):
        walked(tmp_path, data)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_nodes_that_lie_keep_what_came_before(tmp_path: Path, level: int) -> None:
    dice = random.Random(level)
    for at in blocks_of(level)[:3]:
        for _ in range(60):
            data = changed(*((at + 32 + dice.randrange(200), dice.randbytes(1)) for _ in range(3)), data=WHOLE)
            try:
                walked(tmp_path, data, Limits(seconds=20))
            except ScanError:
                continue


def test_a_node_that_holds_another_twice(tmp_path: Path) -> None:
    root = top()
    end = root + BLOCK - 40
    first = WHOLE[end - 8 : end]
    data = changed((end - 16, first), data=WHOLE)
    with pytest.raises(Malformed, match="hold each other"):
        walked(tmp_path, data)
    report = scan_bytes(tmp_path, data)
    assert "hold each other" in " ".join(entry.detail or "" for entry in troubles(report))


def test_a_node_that_holds_itself(tmp_path: Path) -> None:
    root = top()
    end = root + BLOCK - 40
    with pytest.raises(Malformed, match="hold each other"):
        walked(tmp_path, changed((end - 8, WHOLE[root + 8 : root + 16]), data=WHOLE))


def test_extents_that_lie(tmp_path: Path) -> None:
    container = apfs.Container()
    volume = apfs.Volume(container)
    for name, runs in {
        "overlap": [(0, 8192, 2), (4096, 4096, 2)],
        "outside": [(0, 4096, 1 << 40)],
        "endless": [(0, 1 << 55, 3)],
        "hole": [(1 << 54, 4096, 2)],
    }.items():
        number_ = volume.file(apfs.ROOT, name, b"")
        volume.records = [one for one in volume.records if one[0][:2] != (number_, apfs.INODE)]
        volume.inode(number_, apfs.ROOT, 0o100644, size=1 << 50)
        for address, length, block in runs:
            value = struct.pack("<QQQ", length, block, 0)
            volume.record(number_, apfs.EXTENT, struct.pack("<Q", address), value, address)
    volume.add("good", b"1")
    container.volumes.append((container.oid(), volume.write()))
    tracemalloc.start()
    names, walk = walked(tmp_path, container.write())
    assert tracemalloc.get_traced_memory()[1] < 40 << 20
    tracemalloc.stop()
    assert sorted([*names, *(name.decode() for name in walk.closed.names)]) == [
        "endless",
        "good",
        "hole",
        "outside",
        "overlap",
    ]


def test_folders_in_a_circle_and_names_that_lead_out(tmp_path: Path) -> None:
    container = apfs.Container()
    volume = apfs.Volume(container)
    volume.name_record(50, "b", 51, 4)
    volume.name_record(51, "a", 50, 4)
    volume.inode(60, 51, 0o100644)
    volume.name_record(51, "lost", 60, 8)
    volume.name_record(77, "nowhere", 60, 8)
    volume.name_record(apfs.ROOT, "..", 60, 8)
    volume.name_record(apfs.ROOT, "a/b", 60, 8)
    volume.add("good", b"1")
    container.volumes.append((container.oid(), volume.write()))
    names, walk = walked(tmp_path, container.write())
    assert "good" in names
    assert walk.closed.count == 2
    assert walk.climbing.count == 2
    assert not any(".." in name.split("/") for name in names)


def test_cut_anywhere(tmp_path: Path) -> None:
    for at in range(0, len(WHOLE), BLOCK // 2):
        try:
            walked(tmp_path, WHOLE[:at] or b"x")
        except ScanError:
            continue


def test_damage_raises_only_our_errors(tmp_path: Path) -> None:
    dice = random.Random(4)
    for _ in range(200):
        data = bytearray(WHOLE)
        for _ in range(12):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            walked(tmp_path, bytes(data), Limits(seconds=20))
        except ScanError:
            continue


def test_what_was_found_stays(tmp_path: Path) -> None:
    assert purls(scan_bytes(tmp_path, WHOLE)) == ["pkg:npm/a@1"]


def test_a_search_that_every_node_leads_on(tmp_path: Path) -> None:
    data = bytearray(WHOLE)
    for level in range(1, 9):
        for at in blocks_of(level):
            # all that is below a node is its first child, again and again
            end = at + BLOCK - (40 if at == top() else 0)
            count = struct.unpack_from("<I", WHOLE, at + 36)[0]
            data[end - 8 * count : end] = WHOLE[end - 8 : end] * count
    with pytest.raises(Malformed):
        walked(tmp_path, bytes(data), Limits(seconds=20))
