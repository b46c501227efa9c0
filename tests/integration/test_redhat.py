"""RHEL systems against Red Hat's own files, by the command line: from ``db update`` to the findings of a scan."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from surveyor.scan.advise.feeds import redhat
from surveyor.scan.advise.record import Affected
from surveyor.scan.formats.rpm import header as tags
from tests import rpms

OS_RELEASE = 'NAME="Red Hat Enterprise Linux"\nID="rhel"\nVERSION_ID="{}"\nPRETTY_NAME="RHEL {}"\n'
CVES = ("CVE-2023-38545", "CVE-2024-0727", "CVE-2025-6176", "CVE-2026-2297", "CVE-2023-4154")


def surveyor(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program with a home of its own, and no network."""
    source = str(Path(__file__).resolve().parents[2] / "src")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SURVEYOR_")}
    environment = {**kept, "PYTHONPATH": source, "HOME": str(home), "SURVEYOR_ADVISORIES": str(home / "a.db")}
    command = [sys.executable, "-m", "surveyor", *map(str, arguments)]
    # the copies at hand grow older than any feed may be
    environment |= {"SURVEYOR_FEEDS": "redhat", "SURVEYOR_FEED_MAX_AGE_HOURS": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def source(name: str, version: str, module: str = "") -> dict[int, rpms.Value]:
    more: dict[int, rpms.Value] = {tags.SOURCE_RPM: f"{name}-{version}.src.rpm".encode(), tags.VENDOR: b"Red Hat, Inc."}
    return more | ({tags.MODULARITY_LABEL: module.encode()} if module else {})


def system(folder: Path, release: str, *headers: bytes) -> Path:
    """A root filesystem with an rpm database."""
    (folder / "etc").mkdir(parents=True)
    (folder / "etc" / "os-release").write_text(OS_RELEASE.format(release, release))
    (folder / "var" / "lib" / "rpm").mkdir(parents=True)
    (folder / "var" / "lib" / "rpm" / "rpmdb.sqlite").write_bytes(rpms.sqlite(headers))
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shared_dir: Path) -> Path:
    """A database of the shared files, made by the command."""
    home = tmp_path_factory.mktemp("home")
    done = surveyor(home, "db", "update", "--from", f"redhat={shared_dir / 'advisories' / 'redhat'}", "--quiet")
    assert done.returncode == 0, done.stderr
    # nothing of the 29 files is broken: a note would stand behind the counts
    assert [line.split() for line in done.stdout.splitlines()[:2]] == [
        ["redhat:vex", "updated", "14", "rows", "20", "changed"],
        ["redhat:advisories", "updated", "22", "rows", "9", "changed"],
    ]
    return home


def scan(home: Path, root: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The findings on the flaws that are looked at, by CVE and package."""
    done = surveyor(home, "scan", root, "--format", "json", "--quiet", "--offline")
    assert done.returncode == 0, done.stderr
    report = orjson.loads(done.stdout)
    assert [entry for entry in report["coverage"] if entry["state"] in {"missing", "partial", "failed"}] == []
    return {
        (finding["rule"], finding["title"].rpartition("/")[2]): finding
        for finding in report["findings"]
        if finding["domain"] == "vulnerability" and finding["rule"] in CVES
    }


def test_rhel_9(home: Path, tmp_path: Path) -> None:
    root = system(
        tmp_path / "rhel9",
        "9.4",
        # fixed in 1:3.0.7-27.el9: the epoch counts
        rpms.package("openssl-libs", "1:3.0.7-25.el9_3", more=source("openssl", "3.0.7-25.el9_3")),
        rpms.package("compat-openssl11", "1:1.1.1k-5.el9", more=source("compat-openssl11", "1.1.1k-5.el9")),
        # of EUS 9.2, above that line's fix and below the mainline's
        rpms.package("libcurl", "7.76.1-23.el9_2.5", more=source("curl", "7.76.1-23.el9_2.5")),
        rpms.package("libbrotli", "1.0.9-6.el9", more=source("brotli", "1.0.9-6.el9")),
        rpms.package("samba-libs", "4.18.6-100.el9", more=source("samba", "4.18.6-100.el9")),
        rpms.package("shim-x64", "15.6-1.el9", more=source("shim", "15.6-1.el9")),
    )
    found = scan(home, root)
    told = {key: (finding["fix_state"], finding["fixed_in"]) for key, finding in found.items()}
    assert told == {
        ("CVE-2024-0727", "openssl"): ("fixed", ["1:3.0.7-27.el9"]),
        ("CVE-2024-0727", "compat-openssl11"): ("fix_deferred", []),
        ("CVE-2025-6176", "brotli"): ("fixed", ["1.0.9-9.el9_7"]),
    }
    openssl = found["CVE-2024-0727", "openssl"]
    # the files' own vector outranks their word for it, which is low
    assert (openssl["severity"], openssl["cvss"][0]["score"]) == ("medium", 5.5)
    assert "https://access.redhat.com/errata/RHSA-2024:2447" in openssl["references"]
    assert openssl["assets"][0]["path"] == "var/lib/rpm/rpmdb.sqlite"


def test_rhel_8_with_modules(home: Path, tmp_path: Path) -> None:
    label, release = "python39:3.9:8100020240927:d47b87a4", "module+el8.10.0+22342+478c159e"
    root = system(
        tmp_path / "rhel8",
        "8.10",
        rpms.package("python39-pyyaml", f"5.4.1-1.{release}", more=source("PyYAML", f"5.4.1-1.{release}", label)),
        # the same source outside of the module, of which nothing is said
        rpms.package("python3-pyyaml", "3.12-12.el8", more=source("PyYAML", "3.12-12.el8")),
        rpms.package("platform-python", "3.6.8-69.el8_10", more=source("python3", "3.6.8-69.el8_10")),
        rpms.package("edk2-ovmf", "20220126gitbb1bba3d77-13.el8", more=source("edk2", "20220126gitbb1bba3d77-13.el8")),
        # not affected at all, where RHEL 9's is
        rpms.package("libcurl", "7.61.1-34.el8", more=source("curl", "7.61.1-34.el8")),
    )
    found = scan(home, root)
    told = {key: (finding["fix_state"], finding["package"].partition("@")[0]) for key, finding in found.items()}
    assert told == {
        ("CVE-2024-0727", "edk2"): ("will_not_fix", "pkg:rpm/redhat/edk2-ovmf"),
        ("CVE-2026-2297", "PyYAML"): ("fix_deferred", "pkg:rpm/redhat/python39-pyyaml"),
        ("CVE-2026-2297", "python3"): ("fix_deferred", "pkg:rpm/redhat/platform-python"),
    }


def entries(shared_dir: Path, name: str, cve: str) -> dict[tuple[str, str], Affected]:
    raw = (shared_dir / "advisories" / "redhat" / name).read_bytes()
    (advisory,) = (item for item in redhat.normalise(raw, "") if item.id == cve)
    return {(item.ecosystem, item.name): item for item in advisory.affected}


#: Read by hand in the files: what each says of one package, as the first fixed version or the state and reason.
BY_HAND = [
    ("csaf_vex/cve-2024-0727.json", "CVE-2024-0727", "Red Hat:9", "openssl", "1:3.0.7-27.el9"),
    ("csaf_vex/cve-2024-0727.json", "CVE-2024-0727", "Red Hat:9", "edk2", "20240524-6.el9_5"),
    ("csaf_vex/cve-2024-0727.json", "CVE-2024-0727", "Red Hat:6", "openssl", "end_of_life: Out of support scope"),
    ("csaf_vex/cve-2024-0727.json", "CVE-2024-0727", "Red Hat:8", "openssl", "fix_deferred: Fix deferred"),
    ("csaf_vex/cve-2024-0727.json", "CVE-2024-0727", "Red Hat:9", "compat-openssl11", "fix_deferred: Fix deferred"),
    ("csaf_vex/cve-2024-0727.json", "CVE-2024-0727", "Red Hat:8", "edk2", "will_not_fix: Will not fix"),
    ("csaf_vex/cve-2024-0727.json", "CVE-2024-0727", "Red Hat:9", "shim", "not_affected: vulnerable code not present"),
    ("csaf_vex/cve-2023-38545.json", "CVE-2023-38545", "Red Hat:9.0", "curl", "7.76.1-14.el9_0.9"),
    ("csaf_vex/cve-2023-38545.json", "CVE-2023-38545", "Red Hat:9.2", "curl", "7.76.1-23.el9_2.4"),
    ("csaf_vex/cve-2023-38545.json", "CVE-2023-38545", "Red Hat:9", "curl", "7.76.1-26.el9_3.2"),
    (
        "csaf_vex/cve-2023-38545.json",
        "CVE-2023-38545",
        "Red Hat:8",
        "curl",
        "not_affected: vulnerable code not present",
    ),
    ("csaf_vex/cve-2025-6176.json", "CVE-2025-6176", "Red Hat:8.2", "brotli", "1.0.6-1.el8_2.1"),
    ("csaf_vex/cve-2025-6176.json", "CVE-2025-6176", "Red Hat:10.0", "brotli", "1.1.0-6.el10_0.1"),
    ("csaf_vex/cve-2025-40907.json", "CVE-2025-40907", "Red Hat:7", "perl-FCGI", "1:0.74-8.el7_9.1"),
    (
        *("csaf_vex/cve-2025-40907.json", "CVE-2025-40907", "Red Hat:8.6", "perl-FCGI:0.78/perl-FCGI"),
        "1:0.78-11.module+el8.6.0+23193+c3786137.1",
    ),
    ("csaf_vex/cve-2026-0968.json", "CVE-2026-0968", "Red Hat:9", "libssh", ": Affected"),
    ("csaf_vex/cve-2026-2673.json", "CVE-2026-2673", "Red Hat:8", "mingw-openssl", "fix_deferred: Fix deferred"),
    (
        "csaf_vex/cve-2021-0084.json",
        "CVE-2021-0084",
        "Red Hat:7",
        "kernel-rt",
        "not_affected: vulnerable code not present",
    ),
    ("csaf_vex/cve-2024-24786.json", "CVE-2024-24786", "Red Hat:8", "go-toolset:rhel8/go-toolset", ": "),
    ("csaf_advisories/rhsa-2022_0011.json", "CVE-2020-10188", "Red Hat:7.6", "telnet", "1:0.17-65.el7_6"),
    ("csaf_advisories/rhsa-2024_0811.json", "CVE-2023-42465", "Red Hat:9.0", "sudo", "1.9.5p2-7.el9_0.4"),
    (
        *("csaf_advisories/rhsa-2023_3821.json", "CVE-2023-28755", "Red Hat:8", "ruby:2.7/ruby"),
        "2.7.8-139.module+el8.8.0+18745+f1bef313",
    ),
    ("csaf_advisories/rhsa-2025_23414.json", "CVE-2025-40778", "Red Hat:6", "bind", "32:9.8.2-0.68.rc1.el6_10.17"),
]


@pytest.mark.parametrize(("name", "cve", "ecosystem", "package", "said"), BY_HAND)
def test_what_the_shared_files_say(
    shared_dir: Path, name: str, cve: str, ecosystem: str, package: str, said: str
) -> None:
    item = entries(shared_dir, name, cve)[ecosystem, package]
    if item.ranges == (("i", "0"),):
        assert f"{item.state.value}: {item.reason}" == said
    else:
        assert item.ranges[0][:4] == ("i", "0", "f", said)


def test_a_line_of_its_own_is_no_mainline(shared_dir: Path) -> None:
    found = entries(shared_dir, "csaf_advisories/rhsa-2022_0011.json", "CVE-2020-10188")
    assert list(found) == [("Red Hat:7.6", "telnet")]
    found = entries(shared_dir, "csaf_vex/cve-2024-0727.json", "CVE-2024-0727")
    # no other product's packages are among RHEL's
    assert {name for _, name in found} == {
        *("compat-openssl10", "compat-openssl11", "edk2", "openssl", "openssl-fips-provider", "shim"),
    }
