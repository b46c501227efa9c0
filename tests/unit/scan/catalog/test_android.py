"""Android applications: manifests as tools and obfuscators write them, and libraries with and without a version."""

from __future__ import annotations

import random
import struct

import pytest

from surveyor.scan.catalog.android import CATALOGER
from surveyor.scan.catalog.interface import File, Record
from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.formats import axml, protobuf
from surveyor.scan.limits import Budget, Limits
from tests import packages

IDS = (0x0101021B, 0x0101021C)


def parse(data: bytes) -> list[Record]:
    return list(CATALOGER.parse(File(path="a.apk", data=memoryview(data)), Budget(limits=Limits())))


def app(manifest: bytes) -> str:
    found = next(one for one in parse(packages.apk(manifest, {})) if one.type == "generic")
    return f"{found.name}@{found.version}"


@pytest.mark.parametrize("utf8", [True, False])
def test_strings_in_both_encodings(utf8: bool) -> None:
    values = {"versionCode": 7, "versionName": "1.2-é", "package": "com.example.a"}
    assert app(packages.axml(values, IDS, utf8=utf8)) == "com.example.a@1.2-é"


def test_attributes_without_names_are_known_by_their_resources() -> None:
    assert app(packages.axml({"": 7, " ": "2.0", "package": "com.example.a"}, IDS)) == "com.example.a@2.0"


def test_a_version_name_in_the_resources_leaves_the_code() -> None:
    values = {"versionCode": 7, "versionName": "", "package": "com.example.a"}
    assert app(packages.axml(values, IDS, reference="versionName")) == "com.example.a@7"


def test_a_library_published_without_its_version_is_told_and_the_rest_stands() -> None:
    wrong = {"META-INF/androidx.lifecycle_lifecycle-runtime.version": b"task ':lifecycle:writeVersionFile' property"}
    file = File(path="a.apk", data=memoryview(packages.apk(libraries={**wrong, **packages.LIBRARIES})))
    records = CATALOGER.parse(file, Budget(limits=Limits()))
    found = [next(records).name for _ in range(5)]
    assert found == ["com.example.shop", "core-ktx", "kotlinx-coroutines-core", "okio", "play-services-base"]
    with pytest.raises(Malformed, match="published without its version"):
        next(records)


def test_damaged_manifests_raise_only_our_errors() -> None:
    dice = random.Random(7)
    for whole, read in ((packages.MANIFEST, axml.root_attributes), (packages.aab(), protobuf.fields)):
        for _ in range(2_000):
            damaged = bytearray(whole[: dice.randrange(8, len(whole) + 1)])
            for _ in range(dice.randint(1, 6)):
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            try:
                list(read(memoryview(damaged)))
            except ScanError:
                continue


@pytest.mark.parametrize("field", [0xFFFFFFFF, 0x7FFFFFFF, 0])
def test_sizes_that_lie_end_at_once(field: int) -> None:
    for at in range(0, len(packages.MANIFEST) - 4, 4):
        lying = bytearray(packages.MANIFEST)
        struct.pack_into("<I", lying, at, field)
        try:
            axml.root_attributes(memoryview(lying))
        except ScanError:
            continue
