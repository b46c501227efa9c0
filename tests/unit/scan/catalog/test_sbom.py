"""Bills of materials as input: the packages of every format, with what their package URLs say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from packageurl import PackageURL

from surveyor.scan.formats import purl as purls
from surveyor.scan.model import Distro, SourcePackage, Tier
from tests import sboms
from tests.images import purls as found_in
from tests.images import scan_bytes, tar, troubles
from tests.sboms import ALL, PURLS


@pytest.mark.parametrize("name", ALL)
def test_every_format_gives_the_same_packages(tmp_path: Path, name: str) -> None:
    report = scan_bytes(tmp_path, ALL[name](), name="upload")
    assert found_in(report) == sorted(PURLS)
    assert report.target.type.startswith("sbom/")
    assert not troubles(report)
    assert {package.tier for package in report.packages} == {Tier.HEURISTIC}
    (expat,) = (package for package in report.packages if package.name == "libexpat1")
    assert expat.distro == Distro(id="debian", version="12")
    assert expat.source == SourcePackage(name="expat", version="2.5.0-1")
    assert expat.namespace == "debian"


def test_what_a_bill_says_of_licences_and_places(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, sboms.cyclonedx_json())
    assert {package.name: package.licenses for package in report.packages}["libexpat1"] == ("MIT", "Apache-2.0")
    syft = scan_bytes(tmp_path, sboms.syft_json())
    assert {package.locations[0].path for package in syft.packages} == {"artifact.syft.json!/usr/x"}


def _syft_related() -> bytes:
    names = ({"id": "d", "name": "d", "purl": "pkg:deb/debian/d@1"}, {"id": "n", "name": "n", "purl": "pkg:npm/n@1"})
    links = [
        {"parent": "d", "child": "n", "type": "ownership-by-file-overlap"},
        {"parent": "n", "child": "d", "type": "dependency-of"},
    ]
    return json.dumps(
        {"artifacts": names, "artifactRelationships": links, "descriptor": {"name": "syft", "version": "1"}}
    ).encode()


def _tag_value_related() -> bytes:
    packages = "".join(
        f"PackageName: {one}\nSPDXID: {one}\nPackageVersion: 1\nPackageChecksum: SHA256: {'a' * 64}\n"
        f"ExternalRef: PACKAGE-MANAGER purl pkg:{where}/{one}@1\n"
        for one, where in (("d", "deb/debian"), ("n", "npm"))
    )
    links = "Relationship: n DEPENDENCY_OF d\nRelationship: d CONTAINS n\n"
    return f"SPDXVersion: SPDX-2.3\n{packages}{links}".encode()


@pytest.mark.parametrize("bill", [_syft_related, _tag_value_related])
def test_relationships_tell_owners_and_dependencies_whichever_way_they_are_said(
    tmp_path: Path, bill: Callable[[], bytes]
) -> None:
    owner, owned = scan_bytes(tmp_path, bill()).packages
    assert (owner.name, owner.dependencies, owner.owner) == ("d", (owned.purl,), None)
    assert (owned.name, owned.dependencies, owned.owner) == ("n", (), "deb/d")
    assert bill is _syft_related or owner.hashes == ("sha256:" + "a" * 64,)


def test_what_others_were_built_from_is_not_there(tmp_path: Path) -> None:
    """As melange writes of a package of Wolfi: its repository and its recipe are packages of the bill too."""
    packages = "".join(
        f"PackageName: {one}\nSPDXID: {one}\nPackageVersion: 1\nExternalRef: PACKAGE-MANAGER purl {where}\n"
        for one, where in (("a", "pkg:apk/wolfi/a@1"), ("repo", "pkg:github/a/repo@1"), ("yaml", "pkg:github/w/os@1"))
    )
    links = "Relationship: a GENERATED_FROM repo\nRelationship: a DESCRIBED_BY yaml\nRelationship: a DESCRIBED_BY a\n"
    turned = "Relationship: repo GENERATES a\nRelationship: gone GENERATED_FROM a\nRelationship: a DESCRIBED_BY yaml\n"
    for told in (links, turned):
        report = scan_bytes(tmp_path, f"SPDXVersion: SPDX-2.3\n{packages}{told}".encode())
        assert found_in(report) == ["pkg:apk/wolfi/a@1"]


def test_a_bill_inside_a_tree_is_read_too(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, tar({"opt/app/bom.json": sboms.cyclonedx_json(), "opt/x/bom.json": b"{}"}))
    assert found_in(report) == sorted(PURLS)
    assert not troubles(report)


@pytest.mark.parametrize(
    ("purl", "distro"),
    [
        ("pkg:deb/debian/a@1?distro=bookworm", Distro(id="debian", version="12")),
        ("pkg:deb/ubuntu/a@1?distro=ubuntu-22.04", Distro(id="ubuntu", version="22.04")),
        ("pkg:rpm/opensuse/a@1-1?distro=opensuse-leap-15.5", Distro(id="opensuse-leap", version="15.5")),
        ("pkg:apk/wolfi/a@1-r0?distro=wolfi-20230201", Distro(id="wolfi", version="20230201")),
        ("pkg:apk/alpine/a@1-r0?distro=3.18.2", Distro(id="alpine", version="3.18.2")),
        ("pkg:npm/a@1?distro=debian-12", None),
    ],
)
def test_the_distribution_by_the_qualifier(tmp_path: Path, purl: str, distro: Distro | None) -> None:
    data = json.dumps({"bomFormat": "CycloneDX", "components": [{"name": "a", "purl": purl}]}).encode()
    (package,) = scan_bytes(tmp_path, data).packages
    assert package.distro == distro


def test_components_without_a_package_url_keep_their_name(tmp_path: Path) -> None:
    parts = [{"type": "library", "group": "acme", "name": "engine", "version": "2"}, {"type": "library", "name": ""}]
    report = scan_bytes(tmp_path, json.dumps({"bomFormat": "CycloneDX", "components": parts}).encode())
    assert found_in(report) == ["pkg:generic/acme.engine@2"]
    assert "1 component without a usable name" in (troubles(report)[0].detail or "")


def test_what_is_no_software_and_what_a_bill_is_about_are_no_packages(tmp_path: Path) -> None:
    kinds = ("cryptographic-asset", "machine-learning-model", "library")
    parts = [{"type": kind, "name": f"a-{kind}", "version": "1"} for kind in kinds]
    report = scan_bytes(tmp_path, json.dumps({"bomFormat": "CycloneDX", "components": parts}).encode())
    assert found_in(report) == ["pkg:generic/a-library@1"]
    told = {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-Root"}
    packages = [{"SPDXID": "SPDXRef-Root", "name": "shop"}, {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1"}]
    graph = [
        {"type": "software_Sbom", "rootElement": ["r"]},
        {"type": "software_Package", "spdxId": "r", "name": "shop"},
        {"type": "software_Package", "spdxId": "a", "name": "a", "software_packageVersion": "1"},
    ]
    for bill in (
        {"spdxVersion": "SPDX-2.3", "packages": packages, "documentDescribes": ["SPDXRef-Root"]},
        {"spdxVersion": "SPDX-2.3", "packages": packages, "relationships": [told]},
        {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph},
    ):
        assert found_in(scan_bytes(tmp_path, json.dumps(bill).encode())) == ["pkg:generic/a@1"]
    lines = ("SPDXVersion: SPDX-2.3", "PackageName: shop", "SPDXID: r", "PackageName: a", "PackageVersion: 1")
    text = "\n".join((*lines, "Relationship: SPDXRef-DOCUMENT DESCRIBES r", ""))
    assert found_in(scan_bytes(tmp_path, text.encode())) == ["pkg:generic/a@1"]


def test_what_stands_before_the_end_of_a_bill_that_is_cut_stays(tmp_path: Path) -> None:
    part = b'<component type="library"><name>a</name><version>1</version></component>'
    data = b'<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>' + part + b'<component type="lib'
    report = scan_bytes(tmp_path, data)
    assert found_in(report) == ["pkg:generic/a@1"]
    assert "no XML" in (troubles(report)[0].detail or "")


@pytest.mark.parametrize(
    "text",
    [
        *PURLS,
        "pkg:maven/org.apache.commons/io@1.3.4?classifier=sources",
        "pkg:npm/%40angular/animation@12.3.1",
        "pkg:generic/a%20b@1.0%2B2?download_url=https://x.example/a%26b",
        "pkg:docker/cassandra@sha256:244fd47e07d1004f0aed9c",
        "pkg:GitHub/Package-URL/purl-spec@244fd47#everybody/loves/dogs",
        "pkg:gem/ruby-advisory-db-check@0.12.4",
    ],
)
def test_purls_as_the_library_reads_them(text: str) -> None:
    ours, theirs = purls.parse(text), PackageURL.from_string(text)
    assert ours is not None
    assert (ours.type, ours.version, ours.subpath) == (theirs.type, theirs.version or "", theirs.subpath)
    assert dict(ours.qualifiers) == theirs.qualifiers
    if ours.type != "github":  # whose names a reader may fold
        assert (ours.namespace, ours.name) == (theirs.namespace, theirs.name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pkg:cargo/uv-auth@0.1?download_url=file:%2F%2F..%2Fuv-auth", "pkg:cargo/uv-auth@0.1?source=local"),
        ("pkg:cargo/a@1?vcs_url=git%2Bhttps://x.example/a", "pkg:cargo/a@1?vcs_url=git%2Bhttps:%2F%2Fx.example%2Fa"),
        ("pkg:npm/a@1?download_url=file:///home/me/a.tgz", "pkg:npm/a@1"),
    ],
)
def test_a_folder_of_who_built_it_identifies_nothing(tmp_path: Path, text: str, expected: str) -> None:
    parts = [{"type": "library", "name": "a", "version": "1", "purl": text}]
    report = scan_bytes(tmp_path, json.dumps({"bomFormat": "CycloneDX", "components": parts}).encode())
    assert [package.purl for package in report.packages] == [expected]


def test_a_source_without_a_version_is_written_as_it_was_read(tmp_path: Path) -> None:
    parts = [{"type": "library", "name": "a", "version": "2", "purl": "pkg:deb/debian/a?upstream=expat"}]
    report = scan_bytes(tmp_path, json.dumps({"bomFormat": "CycloneDX", "components": parts}).encode())
    assert [package.purl for package in report.packages] == ["pkg:deb/debian/a@2?upstream=expat"]


def test_a_key_that_can_be_none_is_dropped() -> None:
    found = purls.parse("pkg:deb/debian/a@1?arch=amd64&di\ufffdstro=debian-12&a%20b=c&1=2")
    assert found is not None
    assert found.qualifiers == (("arch", "amd64"),)


@pytest.mark.parametrize("text", ["", "pkg:", "pkg:npm", "pkg:npm/", "npm/a@1", "pkg:a b/c", "https://x.example"])
def test_what_is_no_purl(text: str) -> None:
    assert purls.parse(text) is None


def test_digests_are_hexadecimal_and_owners_are_told_of_packages_with_many_needs(tmp_path: Path) -> None:
    names = {f"SPDXRef-{number}": f"pkg:deb/debian/p{number}@1" for number in range(250)} | {
        "SPDXRef-x": "pkg:pypi/x@1"
    }
    bill = {
        "spdxVersion": "SPDX-2.3",
        "packages": [
            {
                "SPDXID": name,
                "name": name,
                "externalRefs": [{"referenceType": "purl", "referenceLocator": purl}],
                "checksums": [{"algorithm": "SHA256", "checksumValue": digit * 64} for digit in ("\x1b", "a")],
            }
            for name, purl in names.items()
        ],
        "relationships": [
            {"spdxElementId": "SPDXRef-0", "relationshipType": kind, "relatedSpdxElement": name}
            for kind, name in (*(("DEPENDS_ON", name) for name in [*names][1:]), ("CONTAINS", "SPDXRef-x"))
        ],
    }
    report = scan_bytes(tmp_path, json.dumps(bill).encode(), name="upload")
    told = {one.name: one for one in report.packages}
    assert told["x"].owner == "deb/p0"
    assert len(told["p0"].dependencies) == 200
    assert {one.hashes for one in report.packages} == {("sha256:" + "a" * 64,)}


@pytest.mark.parametrize(
    "data",
    [
        b'{"bomFormat":"CycloneDX","components":' + b'[{"components":' * 3000 + b"[]" + b"}]" * 3000 + b"}",
        b'{"bomFormat":"CycloneDX","components":[1,null,{"name":3},{"licenses":7}]}',
        b'{"bomFormat":"CycloneDX"',
        b'<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>' + b"<component>" * 200,
        b'<!DOCTYPE a [<!ENTITY b "c">]><bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>',
        b"SPDXVersion: SPDX-2.3\nPackageName: <text>" + b"a\n" * 50_000,
    ],
)
def test_hostile_bills_end_in_one_sentence(tmp_path: Path, data: bytes) -> None:
    report = scan_bytes(tmp_path, data)
    assert report.packages == ()
    assert report.scan_status in {"partial", "failed", "complete"}
