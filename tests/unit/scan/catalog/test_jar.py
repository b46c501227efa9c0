"""Names of Java archives: groups by rank, shaded archives, plugins, what names no version, and what costs no time."""

from __future__ import annotations

import time

import pytest

from surveyor.scan.catalog import nuget_package
from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.jar import CATALOGER
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.formats import java_names, maven
from surveyor.scan.limits import MIB, Budget, Limits
from surveyor.scan.model import Tier
from tests import packages
from tests.images import jar, pom


def records(data: bytes, name: str, unit: Cataloger = CATALOGER) -> list[Record]:
    return list(unit.parse(File(path=f"opt/{name}", data=memoryview(data)), Budget(limits=Limits())))


def named(found: list[Record]) -> list[str]:
    return [f"{one.namespace or ''}:{one.name}:{one.version}" for one in found]


TOMCAT = "Implementation-Title: Apache Tomcat\r\nImplementation-Version: 9.0.70\r\n"
CLASSES = tuple((f"org/acme/left/C{number}.class", b"") for number in range(20))


@pytest.mark.parametrize(
    ("name", "manifest", "classes", "expected"),
    [
        ("jodd-core-3.5.2.jar", "Bundle-SymbolicName: org.jodd.core\r\n", (), "org.jodd:jodd-core:3.5.2"),
        ("xz-1.8.jar", "Bundle-SymbolicName: org.tukaani.xz\r\n", (), "org.tukaani:xz:1.8"),
        (
            "scala-xml_2.12-1.2.0.jar",
            "Bundle-SymbolicName: org.scala-lang.modules.scala-xml\r\n",
            (),
            "org.scala-lang.modules:scala-xml_2.12:1.2.0",
        ),
        ("lz-4.jar", "Automatic-Module-Name: org.acme.lz\r\n", (), "org.acme:lz:4"),
        ("left-1.0.jar", "Implementation-Vendor-Id: org.apache\r\n", CLASSES, "org.acme.left:left:1.0"),
        ("left-1.0.jar", "Implementation-Vendor-Id: org.acme\r\n", CLASSES, "org.acme:left:1.0"),
        ("left-1.0.jar", "", CLASSES, "org.acme.left:left:1.0"),
        ("left-1.0.jar", "", (), ":left:1.0"),
        (
            "spring-core-5.3.1.jar",
            "Automatic-Module-Name: spring.core\r\n",
            (),
            "org.springframework:spring-core:5.3.1",
        ),
        ("spring-security-web-5.3.1.jar", "", (), "org.springframework.security:spring-security-web:5.3.1"),
        ("netty-4.1.0-linux-x86_64.jar", "Bundle-Version: 4.1.0\r\n", (), ":netty:4.1.0"),
        ("catalina.jar", TOMCAT, (), "org.apache.tomcat:tomcat-catalina:9.0.70"),
        ("tomcat-embed-core-9.0.70.jar", TOMCAT, (), "org.apache.tomcat.embed:tomcat-embed-core:9.0.70"),
        ("tomcat10-coyote-9.0.70.jar", TOMCAT, (), "org.apache.tomcat:tomcat-coyote:9.0.70"),
        ("asm-9.4.jar", "Bundle-SymbolicName: org.objectweb.asm\r\n", (), "org.ow2.asm:asm:9.4"),
        (
            "postgresql.jar",
            "Implementation-Title: JDBC\r\nImplementation-Version: 42.5.5\r\n",
            (),
            "org.postgresql:postgresql:42.5.5",
        ),
        ("antlr-2.7.7.jar", "", (), "antlr:antlr:2.7.7"),
        ("antlr4-runtime-4.9.jar", "", (), "org.antlr:antlr4-runtime:4.9"),
        ("log4j-over-slf4j-1.7.36.jar", "", (), "org.slf4j:log4j-over-slf4j:1.7.36"),
        ("antisamy-1.6.jar", "", CLASSES, "org.acme.left:antisamy:1.6"),
        ("ant-launcher-1.10.12.jar", "", (), "org.apache.ant:ant-launcher:1.10.12"),
        ("shop.jar", "Implementation-Title: Shop\r\nImplementation-Version: 2.0\r\n", (), ":shop:2.0"),
    ],
)
def test_the_best_group_wins(name: str, manifest: str, classes: tuple[tuple[str, bytes], ...], expected: str) -> None:
    found = records(jar(*classes, manifest=manifest), name)
    assert named(found) == [expected]
    assert found[0].tier is Tier.HEURISTIC


def test_a_shaded_archive_is_reported_beside_what_was_shaded_into_it() -> None:
    data = jar(pom("com.google.guava", "guava", "27.0"), pom("org.acme", "other", "1"))
    assert named(records(data, "hadoop-client-runtime-3.3.2.jar")) == [
        "com.google.guava:guava:27.0",
        "org.acme:other:1",
        ":hadoop-client-runtime:3.3.2",
    ]


def test_a_manifest_about_something_shaded_in_gives_no_version() -> None:
    manifest = "Bundle-SymbolicName: org.apache.logging.log4j.slf4j-impl\r\nBundle-Version: 2.14.1\r\n"
    (found,) = records(jar(*CLASSES, manifest=manifest), "bash-java-utils.jar")
    assert (found.name, found.version) == ("bash-java-utils", "")


LOG4J = "Implementation-Vendor-Id: org.apache.logging.log4j\r\nLog4jReleaseVersion: 2.14.1\r\n"
SLF4J = f"""{LOG4J}Bundle-SymbolicName: org.apache.logging.log4j.slf4j-impl\r\nBundle-Version: 2.14.1\r
Implementation-Title: Apache Log4j SLF4J Binding\r\n"""
LOOKUP = ("shaded/log4j/core/lookup/JndiLookup.class", b"")
GUICE = "Bundle-Name: guice\r\nBundle-SymbolicName: com.google.inject\r\nBundle-Version: 4.2.3\r\n"
JUNIT = """Implementation-Title: JUnit\r\nImplementation-Vendor-Id: junit\r\nImplementation-Version: 4.13.2\r
Bundle-SymbolicName: org.junit\r\nBundle-Version: 4.12\r\n"""
MERGED = """Implementation-Title: Apache Hadoop shaded Protobuf 3.7\r\nImplementation-Version: 1.1.1\r
Implementation-Vendor-Id: org.acme.thirdparty\r\n"""
API = ("org.apache.logging.log4j", "log4j-1.2-api", "2.19.0")
COLLECTIONS = "Implementation-Title: Commons Collections\r\nImplementation-Version: 3.2.2\r\n"


@pytest.mark.parametrize(
    ("name", "manifest", "members", "expected"),
    [
        # Maven's artifact is the file's name: what looks like a version belongs to it
        ("log4j-1.2-api.jar", "Bundle-Version: 2.19.0\r\n", (pom(*API),), [":".join(API)]),
        # a packager wrote its name in his own way
        ("javaewah.jar", "", (*CLASSES, pom("com.acme", "JavaEWAH", "1.1.7")), ["com.acme:JavaEWAH:1.1.7"]),
        ("left-1.3-spec.jar", "", (*CLASSES, pom("com.acme", "left_1.3_spec", "1.0")), ["com.acme:left_1.3_spec:1.0"]),
        ("\u0431-2.0.jar", "", (pom("com.acme", "\u0430", "1.0"),), ["com.acme:\u0430:1.0", ":\u0431:2.0"]),
        # the manifest of something that was shaded in says nothing of the group
        ("left-3.3.2.jar", MERGED, CLASSES, ["org.acme.left:left:3.3.2"]),
        # of what was shaded in the manifest and a class are left
        (
            "bash-java-utils.jar",
            SLF4J,
            (LOOKUP,),
            ["org.apache.logging.log4j:log4j-slf4j-impl:2.14.1", "org.apache.logging.log4j:log4j-core:2.14.1"],
        ),
        ("app-1.0.jar", "", (LOOKUP,), ["shaded.log4j.core.lookup:app:1.0", "org.apache.logging.log4j:log4j-core:"]),
        ("log4j-core-2.14.0.jar", "", (LOOKUP,), ["org.apache.logging.log4j:log4j-core:2.14.0"]),
        # what was shaded in has coordinates, the archive itself a manifest of its own
        ("guice.jar", GUICE, (pom("cglib", "cglib", "3.2"),), ["cglib:cglib:3.2", "com.google.inject:guice:4.2.3"]),
        ("junit4.jar", JUNIT, CLASSES, ["junit:junit:4.13.2"]),
        ("commons-collections3.jar", COLLECTIONS, CLASSES, ["commons-collections:commons-collections:3.2.2"]),
        ("arpack_combined_all-0.1.jar", "", CLASSES, ["net.sourceforge.f2j:arpack_combined_all:0.1"]),
    ],
)
def test_archives_that_real_systems_have(
    name: str, manifest: str, members: tuple[tuple[str, bytes], ...], expected: list[str]
) -> None:
    assert named(records(jar(*members, manifest=manifest), name)) == expected


def test_an_archive_of_classes_alone_is_told_without_a_version() -> None:
    (found,) = records(jar(*CLASSES), "app.jar")
    assert (found.name, found.version, found.tier) == ("app", "", Tier.HEURISTIC)
    assert records(jar(), "empty.jar") == []


def test_libraries_of_spring_boot_and_of_applications_are_read_where_they_lie() -> None:
    inner = jar(pom("g", "a", "1"))
    for folder in ("BOOT-INF/lib", "WEB-INF/lib", "lib"):
        (found,) = (one for one in records(jar((f"{folder}/a-1.jar", inner)), "app.jar") if one.version)
        assert (found.name, found.inner) == ("a", f"{folder}/a-1.jar!/META-INF/maven/g/a/pom.properties")


def test_a_plugin_of_jenkins_is_itself_with_its_libraries() -> None:
    manifest = "Short-Name: git\r\nPlugin-Version: 5.0.0 (private)\r\nGroup-Id: org.jenkins-ci.plugins\r\n"
    found = records(jar(("WEB-INF/lib/a.jar", jar(pom("g", "a", "1"))), manifest=manifest), "git.hpi")
    assert named(found) == ["org.jenkins-ci.plugins:git:5.0.0", "g:a:1"]
    assert found[0].tier is Tier.CONFIRMED


def test_a_damaged_pom_costs_no_other() -> None:
    data = bytearray(jar(pom("g", "a", "1"), pom("g", "b", "2"), stored=True))
    first = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 4)
    data[first + 42 : first + 46] = b"\xff\xff\xff\x00"  # where the first of the two should be
    units = CATALOGER.parse(File(path="opt/x-3.jar", data=memoryview(data)), Budget(limits=Limits()))
    assert [next(units).name for _ in range(2)] == ["b", "x"]
    with pytest.raises(Malformed, match="points outside"):
        next(units)


@pytest.mark.parametrize("version", ["${project.version}", ""])
def test_an_unfilled_template_is_nobodys(version: str) -> None:
    assert maven.coordinates(f"groupId=g\nartifactId=a\nversion={version}".encode()) is None
    assert maven.project(f"<project><artifactId>a</artifactId><version>{version}</version></project>".encode()) is None


@pytest.mark.parametrize(
    "part",
    [
        b"<dependencies>",
        b"<!--",
        b"<a ",
        b"<a",
        b"<parent><",
        b"<a/>",
        b"</a>",
        b"<project>",
        b"<version>1",
        b"<<",
        b"> <",
    ],
)
def test_hostile_xml_takes_linear_time(part: bytes) -> None:
    data = part * (MIB // len(part))
    start = time.thread_time()
    maven.project(data)
    try:
        records(packages.nupkg(b"<metadata>" + data), "x.nupkg", nuget_package.CATALOGER)
        records(packages.nupkg(data), "x.nupkg", nuget_package.CATALOGER)
    except ScanError:
        pass
    assert time.thread_time() - start < 5


def test_a_long_name_is_split_in_no_time_and_no_memory() -> None:
    name = "-1" * 30_000
    assert java_names.split(name, {}) == (name, "")
    assert records(jar(*CLASSES), f"{name}.jar") == []


def test_a_quine_of_archives_ends_by_depth() -> None:
    data = jar(pom("g", "a", "1"))
    for _ in range(8):
        data = jar(("a.jar", data))
    with pytest.raises(LimitExceeded, match="deep"):
        records(data, "a.jar")
