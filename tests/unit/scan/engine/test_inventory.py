"""How records of one name become packages: what has no version, what is no package, what is declared and installed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from surveyor.scan.catalog import npm
from surveyor.scan.catalog.interface import Record
from surveyor.scan.engine.inventory import Found, Inventory
from surveyor.scan.model import Distro, Package, Presence, SourcePackage, Tier
from tests.images import python, scan_bytes, tar
from tests.packages import zipped


def packages(*records: Record) -> tuple[Package, ...]:
    inventory = Inventory()
    for number, record in enumerate(records):
        found = Found(record=record, cataloger=npm.CATALOGER, path=f"file{number}", root=b"", layer=None)
        inventory.add(found, None)
    return inventory.packages()


def test_what_names_no_version_joins_every_version_of_that_name() -> None:
    wish = Record(type="npm", name="a", version="", evidence="a: ^1", presence=Presence.DECLARED, licenses=("MIT",))
    there = [Record(type="npm", name="a", version=version, evidence=version) for version in ("1", "2")]
    found = packages(wish, *there)
    assert [package.purl for package in found] == ["pkg:npm/a@1", "pkg:npm/a@2"]
    assert [one.value for one in found[0].evidence] == ["1", "a: ^1"]
    assert found[0].licenses == ("MIT",)
    assert [place.path for place in found[0].locations] == ["file1"]
    assert found[0].presence is Presence.INSTALLED


def test_what_nobody_takes_up_is_a_package_without_a_version() -> None:
    wish = Record(type="npm", name="a", version="", evidence="a: ^1", presence=Presence.DECLARED)
    other = Record(type="npm", namespace="@s", name="a", version="1", evidence="x")
    assert [package.purl for package in packages(wish, other)] == ["pkg:npm/%40s/a@1", "pkg:npm/a"]


def test_a_remark_alone_is_no_package() -> None:
    assert packages(Record(type="npm", name="a", version="", evidence="x", remark=True)) == ()


def test_a_name_without_an_ecosystem_is_asked_about_where_anything_only_suspects_it() -> None:
    for type_, tier in (("generic", Tier.HEURISTIC), ("npm", Tier.CONFIRMED)):
        sure = Record(type=type_, name="openssl", version="3.0.1", evidence="ProductName: openssl")
        (found,) = packages(sure, replace(sure, evidence="OpenSSL 3.0.1", tier=Tier.HEURISTIC))
        assert found.tier is tier


def test_installed_says_more_than_declared() -> None:
    lock = Record(type="npm", name="a", version="1", evidence="lock", presence=Presence.DECLARED)
    there = Record(type="npm", name="a", version="1", evidence="there")
    (found,) = packages(lock, there)
    assert found.presence is Presence.INSTALLED
    assert len(found.locations) == 2


def test_a_version_that_another_file_offers_is_taken_where_none_is_named() -> None:
    wish = Record(type="maven", namespace="g", name="a", version="", evidence="g:a", presence=Presence.DECLARED)
    offers = [replace(wish, version=version, evidence=version, remark=True) for version in ("1", "2", "2")]
    found = packages(wish, *offers)
    assert [package.purl for package in found] == ["pkg:maven/g/a@1", "pkg:maven/g/a@2"]
    assert [[one.value for one in package.evidence] for package in found] == [["g:a", "1"], ["g:a", "2", "2"]]
    assert [[place.path for place in package.locations] for package in found] == [["file0"], ["file0"]]
    assert packages(*offers) == ()


def test_an_offer_changes_nothing_for_what_has_a_version() -> None:
    pinned = Record(type="maven", namespace="g", name="a", version="3", evidence="3", presence=Presence.DECLARED)
    offer = replace(pinned, version="1", remark=True)
    wish = replace(pinned, version="", evidence="g:a")
    assert [package.purl for package in packages(pinned, offer, wish)] == ["pkg:maven/g/a@3"]


def test_a_bill_that_names_no_distribution_speaks_of_the_build_that_is_there() -> None:
    there = Record(
        type="apk",
        name="bash",
        version="5.2-r1",
        arch="x86_64",
        source=SourcePackage(name="sh", version="5.2-r1"),
        distro=Distro(id="wolfi", version="20230201"),
    )
    told = Record(type="apk", namespace="wolfi", name="bash", version="5.2-r1", arch="x86_64", tier=Tier.HEURISTIC)
    other = replace(told, arch="aarch64")
    assert [(package.purl, package.tier, len(package.locations)) for package in packages(told, there, other)] == [
        ("pkg:apk/wolfi/bash@5.2-r1?arch=aarch64", Tier.HEURISTIC, 1),
        ("pkg:apk/wolfi/bash@5.2-r1?arch=x86_64&distro=wolfi-20230201&upstream=sh", Tier.CONFIRMED, 2),
    ]


def test_a_bill_that_a_package_brought_along_is_of_that_package_whatever_distribution_it_names(tmp_path: Path) -> None:
    """In images of Chainguard lie packages that were built for Wolfi, and say so."""
    place = "var/lib/db/sbom/a-1-r0.spdx.json"
    purl = "pkg:apk/wolfi/a@1-r0?arch=x86_64&distro=wolfi"
    bill = {
        "bomFormat": "CycloneDX",
        "components": [{"name": "a", "purl": purl}, {"name": "b", "purl": "pkg:apk/w/b@1"}],
    }
    root = {
        "etc/os-release": b'ID=chainguard\nVERSION_ID="20230214"\n',
        "lib/apk/db/installed": b"P:a\nV:1-r0\nA:x86_64\nF:var/lib/db/sbom\nR:a-1-r0.spdx.json\n\nP:b\nV:1\n\n",
        place: json.dumps(bill).encode(),
    }
    found = {package.purl: len(package.locations) for package in scan_bytes(tmp_path, tar(root)).packages}
    of = "distro=chainguard-20230214"
    assert found == {
        f"pkg:apk/chainguard/a@1-r0?arch=x86_64&{of}": 2,
        f"pkg:apk/chainguard/b@1?{of}": 1,
        "pkg:apk/w/b@1": 1,
    }


def test_what_a_bill_says_of_a_file_or_a_part_is_of_the_package_that_lies_there(tmp_path: Path) -> None:
    said = ["a_b@1?file_name=a_b-1.whl", "A.B@1", "a-b@1#c-ext/x", "other@1?file_name=x"]
    bill = {"bomFormat": "CycloneDX", "components": [{"name": "x", "purl": f"pkg:pypi/{one}"} for one in said]}
    bill["components"].append({"name": "libjpeg / libjpeg-turbo", "version": "3.2.0"})
    files = {"a-1.dist-info/METADATA": python("a_b", "1"), "a-1.dist-info/sboms/x.cdx.json": json.dumps(bill).encode()}
    report = scan_bytes(tmp_path, zipped(files), "a.whl")
    assert [(package.purl, package.tier) for package in report.packages] == [
        ("pkg:generic/libjpeg.libjpeg-turbo@3.2.0", Tier.HEURISTIC),
        ("pkg:pypi/a-b@1", Tier.CONFIRMED),
        ("pkg:pypi/a.b@1", Tier.HEURISTIC),
        ("pkg:pypi/other@1?file_name=x", Tier.HEURISTIC),
    ]


def test_what_knows_no_release_is_the_same_build_where_the_release_is_known() -> None:
    known = Record(type="deb", name="a", version="1", evidence="x", distro=Distro(id="debian", version="12"))
    loose = replace(known, distro=Distro(id="debian", version=""))
    (found,) = packages(loose, known)
    assert found.purl == "pkg:deb/debian/a@1?distro=debian-12"
    assert [place.path for place in found.locations] == ["file1", "file0"]
    other = replace(loose, version="2")
    assert len(packages(other, known)) == 2


@pytest.mark.parametrize(
    "more", [{}, {"arch": "noarch"}, {"qualifiers": (("epoch", "2"), ("rpmmod", "m:1:2:c"), ("z", "1"))}]
)
def test_what_an_index_lists_is_the_build_of_a_module_that_lies_there(more: dict[str, Any]) -> None:
    there = replace(
        Record(type="rpm", name="a", version="1-1", qualifiers=(("rpmmod", "m:1:2:c"),), evidence="x"), **more
    )
    others = tuple(pair for pair in there.qualifiers if pair[0] != "rpmmod")
    listed = replace(there, qualifiers=others, presence=Presence.DECLARED)
    (found,) = packages(listed, there)
    assert "rpmmod=m:1:2:c" in found.purl
    assert (found.presence, len(found.locations)) == (Presence.INSTALLED, 2)
    assert len(packages(there, replace(listed, presence=Presence.INSTALLED))) == 2  # two that are really there
