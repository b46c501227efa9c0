"""Ranges against the versions that the same records list one by one, which others have worked out."""

from __future__ import annotations

import json
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.version import InvalidVersion, Version

from surveyor.scan.advise.ranges import Keys, judge
from surveyor.scan.advise.versions import order_of

#: Records whose ranges and lists contradict each other in the data, and in what.
CONTRADICTIONS = {
    "GHSA-f4qf-m5gf-8jm8": "the list begins before the range: 9.0.0.M1 where the range says 9.0.0-M11",
    "GHSA-w4jq-qh47-hvjq": "2.12.0 is not listed, which comes before the fix, 2.12.0.sp3",
    "OSV-128": "a branch among the versions",
    "PYSEC-2017-101": "a branch among the versions",
    "PYSEC-2020-215": "the list was made before 5.7.14",
    "PYSEC-2020-341": "the name of a class among the versions",
    "PYSEC-2021-114": "2.11.6 is listed and is the fix",
    "PYSEC-2021-121": "a branch among the versions",
    "PYSEC-2022-159": "the list was made before 1.8.3",
    "PYSEC-2022-180": "the list was made before 5.7.14",
    "PYSEC-2022-257": "the list was made before 2.0.19",
    "PYSEC-2022-42972": "the list ends with the first of two ranges",
    "PYSEC-2023-177": "23.9.0 is listed and is the fix",
    "PYSEC-2023-61": "candidates of 3.2 and 4.2 are listed, the ranges begin with the releases",
    "PYSEC-2023-72": "the list ends with the first of three ranges",
}


class Entry(NamedTuple):
    """What a record says of one package."""

    record: str
    ecosystem: str
    name: str
    ranges: list[list[str]]
    versions: list[str]


@pytest.fixture(scope="module")
def entries(shared_dir: Path) -> list[Entry]:
    bucket = shared_dir / "advisories" / "bucket"
    if not bucket.is_dir():
        pytest.skip(f"no advisories at {bucket}")
    return [entry for file in sorted(bucket.glob("*/all.zip")) for entry in _entries(file)]


def _entries(file: Path) -> Iterator[Entry]:
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            record = json.loads(archive.read(name))
            for item in record.get("affected", ()) if not record.get("withdrawn") else ():
                package = item.get("package")
                ranges = [_flat(span) for span in item.get("ranges") or () if span["type"] != "GIT"]
                if package and ranges and item.get("versions"):
                    yield Entry(record["id"], package["ecosystem"], package["name"], ranges, item["versions"])


def _flat(span: dict[str, Any]) -> list[str]:
    """Events as the database keeps them: first letter of the kind, version, and so on."""
    return [text for event in span["events"] for kind, version in event.items() for text in (kind[0], version)]


def test_ranges_and_lists_agree(entries: list[Entry]) -> None:
    """Every version that any record lists of a package is asked of every range on it.

    Two differences are none: PyPI's lists leave out pre-releases, and a list ends with the day it was made, while a
    range without an end goes on.
    """
    known: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in entries:
        known[entry.ecosystem, entry.name].update(entry.versions)
    keys: dict[str, Keys] = {}
    differ: defaultdict[str, list[str]] = defaultdict(list)
    asked: Counter[str] = Counter()
    for entry in entries:
        base = entry.ecosystem.partition(":")[0]
        if base not in keys:
            keys[base] = Keys(order_of(base))
        listed = set(entry.versions)
        for version in known[entry.ecosystem, entry.name]:
            asked[base] += 1
            hit = judge(version, entry.ranges, (), keys[base]).affected
            if hit is not (version in listed) and not (hit and (_early(base, version) or _open(entry))):
                differ[entry.record].append(f"{entry.name} {version}: {entry.ranges}")

    assert sum(asked.values()) > 400_000
    assert {record: told for record, told in differ.items() if record not in CONTRADICTIONS} == {}
    assert set(differ) == set(CONTRADICTIONS)


def _early(base: str, version: str) -> bool:
    try:
        return base == "PyPI" and Version(version).is_prerelease
    except InvalidVersion:
        return False


def _open(entry: Entry) -> bool:
    return any(span[-2] == "i" for span in entry.ranges)
