"""When an artifact's scan counts as whole: "0 found" and "could not look" are told apart."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import update
from surveyor.scan.events import Progress
from surveyor.scan.model import Coverage, CoverageState, Report, ScanStatus
from surveyor.scan.plan import plan
from surveyor.scan.report import table
from surveyor.scan.settings import Settings
from tests.cpios import cpio
from tests.images import DEBIAN, Oci, deb, docker_save, tar
from tests.servers.osv_bucket import record, write
from tests.squash import squashfs

STATUS = "var/lib/dpkg/status"


def no_network(url: str, **_: object) -> object:
    raise AssertionError(f"asked the network for {url}")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("advisories")
    bucket = write(folder / "bucket", {"Debian": [record("DEBIAN-CVE-2026-3", "Debian:12", "expat", fixed="2.5.0-2")]})
    update([want(feed("osv"), bucket, fetch=no_network)], folder / "advisories.db", progress=Progress())  # type: ignore[arg-type]
    return folder / "advisories.db"


def look(folder: Path, data: bytes, database: Path) -> Report:
    path = folder / "artifact"
    path.write_bytes(data)
    return engine.run(plan(str(path)), Settings(advisories=database), Progress())


def gaps(report: Report) -> list[Coverage]:
    quiet = {CoverageState.LOOKED, CoverageState.SKIPPED, CoverageState.NOT_CONFIGURED}
    return [entry for entry in report.coverage if entry.state not in quiet]


def test_matched_packages_make_a_whole_scan(tmp_path: Path, database: Path) -> None:
    image = docker_save([tar({"etc/os-release": DEBIAN, STATUS: deb("expat", "2.5.0-2")})])
    assert look(tmp_path, image, database).scan_status is ScanStatus.COMPLETE


@pytest.mark.parametrize(
    ("release", "reason", "about"),
    [
        (None, "no_release", "deb"),
        (b"nonsense", "no_release", "deb"),
        (b"ID=debian\n", "no_release", "Debian"),
        (b"ID=kali\nVERSION_ID=2026.1\n", "no_source", "kali:2026.1"),
        (b"ID=debian\nVERSION_ID=13\n", "no_advisories", "Debian:13"),
    ],
)
def test_packages_that_nothing_was_asked_about_make_it_partial(
    tmp_path: Path, database: Path, release: bytes | None, reason: str, about: str
) -> None:
    files = {STATUS: deb("expat", "1") + deb("bash", "5")} | ({"etc/os-release": release} if release else {})
    report = look(tmp_path, docker_save([tar(files)]), database)
    assert report.scan_status is ScanStatus.PARTIAL
    (entry,) = gaps(report)
    assert (entry.what, entry.reason, entry.count) == (f"advisories.{about}", reason, 2)


def test_a_finding_has_the_places_of_its_own_artifact_only(tmp_path: Path, database: Path) -> None:
    for other in (b"first", b"second"):
        image = docker_save([tar({"etc/os-release": DEBIAN, STATUS: deb("expat", "2.5.0-1"), "x": other})])
        report = look(tmp_path, image, database)
        ((asset,),) = [finding.assets for finding in report.findings]
        assert (asset.artifact, asset.path) == (report.target.digest, STATUS)


EMPTY = {
    "zip": b"PK\5\6" + bytes(18),
    "cpio": cpio({}),
    "squashfs": squashfs({}),
    "image": docker_save([bytes(1024)]),
    "compressed image": gzip.compress(docker_save([bytes(1024)])),
}


@pytest.mark.parametrize("form", ["folder", *EMPTY])
def test_what_is_empty_was_looked_at_whole(tmp_path: Path, database: Path, form: str) -> None:
    path = tmp_path / "nothing"
    if form == "folder":
        path.mkdir()
    else:
        path.write_bytes(EMPTY[form])
    report = engine.run(plan(str(path)), Settings(advisories=database), Progress())
    assert (report.scan_status, report.error, report.packages) == (ScanStatus.COMPLETE, None, ())
    told = next(entry for entry in report.coverage if entry.what == "acquire.image")
    assert (told.count, told.detail) == (0, "1 layer, 0 entries" if "image" in form else "0 entries")
    assert "It is empty: there is nothing in it; 0 findings" in table.encode(report).decode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (EMPTY["zip"][:10], "zip"),
        (b"PK\3\4" + bytes(40), "zip"),
        (docker_save([b"no tar at all" * 100]), "tar"),
        (bytes(10240), "nothing but zeros"),
        (gzip.compress(bytes(10240)), "nothing but zeros"),
        (bytes(10240) + b"x", "of no format that is read"),
        (gzip.compress(b""), "holds nothing"),
    ],
    # bytes of gzip hold the time they were made at, and workers have to call a test the same
    ids=["end record", "local header", "no tar", "zeros", "zeros in gzip", "no format", "empty gzip"],
)
def test_where_nothing_could_be_seen_is_no_empty_artifact(
    tmp_path: Path, database: Path, data: bytes, says: str
) -> None:
    report = look(tmp_path, data, database)
    assert report.scan_status in {ScanStatus.FAILED, ScanStatus.UNSUPPORTED}
    assert report.error is not None
    assert says in report.error


def test_an_image_of_no_filesystem_layer_could_not_be_looked_at(tmp_path: Path, database: Path) -> None:
    chart = Oci().add([b"{}"], media_type="application/vnd.example.chart.v1").tar()
    report = look(tmp_path, chart, database)
    assert report.scan_status is ScanStatus.FAILED
    assert report.error is not None
    assert "layer of type application/vnd.example.chart.v1" in report.error
