"""What Red Hat's files say of RHEL's packages, line by line, and what a scan makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surveyor.scan.advise import match
from surveyor.scan.advise.ecosystems import lookup
from surveyor.scan.advise.feeds import feed, redhat
from surveyor.scan.advise.match import advise
from surveyor.scan.advise.record import Advisory, Affected, State
from surveyor.scan.advise.rhel import Stream, line_of, minor_of, stream_of
from surveyor.scan.advise.snapshot import open_snapshot
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import update
from surveyor.scan.events import Progress
from surveyor.scan.model import Distro, Finding, Package, SourcePackage
from tests.servers.csaf import Document, Writer, write

from .conftest import no_network

BASE_9, APP_9 = "cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:/a:redhat:enterprise_linux:9::appstream"
EUS_9_0, RHEL_9 = "cpe:/o:redhat:rhel_eus:9.0::baseos", "cpe:/o:redhat:enterprise_linux:9"


def one(document: Document, scope: str = "vex") -> Advisory:
    (advisory,) = redhat.normalise(json.dumps(document).encode(), scope)
    return advisory


def entries(document: Document) -> dict[tuple[str, str], Affected]:
    return {(item.ecosystem, item.name): item for item in one(document).affected}


def rhel(name: str, version: str, *, source: str = "", source_version: str = "", module: str = "") -> Package:
    epoch, _, full = version.rpartition(":")
    more = (f"&epoch={epoch}" if epoch else "") + (f"&rpmmod={module}" if module else "")
    return Package(
        purl=f"pkg:rpm/redhat/{name}@{full}?arch=x86_64{more}",
        type="rpm",
        namespace="redhat",
        name=name,
        version=full,
        source=SourcePackage(name=source or name, version=source_version or full),
        distro=Distro(id="rhel", version="9.4"),
    )


def scan(
    tmp_path: Path, *packages: Package, documents: list[Document], errata: list[Document] | None = None
) -> list[Finding]:
    """The findings of these packages by these files alone."""
    write(tmp_path / "csaf" / "vex", documents)
    if errata:
        write(tmp_path / "csaf" / "advisories", errata)
    path = tmp_path / "a.db"
    update([want(feed("redhat"), tmp_path / "csaf", fetch=no_network)], path, progress=Progress())
    with open_snapshot(path) as snapshot:
        return list(advise(packages, snapshot, artifact="x", progress=Progress()).findings)


def fixes(findings: list[Finding]) -> list[tuple[str, tuple[str, ...]]]:
    return [(finding.title, finding.fixed_in) for finding in findings]


@pytest.mark.parametrize(
    ("cpe", "stream"),
    [
        (BASE_9, Stream("9")),
        (RHEL_9, Stream("9")),
        ("cpe:/o:redhat:enterprise_linux:10.1", Stream("10")),
        ("cpe:/a:redhat:enterprise_linux:8::crb", Stream("8")),
        ("cpe:/o:redhat:enterprise_linux:7::server", Stream("7")),
        ("cpe:/o:redhat:rhel_els:6", Stream("6")),
        ("cpe:/a:redhat:rhel_extras:7", Stream("7")),
        ("cpe:/a:redhat:rhel_extras_rt:7", Stream("7")),
        (EUS_9_0, Stream("9", "0")),
        ("cpe:/a:redhat:rhel_aus:8.10::appstream", Stream("8", "10")),
        ("cpe:/o:redhat:rhel_e4s:7.6::server", Stream("7", "6")),
        ("cpe:/o:redhat:rhel_eus_long_life:8.4::baseos", Stream("8", "4")),
        ("cpe:/o:redhat:enterprise_linux_eus:10.0", Stream("10", "0")),
        ("cpe:/a:redhat:openshift:4.12::el8", None),
        ("cpe:/a:redhat:enterprise_linux_ai:3", None),
        ("cpe:/a:redhat:jboss_core_services:1::el8", None),
        ("cpe:/a:redhat:rhel_satellite_client:6::el8", None),
        ("cpe:/o:redhat:rhel_eus:9", None),
        ("cpe:/o:suse:enterprise_linux:9", None),
        ("cpe:/o:redhat:enterprise_linux:9x", None),
        ("", None),
    ],
)
def test_which_products_are_rhel(cpe: str, stream: Stream | None) -> None:
    assert stream_of(cpe) == stream


@pytest.mark.parametrize(
    ("version", "major", "minor"),
    [
        ("7.76.1-23.el9_2.4", "9", "2"),
        ("5.14.0-70.75.1.el9_0", "9", "0"),
        ("1.0.6-4.el8_10", "8", "10"),
        ("32:9.8.2-0.68.rc1.el6_10.17", "6", "10"),
        ("2.7.8-139.module+el8.8.0+18745+f1bef313", "8", "8"),
        ("1.18.2-1.module_el8.6.0+2904", "8", ""),
        ("1:3.0.7-27.el9", "9", ""),
        ("1-1.el8_2", "9", ""),
        ("1-1.el9_2abc", "9", "2"),
        ("1-1.el9_123", "9", ""),
        ("1-1.el9sat", "9", ""),
        ("", "9", ""),
    ],
)
def test_a_release_tells_its_line(version: str, major: str, minor: str) -> None:
    assert minor_of(version, major) == minor
    assert line_of(f"Red Hat:{major}", version) == (f"Red Hat:{major}.{minor}" if minor else "")
    assert line_of(f"AlmaLinux:{major}", version) == ""


def test_fixed_in_the_mainline_and_on_lines_of_their_own() -> None:
    """The highest of the mainline's fixes is what everything else is judged by."""
    writer = Writer()
    writer.fixed("BaseOS-9.0.0.Z.EUS", EUS_9_0, "curl-0:7.76.1-14.el9_0.9.src", "libcurl-0:7.76.1-14.el9_0.9.x86_64")
    writer.fixed("BaseOS-9.2.0.Z.MAIN.EUS", BASE_9, "curl-0:7.76.1-23.el9_2.4.src")
    writer.fixed("BaseOS-9.3.0.Z.MAIN", BASE_9, "curl-0:7.76.1-26.el9_3.2.src", "curl-0:7.76.1-26.el9_3.2.s390x")
    found = entries(writer.document())
    assert {key[0]: item.ranges for key, item in found.items()} == {
        "Red Hat:9": (("i", "0", "f", "7.76.1-26.el9_3.2"),),
        "Red Hat:9.0": (("i", "0", "f", "7.76.1-14.el9_0.9", "f", "7.76.1-26.el9_3.2"),),
        "Red Hat:9.2": (("i", "0", "f", "7.76.1-23.el9_2.4", "f", "7.76.1-26.el9_3.2"),),
    }
    assert {key[1] for key in found} == {"curl"}


CURL = (
    Writer("CVE-2023-38545")
    .fixed("BaseOS-9.0.0.Z.EUS", EUS_9_0, "curl-0:7.76.1-14.el9_0.9.src")
    .fixed("BaseOS-9.2.0.Z.MAIN.EUS", BASE_9, "curl-0:7.76.1-23.el9_2.4.src")
    .fixed("BaseOS-9.3.0.Z.MAIN", BASE_9, "curl-0:7.76.1-26.el9_3.2.src")
    .document()
)


@pytest.mark.parametrize(
    ("version", "fixed"),
    [
        # of a line, by its own fix, however far below the mainline's
        ("7.76.1-14.el9_0.5", "7.76.1-14.el9_0.9"),
        ("7.76.1-14.el9_0.9", ""),
        ("7.76.1-14.el9_0.10", ""),
        ("7.76.1-23.el9_2.3", "7.76.1-23.el9_2.4"),
        ("7.76.1-23.el9_2.5", ""),
        # of a line that has none, or of none: by the mainline
        ("7.76.1-19.el9_1.2", "7.76.1-26.el9_3.2"),
        ("7.76.1-26.el9", "7.76.1-26.el9_3.2"),
        ("7.76.1-26.el9_3.2", ""),
        ("7.76.1-29.el9_4", ""),
        ("7.76.1-31.el9", ""),
    ],
)
def test_each_line_is_judged_by_its_own_fix(tmp_path: Path, version: str, fixed: str) -> None:
    found = scan(tmp_path, rhel("libcurl", version, source="curl"), documents=[CURL])
    # the line's own fix is the nearest, the mainline's is told besides
    both = tuple(dict.fromkeys((fixed, "7.76.1-26.el9_3.2")))
    assert fixes(found) == ([("CVE-2023-38545: rpm/redhat/curl", both)] if fixed else [])


def test_errata_of_other_lines_change_nothing(tmp_path: Path) -> None:
    """An erratum knows one line only, so it must not overrule what another one says of that build's line."""
    main = Writer("RHSA-2023:6745").fixed(
        "BaseOS-9.3.0.Z.MAIN", BASE_9, "curl-0:7.76.1-26.el9_3.2.src", cve="CVE-2023-38545"
    )
    old = Writer("RHSA-2023:5763").fixed(
        "BaseOS-9.2.0.Z.MAIN.EUS", BASE_9, "curl-0:7.76.1-23.el9_2.4.src", cve="CVE-2023-38545"
    )
    errata = [main.document(), old.document()]
    safe, harmed = rhel("curl", "7.76.1-23.el9_2.5"), rhel("curl", "7.76.1-23.el9_2.3")
    for documents in ([CURL], []):
        assert scan(tmp_path / str(len(documents)), safe, documents=documents, errata=errata) == []
        (finding,) = scan(tmp_path / f"{len(documents)}b", harmed, documents=documents, errata=errata)
        assert finding.fixed_in[0] == "7.76.1-23.el9_2.4"


def test_a_flaws_own_file_goes_before_errata(tmp_path: Path) -> None:
    """An erratum of a module names all packages in it as fixed, harmed or not."""
    cve, parts = "CVE-2023-28755", ("ruby-0:2.7.8-139.el9_3.src", "rubygem-pg-0:1.2.3-2.el9_3.src")
    erratum = Writer("RHSA-2023:3821").fixed("AppStream-9", APP_9, *parts, cve=cve).document()
    own = (
        Writer(cve).fixed("AppStream-9", APP_9, parts[0]).say("known_not_affected", "rhel_9", RHEL_9, "rubygem-pg.src")
    )
    packages = [rhel("ruby", "2.7.6-138.el9_3"), rhel("rubygem-pg", "1.2.3-1.el9_3")]
    both = scan(tmp_path / "a", *packages, documents=[own.document()], errata=[erratum])
    assert [finding.title for finding in both] == [f"{cve}: rpm/redhat/ruby"]
    alone = scan(tmp_path / "b", *packages, documents=[], errata=[erratum])
    assert [finding.title for finding in alone] == [f"{cve}: rpm/redhat/ruby", f"{cve}: rpm/redhat/rubygem-pg"]


def test_only_a_line_is_fixed_and_the_mainline_is_not(tmp_path: Path) -> None:
    document = (
        Writer()
        .say("known_affected", "red_hat_enterprise_linux_9", RHEL_9, "libssh.src", details="Fix deferred")
        .fixed("BaseOS-9.0.0.Z.EUS", EUS_9_0, "libssh-0:0.9.6-3.el9_0.1.src")
        .document()
    )
    found = entries(document)
    assert found["Red Hat:9", "libssh"].state is State.DEFERRED
    assert found["Red Hat:9", "libssh"].reason == "Fix deferred"
    assert found["Red Hat:9.0", "libssh"].ranges == (("i", "0", "f", "0.9.6-3.el9_0.1"),)
    assert scan(tmp_path, rhel("libssh", "0.9.6-3.el9_0.1"), documents=[document]) == []
    (finding,) = scan(tmp_path, rhel("libssh", "0.10.4-13.el9"), documents=[document])
    assert finding.fixed_in == ()


def test_an_erratum_for_one_line_says_nothing_of_the_mainline() -> None:
    aus = Writer("RHSA-2022:0011").fixed(
        "7Server-7.6.AUS", "cpe:/o:redhat:rhel_aus:7.6::server", "telnet-1:0.17-65.el7_6.src", purls=False
    )
    assert [(item.ecosystem, item.ranges) for item in one(aus.document()).affected] == [
        ("Red Hat:7.6", (("i", "0", "f", "1:0.17-65.el7_6"),))
    ]


@pytest.mark.parametrize(
    ("details", "state"),
    [
        ("Will not fix", State.WILL_NOT_FIX),
        ("Out of support scope", State.END_OF_LIFE),
        ("Fix deferred", State.DEFERRED),
        ("Affected", State.AFFECTED),
    ],
)
def test_why_there_is_no_fix(details: str, state: State) -> None:
    writer = Writer().say("known_affected", "red_hat_enterprise_linux_9", RHEL_9, "openssl.src", details=details)
    (item,) = one(writer.document()).affected
    assert (item.name, item.state, item.ranges) == ("openssl", state, (("i", "0"),))


def test_not_affected_with_its_reason_and_not_known_yet() -> None:
    document = (
        Writer()
        .say(
            "known_not_affected",
            "red_hat_enterprise_linux_9",
            RHEL_9,
            "shim.src",
            "shim-x64",
            flag="component_not_present",
        )
        .say("known_not_affected", "BaseOS-9.4.0.GA", BASE_9, "fips-0:3.0.7-2.el9.src", "fips-0:3.0.7-2.el9.x86_64")
        .say("under_investigation", "red_hat_enterprise_linux_9", RHEL_9, "zlib.src")
        .document()
    )
    found = entries(document)
    shim = found["Red Hat:9", "shim"]
    assert (shim.state, shim.reason, shim.ranges) == (State.NOT_AFFECTED, "component not present", (("i", "0"),))
    fips = found["Red Hat:9", "fips"]
    assert (fips.state, fips.ranges, fips.versions) == (State.NOT_AFFECTED, (), ("3.0.7-2.el9",))
    assert found["Red Hat:9", "zlib"].state is State.INVESTIGATING
    assert len(found) == 3


def test_a_source_is_fixed_where_its_binaries_are() -> None:
    """Some errata call the source itself unaffected, since nobody installs one."""
    document = (
        Writer("RHSA-2025:23414")
        .fixed(
            "6Server-ELS", "cpe:/o:redhat:rhel_els:6", "bind-libs-32:9.8.2-0.68.el6_10.17.i686", cve="CVE-2025-40778"
        )
        .say(
            "known_not_affected",
            "6Server-ELS",
            "cpe:/o:redhat:rhel_els:6",
            "bind-32:9.8.2-0.68.el6_10.17.src",
            cve="CVE-2025-40778",
        )
        .document()
    )
    advisory = one(document)
    assert advisory.id == "CVE-2025-40778"
    assert [(item.ecosystem, item.name, item.ranges[0][3]) for item in advisory.affected] == [
        ("Red Hat:6", "bind", "32:9.8.2-0.68.el6_10.17"),
        ("Red Hat:6.10", "bind", "32:9.8.2-0.68.el6_10.17"),
    ]


def test_binaries_of_other_versions_belong_to_the_source_of_their_release() -> None:
    document = (
        Writer()
        .fixed("AppStream-9", APP_9, "ruby-0:3.1.4-142.el9_3.src", "rubygem-json-0:2.6.1-142.el9_3.x86_64")
        .fixed("AppStream-9", APP_9, "lonely-libs-0:1.0-5.el9_3.x86_64")
        .document()
    )
    assert sorted(name for _, name in entries(document)) == ["lonely-libs", "ruby"]


def test_names_of_old_and_new_files() -> None:
    """Old ones name the source plainly; new ones mark it and list its binaries too, but for Windows libraries."""
    old = Writer().say(
        "known_affected",
        "red_hat_enterprise_linux_7",
        "cpe:/o:redhat:enterprise_linux:7",
        "kernel",
        "kernel-rt",
        purls=False,
    )
    assert sorted(entries(old.document())) == [("Red Hat:7", "kernel"), ("Red Hat:7", "kernel-rt")]
    new = Writer().say(
        "known_affected",
        "red_hat_enterprise_linux_9",
        RHEL_9,
        "openssl.src",
        "openssl-libs",
        "openssl",
        "mingw64-openssl",
    )
    assert sorted(entries(new.document())) == [("Red Hat:9", "mingw-openssl"), ("Red Hat:9", "openssl")]


def test_layered_products_say_nothing_of_rhel() -> None:
    document = (
        Writer()
        .fixed("9Base-RHOSE-4.13", "cpe:/a:redhat:openshift:4.13::el9", "openssl-1:3.0.7-99.rhaos.el9.src")
        .say("known_affected", "openshift_4", "cpe:/a:redhat:openshift:4", "openssl.src")
        .document()
    )
    bare = one(document)
    assert (bare.id, bare.affected, bare.modified) == ("CVE-2026-1000", (), "2026-01-01T00:00:00+00:00")


def test_modules_are_mended_stream_by_stream(tmp_path: Path) -> None:
    cpe = "cpe:/a:redhat:enterprise_linux:9::appstream"
    document = (
        Writer()
        .fixed("AppStream-9", cpe, "nodejs-1:18.20.4-1.module+el9.4.0+22195+c221878e.src", module="nodejs:18")
        .fixed("AppStream-9", cpe, "nodejs-1:20.16.0-1.module+el9.4.0+22197+9e60f127.src", module="nodejs:20")
        .say("known_affected", "red_hat_enterprise_linux_9", RHEL_9, "nodejs.src", details="Will not fix")
        .say("known_affected", "red_hat_enterprise_linux_9", RHEL_9, "nodejs.src", module="nodejs-devel:22")
        .document()
    )
    found = entries(document)
    assert {name for _, name in found} == {"nodejs", "nodejs:18/nodejs", "nodejs:20/nodejs", "nodejs:22/nodejs"}
    eighteen = rhel("nodejs", "1:18.20.2-2.module+el9.4.0+21742+692df1ea", module="nodejs:18:9040020240807:rhel9")
    twenty = rhel("nodejs", "1:20.16.0-1.module+el9.4.0+22197+9e60f127", module="nodejs:20:9040020240807:rhel9")
    plain = rhel("nodejs", "1:16.20.2-8.el9_4")
    assert fixes(scan(tmp_path, eighteen, documents=[document])) == [
        ("CVE-2026-1000: rpm/redhat/nodejs", ("1:18.20.4-1.module+el9.4.0+22195+c221878e",))
    ]
    assert scan(tmp_path, twenty, documents=[document]) == []
    assert fixes(scan(tmp_path, plain, documents=[document])) == [("CVE-2026-1000: rpm/redhat/nodejs", ())]


def test_what_a_finding_tells(tmp_path: Path) -> None:
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
    writer = Writer(modified="2026-02-03T00:00:00+00:00")
    writer.fixed("BaseOS-9", BASE_9, "openssl-1:3.0.7-27.el9.src", erratum="RHSA-2024:2447")
    advisory = one(writer.document(word="Important", vector=vector))
    assert advisory.published == "2025-12-01T00:00:00+00:00"
    assert advisory.summary == "CVE-2026-1000 does harm"
    assert advisory.details == "How CVE-2026-1000 does harm."
    assert advisory.severity == (("CVSS_V3", vector),)
    assert (advisory.word, advisory.cwes) == ("important", ("CWE-476",))
    assert advisory.references == (
        "https://access.redhat.com/errata/RHSA-2024:2447",
        "https://access.redhat.com/security/cve/CVE-2026-1000",
    )
    package = rhel("openssl-libs", "1:3.0.7-24.el9", source="openssl")
    (finding,) = scan(tmp_path, package, documents=[writer.document(word="Important", vector=vector)])
    assert finding.ids == ("CVE-2026-1000",)
    assert finding.severity == "high"
    assert finding.fixed_in == ("1:3.0.7-27.el9",)


def test_rhel_is_asked_by_source_and_module() -> None:
    asked = lookup(rhel("libcurl", "7.76.1-14.el9_0.5", source="curl"), ())
    assert (asked.ecosystem, asked.name, asked.subject) == ("Red Hat:9", "curl", "curl")
    module = rhel("npm", "1:10.5.0-1.18.20.2.2.module+el9", source="nodejs", module="nodejs%3A18%3A9040%3Arhel9")
    asked = lookup(module, ())
    assert (asked.name, asked.subject) == ("nodejs:18/nodejs", "nodejs")


def test_several_flaws_in_one_erratum() -> None:
    writer = Writer("RHSA-2026:9")
    writer.fixed("BaseOS-9", BASE_9, "a-0:1-1.el9.src", cve="CVE-2026-1")
    writer.fixed("BaseOS-9", BASE_9, "b-0:1-1.el9.src", cve="CVE-2026-2222")
    writer.fixed("OpenShift", "cpe:/a:redhat:openshift:4.13::el9", "c-0:1-1.el9.src", cve="CVE-2026-3333")
    found = redhat.normalise(json.dumps(writer.document()).encode(), "advisories")
    # an odd name is not taken for a CVE's
    assert [(item.id, [one.name for one in item.affected]) for item in found] == [
        ("RHSA-2026:9", ["a"]),
        ("CVE-2026-2222", ["b"]),
    ]


def test_the_matcher_is_told_of_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One question a name and line, however many packages have it."""
    asked: list[tuple[str, str]] = []
    bounds = match.rhel.bounds

    def counted(affected: object, ecosystem: str, name: str, line: str) -> object:
        asked.append((name, line))
        return bounds(affected, ecosystem, name, line)  # type: ignore[arg-type]

    monkeypatch.setattr(match.rhel, "bounds", counted)
    packages = [rhel(name, "7.76.1-23.el9_2.5", source="curl") for name in ("curl", "libcurl")]
    scan(tmp_path, *packages, rhel("curl-minimal", "7.76.1-26.el9", source="curl"), documents=[CURL])
    assert asked == [("curl", "Red Hat:9.2"), ("curl", "")]


def test_a_module_between_a_package_and_its_product() -> None:
    """As files were written until 2024: the package is part of a module, which is part of the product."""
    document = (
        Writer().fixed("AppStream-8.6.0.Z", "cpe:/a:redhat:enterprise_linux:8::appstream", "x-0:1-1.el8.src").document()
    )
    module, package = "nodejs:16:8060020221004:ad008a3a", "nodejs-1:16.17.1-1.module+el8.6.0+16848+a483195a.src"
    outer, inner = f"AppStream-8.6.0.Z:{module}", f"AppStream-8.6.0.Z:{module}:{package}"
    for identity, part, of in ((outer, module, "AppStream-8.6.0.Z"), (inner, package, outer)):
        document["product_tree"]["relationships"].append(
            {
                "category": "default_component_of",
                "full_product_name": {"name": identity, "product_id": identity},
                "product_reference": part,
                "relates_to_product_reference": of,
            }
        )
    document["vulnerabilities"][0]["product_status"]["fixed"].append(inner)
    found = entries(document)
    assert found["Red Hat:8", "nodejs:16/nodejs"].ranges == (
        ("i", "0", "f", "1:16.17.1-1.module+el8.6.0+16848+a483195a"),
    )
