"""When an artifact's scan counts as whole: "0 found" and "could not look" are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.advise.update import update
from surveyor.scan.events import Progress
from surveyor.scan.model import Coverage, CoverageState, Report, ScanStatus
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests.images import DEBIAN, deb, docker_save, tar
from tests.servers.osv_bucket import record, write

STATUS = "var/lib/dpkg/status"


def no_network(url: str, **_: object) -> object:
    raise AssertionError(f"asked the network for {url}")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("advisories")
    bucket = write(folder / "bucket", {"Debian": [record("DEBIAN-CVE-2026-3", "Debian:12", "expat", fixed="2.5.0-2")]})
    update(bucket, folder / "advisories.db", fetch=no_network, progress=Progress())  # type: ignore[arg-type]
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
