"""Which packages a change concerns: those whose findings it could make, unmake or mend."""

from __future__ import annotations

import pytest

from surveyor.scan.advise import concern
from surveyor.scan.advise.changes import Changes
from surveyor.scan.model import Distro, Package, SourcePackage, Tier


def package(kind: str, name: str, *, distro: str = "", source: str = "", **more: str) -> Package:
    release = Distro(id=distro.partition(":")[0], version=distro.partition(":")[2], name=distro) if distro else None
    built = SourcePackage(name=source, version="1") if source else None
    given = {"purl": f"pkg:{kind}/{name}@1", "namespace": None, "version": "1", **more}
    return Package(type=kind, name=name, distro=release, source=built, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("held", "ecosystem", "name"),
    [
        (package("pypi", "Flask_Login"), "PyPI", "flask.login"),
        (package("npm", "core", namespace="@babel"), "npm", "@babel/core"),
        (package("deb", "libssl3", distro="debian:12", source="openssl"), "Debian:12", "openssl"),
        (package("deb", "libssl3", distro="ubuntu:22.04", source="openssl"), "Ubuntu:22.04:LTS", "openssl"),
        (package("deb", "libssl1.1", distro="ubuntu:18.04", source="openssl"), "Ubuntu:Pro:18.04:LTS", "openssl"),
        (package("deb", "linux-image-6.1", distro="debian:12", source="linux-signed-amd64"), "Debian:12", "linux"),
        (package("apk", "libcrypto3", distro="alpine:3.19.1", source="openssl"), "Alpine:v3.19", "openssl"),
        (package("rpm", "openssl-libs", distro="rhel:9.4", source="openssl"), "Red Hat:9.2", "openssl"),
        (package("rpm", "openssl-libs", distro="almalinux:9.4", source="openssl"), "AlmaLinux:9", "openssl-libs"),
        (package("generic", "curl", tier=Tier.HEURISTIC, version="8.1.0"), "CPE", "haxx:libcurl"),
    ],
)
def test_a_package_is_found_by_what_advisories_call_it(held: Package, ecosystem: str, name: str) -> None:
    assert concern.numbers_of(Changes(state="x.1", packages=((ecosystem, name),))) == {concern.number_of(held)}


def test_others_are_not_found() -> None:
    there = concern.number_of(package("deb", "libssl3", distro="debian:12", source="openssl"))
    told = (("Debian:11", "openssl"), ("Debian:12", "libssl3"), ("Ubuntu:12", "openssl"), ("npm", "openssl"))
    assert there not in concern.numbers_of(Changes(state="x.1", packages=told))


def test_what_no_advisory_speaks_of_has_no_number() -> None:
    assert concern.number_of(package("deb", "openssl")) == concern.NONE
    assert concern.number_of(package("generic", "somebody-s-tool")) == concern.NONE
    assert concern.numbers_of(Changes(state="x.1", packages=(("CPE", "nobody:nothing"),))) == frozenset()
