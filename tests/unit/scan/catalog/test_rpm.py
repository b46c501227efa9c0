"""RPM databases of each kind: what is found in them, and where; and against real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan.catalog import rpm
from surveyor.scan.catalog.interface import File, Record
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError, Unsupported
from surveyor.scan.formats.rpm import header as tags
from surveyor.scan.formats.rpm.files import paths_of
from surveyor.scan.formats.rpm.header import Header
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import CoverageState, SourcePackage
from tests import rpms
from tests.fixtures.catalog.rpm import HEADERS, LONG, PACKAGES
from tests.images import Link, docker_save, purls, python, scan_bytes, tar, troubles

REAL = Path(__file__).resolve().parents[5] / "shared" / "fixtures" / "rpmdb"
ROCKY = b'ID="rocky"\nVERSION_ID="9.4"\n'
KINDS = pytest.mark.parametrize("kind", rpms.DATABASES)


def found(data: bytes, path: str = "x") -> tuple[list[Record], ScanError | None]:
    """The records up to an error, and the error."""
    records: list[Record] = []
    try:
        for record in rpm.parse(File(path=path, data=memoryview(data)), Budget(Limits())):
            if isinstance(record, Record):
                records.append(record)  # noqa: PERF401 - what comes before an error counts
    except ScanError as error:
        return records, error
    return records, None


def names(records: list[Record]) -> list[str]:
    return sorted(f"{record.name}@{record.version}" for record in records)


@KINDS
def test_a_package_has_all_that_its_header_says(kind: str) -> None:
    write, _ = rpms.DATABASES[kind]
    records, error = found(write(HEADERS))
    assert error is None
    node = next(record for record in records if record.name == "nodejs")
    assert (node.arch, node.licenses) == ("x86_64", ("MIT",))
    assert node.qualifiers == (("epoch", "1"), ("rpmmod", "nodejs:18:9040020240807:rhel9"))
    libs = next(record for record in records if record.name == "openssl-libs")
    assert libs.source == SourcePackage(name="openssl", version="3.0.7-27.el9")
    assert "Source RPM: openssl-3.0.7-27.el9.src.rpm" in libs.evidence


@KINDS
def test_a_database_in_an_image_has_the_distribution_of_its_system(tmp_path: Path, kind: str) -> None:
    write, path = rpms.DATABASES[kind]
    data = docker_save([tar({"etc/os-release": ROCKY, path: write(HEADERS[2:])})])
    report = scan_bytes(tmp_path, data)
    assert not troubles(report)
    module = "rpmmod=nodejs:18:9040020240807:rhel9"
    assert purls(report) == [
        f"pkg:rpm/rocky/nodejs@18.20.4-1.module%2Bel9?arch=x86_64&distro=rocky-9.4&epoch=1&{module}",
        "pkg:rpm/rocky/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=rocky-9.4&epoch=1&upstream=openssl",
    ]


@KINDS
def test_a_package_owns_its_files(tmp_path: Path, kind: str) -> None:
    """A Python distribution that rpm put there, and one that somebody added beside it."""
    write, path = rpms.DATABASES[kind]
    site = "usr/lib/python3.9/site-packages"
    header = rpms.package("python3-idna", "2.10-7.el9", more=rpms.listing(f"/{site}/idna-2.10.dist-info/METADATA"))
    files = {
        "etc/os-release": ROCKY,
        path: write([header]),
        f"{site}/idna-2.10.dist-info/METADATA": python("idna", "2.10"),
        f"{site}/six-1.0.dist-info/METADATA": python("six", "1.0"),
    }
    report = scan_bytes(tmp_path, docker_save([tar(files)]))
    assert not troubles(report)
    assert {package.name: package.owner for package in report.packages if package.type == "pypi"} == {
        "idna": "rpm/python3-idna",
        "six": None,
    }


def test_a_database_behind_a_link_is_read_once(tmp_path: Path) -> None:
    files = {
        "etc/os-release": ROCKY,
        "var/lib/rpm": Link("../../usr/lib/sysimage/rpm"),
        "usr/lib/sysimage/rpm/rpmdb.sqlite": rpms.sqlite(HEADERS),
    }
    report = scan_bytes(tmp_path, docker_save([tar(files)]))
    assert not troubles(report)
    assert [len(package.locations) for package in report.packages] == [1, 1, 1]


@pytest.mark.parametrize("page", [512, 1024, 65536])
def test_pages_of_any_size(page: int) -> None:
    many = [rpms.package(f"p{number}", "1-1", more=LONG if number % 7 == 0 else {}) for number in range(300)]
    for data in (rpms.sqlite(many, page=page), rpms.bdb(many, page=page), rpms.bdb(many, page=page, order=">")):
        records, error = found(data)
        assert error is None
        assert len(records) == 300


def test_a_log_that_stands_alone_is_read_and_told(tmp_path: Path) -> None:
    _, log = rpms.sqlite_log(HEADERS)
    records, error = found(log, "var/lib/rpm/rpmdb.sqlite-wal")
    assert names(records) == sorted(PACKAGES)
    assert isinstance(error, Unsupported)
    base, log = rpms.sqlite_log(HEADERS, whole=False)
    report = scan_bytes(tmp_path, tar({"var/lib/rpm/rpmdb.sqlite": base, "var/lib/rpm/rpmdb.sqlite-wal": log}))
    (entry,) = troubles(report)
    assert (entry.what, entry.state, entry.path) == (
        "catalog.rpm",
        CoverageState.FAILED,
        "var/lib/rpm/rpmdb.sqlite-wal",
    )


def test_a_log_of_an_earlier_round_is_none() -> None:
    _, log = rpms.sqlite_log(HEADERS)
    stale = log[:16] + b"\x00" * 8 + log[24:]
    records, error = found(stale, "rpmdb.sqlite-wal")
    assert (records, type(error)) == ([], Unsupported)


def test_an_empty_log_says_nothing(tmp_path: Path) -> None:
    files = {"var/lib/rpm/rpmdb.sqlite": rpms.sqlite(HEADERS), "var/lib/rpm/rpmdb.sqlite-wal": b""}
    assert not troubles(scan_bytes(tmp_path, tar(files)))


@KINDS
def test_one_broken_header_costs_itself_alone(kind: str) -> None:
    write, _ = rpms.DATABASES[kind]
    lying = b"\x00\x00\xff\xff\x7f\xff\xff\xff" + b"x" * 400
    nameless = rpms.header({tags.VERSION: b"1", tags.RELEASE: b"1"})
    for bad in (lying, nameless, b"\x00" * 64):
        records, error = found(write([HEADERS[0], bad, *HEADERS[2:]]))
        assert names(records) == sorted(PACKAGES)
        assert isinstance(error, Malformed)


def test_a_source_package_says_so() -> None:
    values = {tags.NAME: b"a", tags.VERSION: b"1", tags.RELEASE: b"2", tags.ARCH: b"x86_64", tags.SOURCE_PACKAGE: 1}
    (record,), _ = found(rpms.ndb([rpms.header(values)]))
    assert (record.arch, record.source) == ("src", None)


@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/fixtures/rpmdb is not here")
@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        ("cbl-mariner-2.0.rpmdb.sqlite", 129, "audit-libs@3.0.6-1.cm2"),
        ("mariner-as-bdb.Packages", 129, "audit-libs@3.0.6-1.cm2"),
        ("sle15-bci.Packages.db", 35, "bash@4.4-19.6.1"),
        ("libuuid.Packages", 1, "libuuid@2.32.1-42.el8_8"),
        ("syft.Packages", 1, "dive@0.9.2-1"),
    ],
)
def test_real_databases(name: str, count: int, first: str) -> None:
    records, error = found((REAL / name).read_bytes())
    assert error is None
    assert len(records) == count
    assert names(records)[0] == first


def test_the_old_list_of_files_is_given_whole_or_not_at_all() -> None:
    header = Header(memoryview(rpms.package("a", "1", more={tags.OLD_FILE_NAMES: [b"/bin/a", b"/etc/a"]})))
    assert paths_of(header, 12) == b"/bin/a\n/etc/a"
    with pytest.raises(LimitExceeded):
        paths_of(header, 11)
