"""What repositories offer and distroless manifests list: what is said of a package, and what is no part of a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan.catalog import debian_index, repodata
from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import Distro, Presence, SourcePackage
from tests import rpms
from tests.fixtures.catalog import debian_index as debian
from tests.fixtures.catalog import repodata as primary
from tests.fixtures.catalog.rpm_manifest import DATA
from tests.images import pack, purls, scan_bytes, tar, troubles
from tests.repositories import element

REPODATA, INDEX = "repodata/primary.xml", debian.PLACE


def found(
    unit: Cataloger, data: bytes, path: str, limits: Limits | None = None
) -> tuple[list[Record], ScanError | None]:
    """The records up to an error, and the error."""
    records: list[Record] = []
    try:
        for record in unit.parse(File(path=path, data=memoryview(data)), Budget(limits or Limits())):
            assert isinstance(record, Record)
            records.append(record)
    except ScanError as error:
        return records, error
    return records, None


def test_a_repository_declares() -> None:
    (bash, libs), _ = found(repodata.CATALOGER, primary.DATA, REPODATA)
    assert (bash.presence, bash.arch, bash.licenses, bash.qualifiers) == (Presence.DECLARED, "x86_64", ("MIT",), ())
    assert libs.qualifiers == (("epoch", "1"),)
    assert libs.source == SourcePackage(name="openssl", version="3.0.7-27.el9")
    assert libs.distro == Distro(id="almalinux", version="9")


def test_entities_are_characters_and_never_looked_up() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + primary.primary(
        [element("a&amp;b&b;", "0:1&#46;0-1")]
    )
    (record,), error = found(repodata.CATALOGER, bomb, REPODATA)
    assert error is None
    assert (record.name, record.version) == ("a&b&b;", "1.0-1")


@pytest.mark.parametrize("cut", [100, 400, 1000, -12])
def test_metadata_cut_short_keeps_what_came_before(cut: int) -> None:
    records, error = found(repodata.CATALOGER, primary.DATA[:cut], REPODATA)
    assert isinstance(error, Malformed)
    assert len(records) == {100: 0, 400: 0, 1000: 1, -12: 2}[cut]


def test_an_empty_repository_is_whole() -> None:
    assert found(repodata.CATALOGER, primary.primary([]), REPODATA) == ([], None)


def test_an_element_without_a_name_costs_itself_alone() -> None:
    data = primary.primary([element("", "0:1-1"), element("b", "0:1-1")])
    records, error = found(repodata.CATALOGER, data, REPODATA)
    assert [record.name for record in records] == ["b"]
    assert isinstance(error, Malformed)


def test_records_without_end_and_bombs_are_cut() -> None:
    endless = b"<metadata ><package x>" + b"<a/>" * (5 << 20)
    assert isinstance(found(repodata.CATALOGER, endless, REPODATA)[1], LimitExceeded)
    assert isinstance(found(debian_index.CATALOGER, b"Package: a\n" * (1 << 20), INDEX)[1], LimitExceeded)
    limits = Limits(inflated_bytes=4 << 20)
    many = primary.primary([element("a", "0:1-1")] * 20_000)
    assert isinstance(found(repodata.CATALOGER, pack(many, "gzip"), REPODATA, limits)[1], LimitExceeded)


def test_what_a_package_manager_keeps_is_no_part_of_the_target(tmp_path: Path) -> None:
    files = {
        "var/cache/dnf/baseos/repodata/primary.xml": primary.DATA,
        "var/cache/dnf/baseos/packages/a-1-1.rpm": rpms.file(rpms.package("a", "1-1"), b""),
    }
    report = scan_bytes(tmp_path, tar(files))
    assert purls(report) == []
    assert not troubles(report)


@pytest.mark.parametrize(
    ("suite", "distro"),
    [
        ("bookworm", Distro(id="debian", version="12")),
        ("trixie-updates", Distro(id="debian", version="13")),
        ("bullseye-security", Distro(id="debian", version="11")),
        ("noble", Distro(id="ubuntu", version="24.04")),
        ("stable", None),
    ],
)
def test_an_index_is_of_its_suite(suite: str, distro: Distro | None) -> None:
    records, error = found(debian_index.CATALOGER, debian.DATA, INDEX.replace("bookworm", suite))
    assert error is None
    assert {(record.distro, record.presence) for record in records} == {(distro, Presence.DECLARED)}
    assert records[0].source == SourcePackage(name="expat", version="2.5.0-1+deb12u1")


def test_a_distroless_image_has_the_packages_of_its_manifest(tmp_path: Path) -> None:
    files = {
        "etc/os-release": b'ID=mariner\nVERSION_ID="2.0"\n',
        "var/lib/rpmmanifest/container-manifest-1": b"mariner-release-2.0-12.cm2.noarch\n",
        "var/lib/rpmmanifest/container-manifest-2": DATA + b"broken\n",
    }
    report = scan_bytes(tmp_path, tar(files))
    assert purls(report) == [
        "pkg:rpm/mariner/mariner-release@2.0-12.cm2?arch=noarch&distro=mariner-2.0",
        "pkg:rpm/mariner/openssl-libs@1.1.1k-15.cm2?arch=x86_64&distro=mariner-2.0&epoch=1&upstream=openssl",
    ]
    assert [(entry.what, entry.reason) for entry in troubles(report)] == [("catalog.rpm_manifest", "malformed")]
