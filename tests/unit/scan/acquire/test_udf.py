"""UDF volumes: every way that bytes are found, a metadata partition, names, links, and which of two trees is read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from surveyor.scan.acquire import iso as unit
from surveyor.scan.acquire.interface import Origin
from surveyor.scan.errors import Unsupported
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import CoverageState
from surveyor.scan.tree.entry import Blob, Kind
from tests.images import DEBIAN, Link, deb, purls, scan_bytes, troubles
from tests.udfs import udf
from tests.unit.scan.acquire.test_iso import contents, entries, layer_of

NOISE = random.Random(1).randbytes(20_480)
FILES = {
    "etc/os-release": DEBIAN,
    "var/lib/dpkg/status": deb("bash", "5.2"),
    "Grüße/a.txt": b"latin",
    "☃/b.txt": b"wide",
    "link": Link("../a/./b"),
    "absolute": Link("/etc/os-release"),
    "mixed": NOISE + bytes(20_480) + b"surveyor" * 5_000,
    "empty": b"",
    **{f"many/{number:04d}": b"%d" % number for number in range(200)},
}
SMALL = {"etc/os-release": DEBIAN, "a/b": b"x"}
EXPECTED = {path: content.target.encode() if isinstance(content, Link) else content for path, content in FILES.items()}
BASH = "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"form": 1},
        {"form": 3},
        {"form": 1, "extended": True},
        {"pieces": 1},
        {"form": 1, "pieces": 3},
        {"pieces": 1, "continued": True},
        {"metadata": True},
        {"metadata": True, "form": 3},
        {"metadata": True, "pieces": 1, "continued": True, "extended": True},
        {"metadata": True, "icbs": {"metadata": lambda _: bytes(2048)}},  # the mirror is read
    ],
)
def test_forms(more: dict[str, object]) -> None:
    assert contents(udf(FILES, **more)) == EXPECTED


def test_a_hole_may_be_larger_than_the_disc() -> None:
    hole = 500 * 2048
    data = udf({"sparse": bytes(hole) + b"end"}, pieces=hole // 2048)
    assert len(data) < hole
    assert contents(data)["sparse"] == bytes(hole) + b"end"


def test_files_in_one_piece_are_mapped() -> None:
    found = entries(udf({"noise": NOISE}), before=100)
    place = found["noise"].place
    assert place is not None
    assert bytes(place.view()) == NOISE
    assert found["noise"].mapped
    apart = entries(udf({"noise": NOISE}, pieces=1))["noise"]
    assert (apart.mapped, bytes(apart.read(1 << 20))) == (False, NOISE)


def test_links() -> None:
    assert entries(udf(FILES))["link"].kind is Kind.SYMLINK


def origin(data: bytes) -> Origin:
    return Origin(name="x", blob=Blob(buffer=data, start=0, end=len(data)), store=None)


@pytest.mark.parametrize(
    ("inside", "form"),
    [
        ({"readme.txt": b"x"}, "UDF"),
        (SMALL, "ISO 9660 with Rock Ridge"),
        ({**SMALL, "more": b""}, "ISO 9660 with Rock Ridge"),
    ],
)
def test_of_two_trees_the_fuller_one_is_read(inside: dict[str, bytes], form: str) -> None:
    artifact = unit.read(origin(udf(SMALL, iso=inside)), Budget(Limits()))
    ((layer,),) = (image.layers for image in artifact.images)
    assert layer.form == form
    (told,) = artifact.coverage
    assert told.state is CoverageState.LOOKED
    assert (told.detail or "").endswith(f"{form} is read")


def test_a_tree_that_is_damaged_is_told_beside_the_other() -> None:
    data = bytearray(udf(FILES, iso={"a": b"x"}))
    data[256 * 2048] ^= 1  # its anchor
    artifact = unit.read(origin(bytes(data)), Budget(Limits()))
    (told,) = artifact.coverage
    assert (told.state, told.reason) == (CoverageState.PARTIAL, "malformed")


def test_partitions_of_other_kinds_are_told() -> None:
    with pytest.raises(Unsupported, match="Virtual Partition"):
        layer_of(udf(FILES, metadata=True, map_name="*UDF Virtual Partition"))


def test_the_volume_is_known_by_its_label() -> None:
    (image,) = unit.read(origin(udf(FILES)), Budget(Limits())).images
    assert image.name == "SURVEYOR"


def test_packages_of_a_volume(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, udf(FILES))
    assert purls(report) == [BASH]
    assert report.target.type == "iso"
    assert not troubles(report)
