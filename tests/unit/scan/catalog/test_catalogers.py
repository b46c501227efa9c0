"""What each cataloger makes of a file, field by field."""

from __future__ import annotations

import json

import pytest
from packageurl import PackageURL

from surveyor.scan.catalog import apk, dpkg, jar, npm, python, yarn
from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.purl import purl
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import Distro, SourcePackage, Tier
from tests.images import deb, pom
from tests.images import jar as archive

DEBIAN = Distro(id="debian", version="12")


def records(unit: Cataloger, data: bytes, path: str = "x", limits: Limits | None = None) -> list[Record]:
    told = unit.parse(File(path=path, data=memoryview(data)), Budget(limits=limits or Limits()))
    return [one for one in told if isinstance(one, Record)]


def kept_before_error(unit: Cataloger, data: bytes, error: type[Exception], message: str) -> list[Record]:
    found: list[Record] = []

    def take() -> None:
        for record in unit.parse(File(path="x.ear", data=memoryview(data)), Budget(limits=Limits())):
            if isinstance(record, Record):
                found.append(record)  # noqa: PERF401 - the error comes after them

    with pytest.raises(error, match=message):
        take()
    return found


def coordinates(found: list[Record]) -> list[tuple[str | None, str, str]]:
    return [(record.namespace, record.name, record.version) for record in found]


def test_dpkg_keeps_source_and_state() -> None:
    data = (
        deb("libexpat1", "2.5.0-1+b1", source="expat (2.5.0-1)")
        + deb("libssl3", "3.0.11-1", source="openssl")
        + deb("mysql", "8.0", status="install ok half-configured")
        + deb("gone", "1", status="deinstall ok config-files")
        + deb("never", "1", status="unknown ok not-installed")
        + deb("going", "1", status="deinstall ok installed")
    )
    found = {record.name: record for record in records(dpkg.CATALOGER, data)}
    assert list(found) == ["libexpat1", "libssl3", "mysql", "going"]
    assert found["libexpat1"].source == SourcePackage(name="expat", version="2.5.0-1")
    assert found["libssl3"].source == SourcePackage(name="openssl", version="3.0.11-1")
    assert found["mysql"].state == "half-configured"
    assert found["going"].state is None
    assert found["mysql"].source is None
    assert found["libexpat1"].evidence.startswith("Package: libexpat1\nVersion: 2.5.0-1+b1")


def test_dpkg_fragments_have_no_status() -> None:
    assert coordinates(records(dpkg.CATALOGER, b"Package: base-files\nVersion: 12.4\n")) == [
        (None, "base-files", "12.4")
    ]


def test_dpkg_keeps_what_is_readable_and_says_what_is_not() -> None:
    found = kept_before_error(
        dpkg.CATALOGER, deb("a", "1") + b"Package: b\n\n" + deb("c", "3"), Malformed, "1 dpkg record"
    )
    assert [record.name for record in found] == ["a", "c"]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("var/lib/dpkg/status", True),
        ("srv/root/var/lib/dpkg/status", True),
        ("var/lib/dpkg/status.d/base", True),
        ("var/lib/dpkg/status.d/base.md5sums", False),
        ("var/lib/dpkg/status-old", False),
        ("xvar/lib/dpkg/status", False),
    ],
)
def test_dpkg_paths(path: str, *, wanted: bool) -> None:
    assert bool(dpkg.CATALOGER.paths.search(path.encode())) is wanted


def test_apk_keeps_origin_and_licence() -> None:
    data = (
        b"C:Q1abc=\nP:libcrypto3\nV:3.3.0-r2\nA:x86_64\nL:Apache-2.0\no:openssl\nF:lib\n\n"
        b"P:busybox\nV:1.36.1-r28\nA:x86_64\no:busybox\n\n"
    )
    found = records(apk.CATALOGER, data)
    assert coordinates(found) == [(None, "libcrypto3", "3.3.0-r2"), (None, "busybox", "1.36.1-r28")]
    assert found[0].source == SourcePackage(name="openssl", version="3.3.0-r2")
    assert found[0].licenses == ("Apache-2.0",)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("lib/apk/db/installed", True),
        ("usr/lib/apk/db/installed", True),
        ("r/lib/apk/db/installed", True),
        ("libx/apk/db/installed", False),
    ],
)
def test_apk_paths(path: str, *, wanted: bool) -> None:
    found = apk.CATALOGER.paths.search(path.encode())
    assert bool(found) is wanted
    if found:
        assert found["root"] == (b"r/" if path.startswith("r/") else b"")


def test_python_reads_headers_only() -> None:
    data = (
        b"Metadata-Version: 2.4\r\nName: Zope_Interface\r\nVersion: 6.0\r\nLicense-Expression: ZPL-2.1\r\n"
        b"License: a text\r\n\r\nName: other\r\nVersion: 9\r\n"
    )
    (found,) = records(python.CATALOGER, data)
    assert (found.name, found.version, found.licenses) == ("zope-interface", "6.0", ("ZPL-2.1",))


def test_python_licence_from_classifiers_when_the_field_is_a_text() -> None:
    text = "x" * 500
    data = f"Name: a\nVersion: 1\nLicense: {text}\nClassifier: License :: OSI Approved :: MIT License\n".encode()
    assert records(python.CATALOGER, data)[0].licenses == ("MIT",)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a/Django-3.2.dist-info/METADATA", True),
        ("a/x.egg-info", True),
        ("a/x.egg-info/PKG-INFO", True),
        ("a/x.egg/EGG-INFO/PKG-INFO", True),
        ("a/METADATA", False),
        ("sdist/PKG-INFO", False),
    ],
)
def test_python_paths(path: str, *, wanted: bool) -> None:
    assert bool(python.CATALOGER.paths.search(path.encode())) is wanted


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ({"name": "lodash", "version": "4.17.15", "license": "MIT"}, (None, "lodash", "4.17.15", ("MIT",))),
        (
            {"name": "@Babel/Core", "version": "v7.0.0", "license": {"type": "MIT"}},
            ("@babel", "core", "7.0.0", ("MIT",)),
        ),
        (
            {"name": "old", "version": "1.0.0", "licenses": [{"type": "MIT"}, {"type": "GPL"}]},
            (None, "old", "1.0.0", ("MIT", "GPL")),
        ),
    ],
)
def test_npm(manifest: dict[str, object], expected: tuple[object, ...]) -> None:
    (found,) = records(npm.CATALOGER, json.dumps(manifest).encode())
    assert (found.namespace, found.name, found.version, found.licenses) == expected


def test_npm_without_name_or_version_is_a_part_of_something() -> None:
    assert records(npm.CATALOGER, b'{"type":"module"}') == []
    assert records(npm.CATALOGER, b'{"name":"x"}') == []


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("node_modules/a/package.json", True),
        ("x/node_modules/@s/a/package.json", True),
        ("usr/share/nodejs/a/package.json", True),
        ("node_modules/a/dist/package.json", False),
        ("node_modules/@s/package.json", False),
        ("app/package.json", False),
    ],
)
def test_npm_paths(path: str, *, wanted: bool) -> None:
    assert bool(npm.CATALOGER.paths.search(path.encode())) is wanted


def test_jar_by_its_coordinates() -> None:
    data = archive(pom("org.apache.logging.log4j", "log4j-core", "2.14.1"), manifest="Bundle-License: Apache-2.0\r\n")
    (found,) = records(jar.CATALOGER, data, "lib/log4j-core-2.14.1.jar")
    assert coordinates([found]) == [("org.apache.logging.log4j", "log4j-core", "2.14.1")]
    assert (found.tier, found.licenses) == (Tier.CONFIRMED, ("Apache-2.0",))
    assert found.inner == "META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties"


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("https://www.apache.org/licenses/LICENSE-2.0;description=Apache-2.0", ("Apache-2.0",)),
        ("http://www.eclipse.org/legal/epl-2.0, https://unlicense.org, Ours", ("EPL-2.0", "Unlicense")),
        ("Apache License, Version 2.0", ("Apache-2.0",)),
        ("Ours, and theirs", ("Ours, and theirs",)),
    ],
)
def test_a_bundle_may_have_several_licences(said: str, known: tuple[str, ...]) -> None:
    data = archive(pom("g", "a", "1"), manifest=f"Bundle-License: {said}\r\n")
    assert [one.licenses for one in records(jar.CATALOGER, data, "a-1.jar")] == [known]


def test_a_jar_has_the_licences_of_its_project() -> None:
    name, page = "The Apache Software License, Version 2.0", "https://www.apache.org/licenses/LICENSE-2.0.txt"
    one = "<license>\n<name>{}</name></license>"
    listed = (
        f"<project><build><plugin><licenses>{one.format('No')}</licenses></plugin></build></project>",
        (
            f"<project><licenses><!-- {one.format('No')} --><license><name>{name}</name><url>{page}</url></license>"
            f"{one.format('LGPL v2.1')}{one.format('Ours')}</licenses></project>"
        ),
    )
    said = [
        records(jar.CATALOGER, archive(pom("g", "a", "1"), ("META-INF/maven/g/a/pom.xml", text.encode())), "a-1.jar")
        for text in listed
    ]
    assert [one.licenses for (one,) in said] == [(), ("Apache-2.0", "LGPL-2.1-only", "Ours")]


@pytest.mark.parametrize(
    ("unit", "whole", "kept"),
    [
        (dpkg.CATALOGER, deb("bash", "5.2") + b"Package: zlib\nVersion: 1.2.13", ["bash"]),
        (apk.CATALOGER, b"P:musl\nV:1.2.3-r4\n\nP:zlib\nV:1.2.13", ["musl"]),
        (yarn.CATALOGER, b'# yarn lockfile v1\n\na@^1:\n  version "1.0.0"\n\nb@^1:\n  version "1.2', ["a"]),
    ],
)
def test_a_version_with_which_the_text_ends_is_none(unit: Cataloger, whole: bytes, kept: list[str]) -> None:
    assert [one.name for one in kept_before_error(unit, whole, Malformed, "record|entry")] == kept


def test_a_shaded_jar_is_reported_with_all_it_carries() -> None:
    data = archive(pom("com.google.guava", "guava", "27.0"), pom("org.eclipse.jetty", "jetty-io", "9.4"))
    found = records(jar.CATALOGER, data, "hadoop-client-runtime-3.3.1.jar")
    assert coordinates(found) == [
        ("com.google.guava", "guava", "27.0"),
        ("org.eclipse.jetty", "jetty-io", "9.4"),
        (None, "hadoop-client-runtime", "3.3.1"),
    ]
    assert [record.tier for record in found] == [Tier.CONFIRMED, Tier.CONFIRMED, Tier.HEURISTIC]


@pytest.mark.parametrize(
    ("name", "manifest", "expected"),
    [
        ("jackson-module-scala_2.12-2.13.3.jar", "", (None, "jackson-module-scala_2.12", "2.13.3")),
        ("log4j-1.2-api-2.14.1.jar", "", ("org.apache.logging.log4j", "log4j-1.2-api", "2.14.1")),
        ("guava-31.1-jre.jar", "", (None, "guava", "31.1-jre")),
        ("a-1.0-20200101.123456-3.jar", "", (None, "a", "1.0-20200101.123456-3")),
        ("netty-4.1.0-linux-x86_64.jar", "", (None, "netty", "4.1.0-linux-x86_64")),
        (
            "plain.jar",
            "Implementation-Version: 1.5\r\nImplementation-Vendor-Id: org.acme\r\n",
            ("org.acme", "plain", "1.5"),
        ),
        ("gson-2.8.jar", "Bundle-SymbolicName: com.google.code.gson\r\n", ("com.google.code.gson", "gson", "2.8")),
        ("foo-2-1.jar", "Bundle-Version: 2-1\r\n", (None, "foo", "2-1")),
    ],
)
def test_jar_by_name_and_manifest(name: str, manifest: str, expected: tuple[str | None, str, str]) -> None:
    (found,) = records(jar.CATALOGER, archive(manifest=manifest), f"opt/{name}")
    assert coordinates([found]) == [expected]
    assert found.tier is Tier.HEURISTIC


def test_jar_without_any_version_is_no_package() -> None:
    assert records(jar.CATALOGER, archive(), "tools.jar") == []


def test_jar_templates_are_no_versions() -> None:
    assert records(jar.CATALOGER, archive(pom("g", "a", "${project.version}")), "a.jar") == []


@pytest.mark.parametrize("stored", [False, True])
def test_archives_inside_archives(*, stored: bool) -> None:
    library = archive(pom("g", "library", "1"))
    war = archive(("WEB-INF/lib/library-1.jar", library), stored=stored)
    ear = archive(("shop.war", war), stored=stored)
    (found,) = records(jar.CATALOGER, ear, "shop.ear")
    assert coordinates([found]) == [("g", "library", "1")]
    assert found.inner == "shop.war!/WEB-INF/lib/library-1.jar!/META-INF/maven/g/library/pom.properties"


def test_a_broken_archive_inside_does_not_cost_its_neighbours() -> None:
    ear = archive(("a.jar", b"PK\x03\x04broken"), ("b.jar", archive(pom("g", "b", "1"))), stored=True)
    found = kept_before_error(jar.CATALOGER, ear, Malformed, r"1 part of the archive not read in full, first a\.jar")
    assert coordinates(found) == [("g", "b", "1")]


def test_archives_nested_too_deep_are_cut() -> None:
    data = archive(pom("g", "core", "1"))
    for _ in range(6):
        data = archive(("inner.jar", data))
    with pytest.raises(LimitExceeded, match="more than 4 deep"):
        records(jar.CATALOGER, data, "outer.jar")


@pytest.mark.parametrize(
    ("record", "distro"),
    [
        (Record(type="deb", name="libstdc++6", version="1:12.2.0-14+deb12u1", arch="amd64"), DEBIAN),
        (Record(type="deb", name="bash", version="5", source=SourcePackage(name="src", version="5-1")), DEBIAN),
        (Record(type="deb", name="bash", version="5~rc1"), None),
        (
            Record(
                type="apk",
                name="musl",
                version="1.2.5-r0",
                arch="x86_64",
                source=SourcePackage(name="m", version="1.2.5-r0"),
            ),
            Distro(id="alpine", version="3.20.1"),
        ),
        (Record(type="npm", namespace="@scope", name="left", version="1.0.0-beta+x"), None),
        (Record(type="pypi", name="zope.interface", version="1!2.0+local"), None),
        (Record(type="maven", namespace="org.a", name="core_2.12", version="1 2"), None),
    ],
)
def test_purls_are_what_the_reference_library_writes(record: Record, distro: Distro | None) -> None:
    written = purl(record, distro)
    read = PackageURL.from_string(written)
    assert (read.type, read.name, read.version) == (record.type, record.name, record.version)
    assert read.namespace == (distro.id if distro else record.namespace)
    assert written == read.to_string()
