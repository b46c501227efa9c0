"""RPM packages and the advisories of their distributions: epochs, sources, and which release is asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan.advise.ecosystems import lookup
from surveyor.scan.advise.match import advise
from surveyor.scan.advise.snapshot import open_snapshot
from surveyor.scan.catalog import rpm
from surveyor.scan.catalog.interface import File, Record
from surveyor.scan.catalog.purl import purl
from surveyor.scan.events import Progress
from surveyor.scan.formats.rpm import header as tags
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import CoverageState, Distro, Package
from tests import rpms
from tests.servers.osv_bucket import record
from tests.unit.scan.advise.conftest import Made

ALMA = Distro(id="almalinux", version="9.4")
ROCKY = Distro(id="rocky", version="8.10")


def installed(distro: Distro, *headers: bytes) -> list[Package]:
    """Packages as a scan makes them of a database."""
    records = rpm.parse(File(path="x", data=memoryview(rpms.ndb(headers))), Budget(Limits()))
    return [
        Package(
            purl=purl(one, distro),
            type="rpm",
            namespace=distro.id,
            name=one.name,
            version=one.version,
            source=one.source,
            distro=distro,
        )
        for one in records
        if isinstance(one, Record)
    ]


def findings(path: Path, packages: list[Package]) -> list[str]:
    with open_snapshot(path) as snapshot:
        found = advise(packages, snapshot, artifact="x", progress=Progress()).findings
    return sorted(finding.title for finding in found)


@pytest.mark.parametrize(
    ("version", "fixed", "affected"),
    [
        ("1:3.0.7-27.el9", "1:3.0.7-28.el9", True),
        ("1:3.0.7-28.el9", "1:3.0.7-28.el9", False),
        # a higher epoch wins over any version, a missing one is 0
        ("1:1.0-1.el9", "9.0-1.el9", False),
        ("9.0-1.el9", "1:1.0-1.el9", True),
        ("1.2-3.el9", "0:1.2-3.el9", False),
        ("1.2-2.el9", "0:1.2-3.el9", True),
        ("0:1.2-2.el9", "1.2-3.el9", True),
        ("1.2~rc1-1.el9", "1.2-1.el9", True),
    ],
)
def test_epochs_count(database: Made, version: str, fixed: str, affected: bool) -> None:
    path = database({"AlmaLinux": [record("ALSA-1", "AlmaLinux:9", "openssl-libs", fixed=fixed)]})
    packages = installed(ALMA, rpms.package("openssl-libs", version))
    assert findings(path, packages) == (["ALSA-1: rpm/almalinux/openssl-libs"] if affected else [])


def test_alma_names_binaries_and_rocky_names_sources(database: Made) -> None:
    source = {tags.SOURCE_RPM: b"openssl-3.0.7-27.el9.src.rpm"}
    header = rpms.package("openssl-libs", "1:3.0.7-27.el9", more=source)
    path = database(
        {
            "AlmaLinux": [record("ALSA-1", "AlmaLinux:9", "openssl-libs", fixed="1:3.0.7-28.el9")],
            "Rocky Linux": [record("RLSA-1", "Rocky Linux:8", "openssl", fixed="1:3.0.7-28.el9")],
        }
    )
    assert findings(path, installed(ALMA, header)) == ["ALSA-1: rpm/almalinux/openssl-libs"]
    assert findings(path, installed(ROCKY, header)) == ["RLSA-1: rpm/rocky/openssl"]


@pytest.mark.parametrize(("fixed", "affected"), [("4:5.32.1-480.el8", False), ("4:5.32.1-482.el8", True)])
def test_a_source_has_the_epoch_of_the_binary_with_its_version(database: Made, fixed: str, affected: bool) -> None:
    """Perl's modules have versions and epochs of their own, and are built from perl all the same."""
    source = {tags.SOURCE_RPM: b"perl-5.32.1-481.el8.src.rpm"}
    module = rpms.package("perl-Carp", "1.50-439.el8", more=source)
    whole = rpms.package("perl-libs", "4:5.32.1-481.el8", more=source)
    path = database({"Rocky Linux": [record("RLSA-1", "Rocky Linux:8", "perl", fixed=fixed)]})
    assert findings(path, installed(ROCKY, module, whole)) == (["RLSA-1: rpm/rocky/perl"] if affected else [])


@pytest.mark.parametrize(
    ("identity", "version", "name", "ecosystem"),
    [
        ("almalinux", "8.10", "", "AlmaLinux:8"),
        ("rocky", "9.4", "", "Rocky Linux:9"),
        ("mageia", "9", "", "Mageia:9"),
        ("opensuse-leap", "15.6", "", "openSUSE:Leap 15.6"),
        ("opensuse-leap-micro", "5.5", "", "openSUSE:Leap Micro 5.5"),
        ("opensuse-tumbleweed", "20250101", "", "openSUSE:Tumbleweed"),
        ("openeuler", "22.03", "openEuler 22.03 (LTS-SP3)", "openEuler:22.03-LTS-SP3"),
        ("openeuler", "23.09", "openEuler 23.09", "openEuler:23.09"),
        ("photon", "5.0", "", "Photon OS:5.0"),
        ("azurelinux", "3.0", "", "Azure Linux:3"),
        ("mariner", "2.0", "", "Azure Linux:2"),
        ("rhel", "9.4", "", "Red Hat:9"),
        ("rhel", "10.1", "", "Red Hat:10"),
        # by the module that has a package, which no os-release says
        ("sles", "15.5", "", None),
        # nobody publishes theirs as OSV
        ("ol", "9.4", "", None),
        ("amzn", "2023", "", None),
        ("centos", "9", "", None),
        ("fedora", "40", "", None),
    ],
)
def test_which_release_is_asked(identity: str, version: str, name: str, ecosystem: str | None) -> None:
    distro = Distro(id=identity, version=version, name=name)
    (package,) = installed(distro, rpms.package("a", "1-1"))
    asked = lookup(package, ())
    assert asked.ecosystem == ecosystem
    assert asked.unknown == "no_source"


NODE_18 = {tags.MODULARITY_LABEL: b"nodejs:18:9040020240807:rhel9"}
MODULAR = "1:18.20.2-2.module_el9.4.0+100+abc"


@pytest.mark.parametrize(
    ("version", "more", "fixed", "summary", "affected"),
    [
        (MODULAR, NODE_18, "1:18.20.4-1.module_el9.4.0+110+def", "Important: nodejs:18 security update", True),
        (MODULAR, NODE_18, "1:20.16.0-1.module_el9.4.0+110+def", "Important: nodejs:20 security update", False),
        # one that names no stream, or several with this one, is heard
        (MODULAR, NODE_18, "1:20.16.0-1.module_el9.4.0+110+def", "Important: nodejs security update", True),
        (MODULAR, NODE_18, "1:20.16.0-1.module_el9.4.0+110+def", "Moderate: nodejs:18 and nodejs:20 update", True),
        (MODULAR, NODE_18, "1:20.16.0-1.module_el9.4.0+110+def", "Moderate: nodejs:18, nodejs:20 update", True),
        (MODULAR, NODE_18, "1:20.16.0-1.module_el9.4.0+110+def", "Security update of nodejs:18.", True),
        (MODULAR, NODE_18, "1:20.16.0-1.module_el9.4.0+110+def", "An update (nodejs:20) is available", False),
        (MODULAR, {}, "1:20.16.0-1.module_el9.4.0+110+def", "Important: nodejs:20 security update", True),
        # outside of modules and inside are two packages
        (MODULAR, NODE_18, "1:19.0.0-1.el9_4", "Important: nodejs security update", False),
        ("1:16.20.2-8.el9_4", {}, "1:18.20.4-1.module_el9.4.0+110+def", "Important: nodejs:18 security update", False),
        ("1:16.20.2-8.el9_4", {}, "1:16.20.2-9.el9_4", "Important: nodejs security update", True),
    ],
)
def test_another_module_stream_is_another_package(
    database: Made, version: str, more: dict[int, rpms.Value], fixed: str, summary: str, affected: bool
) -> None:
    path = database({"AlmaLinux": [record("ALSA-1", "AlmaLinux:9", "nodejs", fixed=fixed, summary=summary)]})
    packages = installed(ALMA, rpms.package("nodejs", version, more=more))
    with open_snapshot(path) as snapshot:
        advice = advise(packages, snapshot, artifact="x", progress=Progress())
    assert [finding.title for finding in advice.findings] == (["ALSA-1: rpm/almalinux/nodejs"] if affected else [])
    told = [(entry.state, entry.count) for entry in advice.coverage if entry.reason == "other_stream"]
    assert told == ([] if affected else [(CoverageState.SKIPPED, 1)])
