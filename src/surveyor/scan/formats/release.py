"""Which distribution the files of a root filesystem say it is.

os-release(5) first, which all have had since 2012; else what is older: lsb-release (the Linux Standard Base's
``lsb_release``), and the one line that each distribution kept in a file of its own.
"""

from __future__ import annotations

import re

from surveyor.scan.model import Distro
from surveyor.scan.patterns import regex

#: Where a system says it, the surest first. Ubuntu keeps Debian's file and Oracle's Linux keeps Red Hat's, so theirs
#: come behind.
PLACES = (
    b"etc/os-release",
    b"usr/lib/os-release",
    b"etc/lsb-release",
    b"etc/openwrt_release",
    b"etc/alpine-release",
    b"etc/oracle-release",
    b"etc/rocky-release",
    b"etc/almalinux-release",
    b"etc/centos-release",
    b"etc/fedora-release",
    b"etc/mariner-release",
    b"etc/photon-release",
    b"etc/system-release",
    b"etc/redhat-release",
    b"etc/SuSE-release",
    b"etc/debian_version",
)
#: A pattern of their last names.
NAMES = (
    rb"os-release|(?:lsb|alpine|oracle|rocky|almalinux|centos|fedora|mariner|photon|system|redhat|SuSE)-release|"
    rb"openwrt_release|debian_version"
)
#: What is read of one of them; real ones have 500 bytes.
LIMIT = 64 << 10
_LINE = regex(r"^([A-Z_]+)=(.*)$", re.MULTILINE)
_ID = regex(r"[a-z0-9._-]{1,64}")
_VERSION = regex(r"[0-9]+(?:\.[0-9]+)*")
_FIELDS = {
    "os-release": ("ID", "VERSION_ID", "PRETTY_NAME"),
    "lsb-release": ("DISTRIB_ID", "DISTRIB_RELEASE", "DISTRIB_DESCRIPTION"),
    "openwrt_release": ("DISTRIB_ID", "DISTRIB_RELEASE", "DISTRIB_DESCRIPTION"),
}
#: How the one line begins, and the id that os-release has for it.
_LINES = (
    ("almalinux", "almalinux"),
    ("amazon linux", "amzn"),
    ("cbl-mariner", "mariner"),
    ("centos", "centos"),
    ("fedora", "fedora"),
    ("opensuse", "opensuse"),
    ("oracle linux", "ol"),
    ("red hat enterprise linux", "rhel"),
    ("rocky linux", "rocky"),
    ("scientific linux", "scientific"),
    ("suse linux enterprise", "sles"),
    ("vmware photon", "photon"),
)
#: Releases of Debian from 10 on, and of Ubuntu, by the names that their repositories go by.
_DEBIAN = ("buster", "bullseye", "bookworm", "trixie", "forky", "duke")
_FIRST = 10
_UBUNTU = {
    "trusty": "14.04",
    "xenial": "16.04",
    "bionic": "18.04",
    "focal": "20.04",
    "jammy": "22.04",
    "noble": "24.04",
    "oracular": "24.10",
    "plucky": "25.04",
    "questing": "25.10",
}
#: Whose os-release has the major version only.
_MAJOR = frozenset({"centos", "debian"})
_NAME = 200


def parse(place: bytes, data: bytes) -> Distro | None:
    """The distribution by the file of this place; nothing without a usable id."""
    text = data.decode("utf-8", "replace").replace("\r", "")
    last = place.rpartition(b"/")[2].decode()
    if last in _FIELDS:
        return _by_fields(text, *_FIELDS[last])
    line = _printable(text.strip().partition("\n")[0])[:_NAME]
    if last == "alpine-release":
        return _made("alpine", line, f"Alpine Linux {line}") if line else None
    if last == "debian_version":
        # a name there is that of the release to come: testing or unstable
        return _made("debian", line, f"Debian GNU/Linux {line}") if line else None
    identity = next((found for begin, found in _LINES if line.lower().startswith(begin)), None)
    return _made(identity, line, line) if identity else None


def by_codename(name: str) -> Distro | None:
    """The release of Debian or Ubuntu that is called so."""
    if name in _UBUNTU:
        return Distro(id="ubuntu", version=_UBUNTU[name])
    return Distro(id="debian", version=str(_FIRST + _DEBIAN.index(name))) if name in _DEBIAN else None


def _made(identity: str, line: str, name: str) -> Distro:
    found = _VERSION.search(line)
    return Distro(id=identity, version=_release(identity, found[0][:64] if found else ""), name=name)


def _release(identity: str, version: str) -> str:
    """A version as os-release has it: of some the major one only."""
    return version.partition(".")[0] if identity in _MAJOR else version


def _by_fields(text: str, id_: str, version: str, name: str) -> Distro | None:
    fields = {key: _unquoted(value) for key, value in _LINE.findall(text)}
    identity = fields.get(id_, "").lower()
    if not _ID.fullmatch(identity):
        return None
    # Debian's installer goes on behind it: "12 (bookworm) - installer build 20230607"
    told = fields.get(version, "").partition(" ")[0][:64]
    return Distro(id=identity, version=_release(identity, told), name=fields.get(name, "")[:_NAME])


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return _printable(value)


def _printable(value: str) -> str:
    return "".join(char for char in value if char.isprintable())
