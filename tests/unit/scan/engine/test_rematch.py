"""An inventory matched again: what it says of one package, and when it cannot say anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.snapshot import open_snapshot
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import update
from surveyor.scan.engine import rematch
from surveyor.scan.events import Progress
from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.model import (
    CoverageState,
    Distro,
    Domain,
    Finding,
    Package,
    Report,
    ScanStatus,
    Severity,
    SourcePackage,
)
from surveyor.scan.plan import Inventory, Rematch
from surveyor.scan.settings import Settings
from tests.servers.osv_bucket import record, write


def no_network(url: str, **_: Any) -> Any:
    raise AssertionError(f"asked the network for {url}")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "advisories.db"
    bucket = write(
        tmp_path / "bucket",
        {
            "PyPI": [
                record("CVE-2026-1", "PyPI", "demo", fixed="2.0"),
                record("CVE-2026-2", "PyPI", "other", fixed="2.0"),
            ],
            "Debian": [
                record("DEBIAN-CVE-2026-3", "Debian:12", "expat", fixed="2.5.0-2"),
                record("CVE-2026-0", "Debian:12", "linux", fixed="6.2"),
            ],
        },
    )
    update([want(feed("osv"), bucket, fetch=no_network)], path, progress=Progress())
    return path


def pypi(name: str, version: str) -> Package:
    return Package(purl=f"pkg:pypi/{name}@{version}", type="pypi", name=name, version=version)


def look(database: Path | None, subject: str, *packages: Package) -> Report:
    request = Rematch(packages=packages, subject=subject, artifact="app.tar")
    return rematch.run(request, Settings(advisories=database), Progress())


def test_only_the_subject_is_asked_about(database: Path) -> None:
    report = look(database, "pypi/demo", pypi("demo", "1.0"), pypi("other", "1.0"))
    assert [finding.title for finding in report.findings] == ["CVE-2026-1: pypi/demo"]
    assert [entry.state for entry in report.coverage] == [CoverageState.LOOKED, CoverageState.NOT_CONFIGURED]


def test_an_upgraded_package_has_no_finding(database: Path) -> None:
    report = look(database, "pypi/demo", pypi("demo", "2.0"))
    assert report.findings == ()
    assert report.scan_status is ScanStatus.COMPLETE


def test_a_binary_is_about_its_source(database: Path) -> None:
    binary = Package(
        purl="pkg:deb/debian/libexpat1@2.5.0-1",
        type="deb",
        namespace="debian",
        name="libexpat1",
        version="2.5.0-1",
        source=SourcePackage(name="expat", version="2.5.0-1"),
        distro=Distro(id="debian", version="12"),
    )
    assert [f.title for f in look(database, "deb/debian/expat", binary).findings] == [
        "DEBIAN-CVE-2026-3: deb/debian/expat"
    ]


def test_a_package_that_is_gone_leaves_nothing_to_ask(database: Path) -> None:
    report = look(database, "pypi/demo", pypi("other", "1.0"))
    assert (report.findings, report.coverage) == ((), ())


@pytest.mark.parametrize("missing", [lambda path: None, lambda path: path.with_name("none.db")])
def test_without_a_database_nothing_was_looked_at(database: Path, missing: Callable[[Path], Path | None]) -> None:
    report = look(missing(database), "pypi/demo", pypi("demo", "2.0"))
    assert report.scan_status is ScanStatus.FAILED
    assert [entry.state for entry in report.coverage] != [CoverageState.LOOKED]
    assert report.error


def test_an_ecosystem_without_advisories_was_not_looked_at(database: Path) -> None:
    npm = Package(purl="pkg:npm/demo@1", type="npm", name="demo", version="1")
    report = look(database, "npm/demo", npm)
    assert [entry.state for entry in report.coverage] == [CoverageState.MISSING]


def test_many_inventories_are_told_what_upgrades_would_end(database: Path) -> None:
    held = Inventory(packages=(pypi("demo", "1.0"), pypi("other", "1.0")), artifact="sha256:1", name="app.tar")
    (report,) = rematch.each([held], Settings(advisories=database), Progress())
    assert [(one.package, one.version) for one in report.upgrades] == [
        ("pkg:pypi/demo", "2.0"),
        ("pkg:pypi/other", "2.0"),
    ]


def test_of_a_stored_report_headers_come_last_again_and_decisions_are_anew(database: Path) -> None:
    headers = Package(
        purl="pkg:deb/debian/linux-libc-dev@6.1?distro=debian-12",
        type="deb",
        namespace="debian",
        name="linux-libc-dev",
        version="6.1",
        source=SourcePackage(name="linux", version="6.1"),
        distro=Distro(id="debian", version="12"),
    )
    decision = Decision(status=DecisionStatus.ACCEPTED, source="s", statement="1", reason="r", suppressed=True)
    soft = Finding(domain=Domain.SECURITY, rule="r", title="Soft", severity=Severity.LOW, decision=decision)
    report = replace(look(database, ""), packages=(headers, pypi("other", "1.0")), findings=(soft,))
    with open_snapshot(database) as opened:
        again = rematch.again(report, opened, Settings(), Progress())
    titles = ["Soft", "CVE-2026-2: pypi/other", "CVE-2026-0: deb/debian/linux"]
    assert [(finding.title, finding.decision) for finding in again.findings] == [(title, None) for title in titles]
    assert [finding.severity.value for finding in again.findings] == ["low", "unknown", "unknown"]
