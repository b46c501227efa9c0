"""Which distribution a system is, by whatever file says so; and what its packages are called by that."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan.catalog.interface import Record
from surveyor.scan.catalog.purl import purl
from surveyor.scan.engine.distro import Releases
from surveyor.scan.formats.release import PLACES, parse
from surveyor.scan.model import Distro
from tests.images import Link, deb, docker_save, purls, scan_bytes, tar


def os_release(identity: str, version: str = "", name: str = "") -> dict[str, str]:
    return {"etc/os-release": f'NAME="x"\nID="{identity}"\nVERSION_ID={version}\nPRETTY_NAME="{name}"\n'}


def lsb(identity: str, version: str) -> dict[str, str]:
    return {"etc/lsb-release": f"DISTRIB_ID={identity}\nDISTRIB_RELEASE={version}\nDISTRIB_CODENAME=x\n"}


#: What the files of a system say, and the distribution: id and version; and the package of a type in it.
SYSTEMS = {
    "Debian 12": (os_release("debian", "12"), "debian 12", "deb/debian/a@1?distro=debian-12"),
    "Debian 6": ({"etc/debian_version": "6.0.10\n"}, "debian 6", "deb/debian/a@1?distro=debian-6"),
    "Debian testing": ({"etc/debian_version": "squeeze/sid\n"}, "debian ", "deb/debian/a@1?distro=debian"),
    "distroless": ({"usr/lib/os-release": os_release("debian", "12")["etc/os-release"]}, "debian 12", ""),
    "Ubuntu 22.04": (os_release("ubuntu", '"22.04"'), "ubuntu 22.04", "deb/ubuntu/a@1?distro=ubuntu-22.04"),
    "Ubuntu 10.04": (lsb("Ubuntu", "10.04") | {"etc/debian_version": "squeeze/sid"}, "ubuntu 10.04", ""),
    "Debian's installer": (
        lsb("Debian", '"12 (bookworm) - installer build 20230607+deb12u15"'),
        "debian 12",
        "deb/debian/a@1?distro=debian-12",
    ),
    "Debian 7 by lsb-release": (lsb("Debian", "7.8"), "debian 7", "deb/debian/a@1?distro=debian-7"),
    "Alpine 3.20": (os_release("alpine", "3.20.1"), "alpine 3.20.1", "apk/alpine/a@1?distro=alpine-3.20.1"),
    "Alpine 2.7": ({"etc/alpine-release": "2.7.9\n"}, "alpine 2.7.9", "apk/alpine/a@1?distro=alpine-2.7.9"),
    "RHEL 9": (os_release("rhel", "9.4"), "rhel 9.4", "rpm/redhat/a@1?distro=rhel-9.4"),
    "RHEL 6": (
        {"etc/redhat-release": "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n"},
        "rhel 6.10",
        "rpm/redhat/a@1?distro=rhel-6.10",
    ),
    "CentOS 7": (os_release("centos", '"7"'), "centos 7", "rpm/centos/a@1?distro=centos-7"),
    "CentOS 6": ({"etc/centos-release": "CentOS release 6.10 (Final)\n"}, "centos 6", "rpm/centos/a@1?distro=centos-6"),
    "CentOS 5": ({"etc/redhat-release": "CentOS release 5.11 (Final)\n"}, "centos 5", ""),
    "Rocky": (os_release("rocky", "9.3"), "rocky 9.3", "rpm/rocky/a@1?distro=rocky-9.3"),
    "Rocky by its own file": ({"etc/rocky-release": "Rocky Linux release 8.9 (Green Obsidian)\n"}, "rocky 8.9", ""),
    "AlmaLinux": (os_release("almalinux", "9.4"), "almalinux 9.4", "rpm/almalinux/a@1?distro=almalinux-9.4"),
    "AlmaLinux, old": ({"etc/redhat-release": "AlmaLinux release 8.5 (Arctic Sphynx)"}, "almalinux 8.5", ""),
    "Oracle 9": (os_release("ol", "9.4"), "ol 9.4", "rpm/ol/a@1?distro=ol-9.4"),
    "Oracle 6": (
        {
            "etc/redhat-release": "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n",
            "etc/oracle-release": "Oracle Linux Server release 6.10\n",
        },
        "ol 6.10",
        "rpm/ol/a@1?distro=ol-6.10",
    ),
    "Amazon 2023": (os_release("amzn", "2023"), "amzn 2023", "rpm/amzn/a@1?distro=amzn-2023"),
    "Amazon 1": ({"etc/system-release": "Amazon Linux AMI release 2018.03\n"}, "amzn 2018.03", ""),
    "SUSE 15": (os_release("sles", "15.5"), "sles 15.5", "rpm/sles/a@1?distro=sles-15.5"),
    "SUSE 11": ({"etc/SuSE-release": "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\n"}, "sles 11", ""),
    "openSUSE Leap": (
        os_release("opensuse-leap", "15.6"),
        "opensuse-leap 15.6",
        "rpm/opensuse/a@1?distro=opensuse-leap-15.6",
    ),
    "openSUSE 12": (
        {"etc/SuSE-release": "openSUSE 12.3 (x86_64)\n"},
        "opensuse 12.3",
        "rpm/opensuse/a@1?distro=opensuse-12.3",
    ),
    "Fedora 40": (os_release("fedora", "40"), "fedora 40", "rpm/fedora/a@1?distro=fedora-40"),
    "Fedora 16": ({"etc/fedora-release": "Fedora release 16 (Verne)\n"}, "fedora 16", ""),
    "Mariner": (os_release("mariner", "2.0"), "mariner 2.0", "rpm/mariner/a@1?distro=mariner-2.0"),
    "Mariner 1": ({"etc/mariner-release": "CBL-Mariner 1.0.20210218\n"}, "mariner 1.0.20210218", ""),
    "Azure Linux": (os_release("azurelinux", "3.0"), "azurelinux 3.0", "rpm/azurelinux/a@1?distro=azurelinux-3.0"),
    "Wolfi": (os_release("wolfi", "20230201"), "wolfi 20230201", "apk/wolfi/a@1?distro=wolfi-20230201"),
    "Chainguard": (
        os_release("chainguard", "20230214"),
        "chainguard 20230214",
        "apk/chainguard/a@1?distro=chainguard-20230214",
    ),
    "Arch": (os_release("arch"), "arch ", "alpm/arch/a@1?distro=arch"),
    "OpenWrt": ({"etc/openwrt_release": "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='18.06.1'\n"}, "openwrt 18.06.1", ""),
    "os-release wins": (
        os_release("rocky", "9.3") | {"etc/redhat-release": "CentOS release 6.10", "etc/alpine-release": "3.1"},
        "rocky 9.3",
        "",
    ),
    "a file without an id": (
        {"etc/lsb-release": "LSB_VERSION=base-4.0-amd64\n", "etc/redhat-release": "CentOS release 6.10 (Final)\n"},
        "centos 6",
        "",
    ),
    "scratch": ({"etc/passwd": "root:x:0:0\n"}, "", ""),
    "words": ({"etc/redhat-release": "Shop Appliance 3\n", "etc/alpine-release": "\n"}, "", ""),
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_systems_and_the_names_of_their_packages(system: str) -> None:
    files, expected, package = SYSTEMS[system]
    releases = Releases()
    for name, text in files.items():
        releases.add_file(b"sub/" + name.encode(), text.encode())
    distro = releases.at(b"sub/")
    assert (f"{distro.id} {distro.version}" if distro else "") == expected
    assert releases.at(b"") is None
    if package:
        record = Record(type=package.partition("/")[0], name="a", version="1")
        assert purl(record, distro) == f"pkg:{package}"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("data", [b"", b"\xff\xfe\0", b"=\n" * 1000, b"ID=" + b"a" * 70_000, b"9" * 70_000])
def test_hostile_bytes_say_little_or_nothing(place: bytes, data: bytes) -> None:
    found = parse(place, data)
    assert found is None or (len(found.id), len(found.version)) <= (64, 64)
    assert found is None or isinstance(found, Distro)


@pytest.mark.parametrize("layered", [True, False])
def test_an_old_system_is_one(tmp_path: Path, layered: bool) -> None:
    tree = {
        "etc/redhat-release": Link("centos-release"),
        "etc/centos-release": b"CentOS release 6.10 (Final)\n",
        "var/lib/dpkg/status": deb("a", "1"),
    }
    report = scan_bytes(tmp_path, docker_save([tar(tree)]) if layered else tar(tree))
    assert report.target.type == ("container" if layered else "rootfs")
    assert purls(report) == ["pkg:deb/centos/a@1?arch=amd64&distro=centos-6"]
