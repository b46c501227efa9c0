"""The lines that Red Hat Enterprise Linux is kept on, and under which names Red Hat's advisories speak of a package.

A major release has one mainline, ``Red Hat:9``, and lines of minor releases, ``Red Hat:9.2``, which get fixes of their
own: while 9.2 is the newest that is the mainline too, later it is sold as EUS, AUS, E4S or TUS. Whatever repository a
build comes from, its release tells its line (``23.el9_2.4``, ``139.module+el8.8.0+18745``), and along one line versions
are ordered. So what a line says of a flaw replaces what the mainline says of it; a build of a line that is not spoken
of, or of none (``27.el9``, from before 9.x was released), is judged by the mainline, whose highest fix has everything.

A package of a module goes by ``MODULE:STREAM/NAME``, since several streams of one are mended apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote

from surveyor.scan.advise.csaf import module_of
from surveyor.scan.advise.packing import Bounds, Names
from surveyor.scan.patterns import regex

BASE: Final = "Red Hat"
#: The scopes of the feed: a file per flaw, and a file per erratum.
FLAWS: Final = "vex"
ERRATA: Final = "advisories"

_CPE = regex(r"cpe:/[ao]:redhat:(?P<product>[a-z0-9_]{1,60}):(?P<major>[0-9]{1,2})(?:\.(?P<minor>[0-9]{1,2}))?(?::|$)")
#: Repositories of the mainline; ELS goes on with the last minor release of a major one.
_MAINLINE = frozenset({"enterprise_linux", "rhel_common", "rhel_els", "rhel_supplementary"})
_EXTRAS = "rhel_extras"
#: What a minor release is kept alive by.
_MINOR = frozenset(
    {
        *("enterprise_linux_eus", "rhel_aus", "rhel_e4s", "rhel_eus", "rhel_eus_long_life", "rhel_mission_critical"),
        *("rhel_tus",),
    }
)
_LINE = regex(
    r"\.el(?P<major>[0-9]{1,2})_(?P<minor>[0-9]{1,2})(?![0-9])|[.+_]module\+el(?P<m>[0-9]{1,2})\.(?P<n>[0-9]{1,2})\."
)
_LABEL = regex(r"[?&]rpmmod=(?P<label>[^&#]+)")


@dataclass(frozen=True, slots=True)
class Stream:
    """A product stream of RHEL: its major release, and the minor one where it is not the mainline."""

    major: str
    minor: str = ""


def stream_of(cpe: str) -> Stream | None:
    """The stream of a CPE 2.2 name (``cpe:/o:redhat:rhel_eus:9.2::baseos``), nothing for any other product.

    Layered products (OpenShift, JBoss …) ship packages of RHEL's names in versions of their own, so they say nothing
    about RHEL's.
    """
    found = _CPE.match(cpe)
    if found is None:
        return None
    product, major, minor = found["product"], found["major"], found["minor"] or ""
    if product in _MAINLINE or product.startswith(_EXTRAS):
        return Stream(major)
    return Stream(major, minor) if product in _MINOR and minor else None


def minor_of(version: str, major: str) -> str:
    """The minor release that a build was made for, by its release; empty where that says none of this major one."""
    found = _LINE.search(version)
    if found is None or (found["major"] or found["m"]) != major:
        return ""
    return found["minor"] or found["n"]


def ecosystem(major: str, minor: str = "") -> str:
    """What a line's rows stand under."""
    return f"{BASE}:{major}.{minor}" if minor else f"{BASE}:{major}"


def line_of(mainline: str, version: str) -> str:
    """The ecosystem of the line that a build is from, empty when it has none or the mainline is not RHEL's."""
    base, _, major = mainline.partition(":")
    minor = minor_of(version, major) if base == BASE else ""
    return ecosystem(major, minor) if minor else ""


def name_of(package_purl: str, name: str) -> str:
    """What a package goes by in Red Hat's advisories: of a module with that before it."""
    label = _LABEL.search(package_purl)
    module = module_of(unquote(label["label"])) if label else ""
    return f"{module}/{name}" if module else name


class Scoped(Protocol):
    """The scope of a feed that something comes from."""

    @property
    def scope(self) -> str:
        """``vex`` or ``advisories``."""


class Database(Protocol):
    """Where bounds come from: an open advisory database."""

    @property
    def collections(self) -> Mapping[int, Scoped]:
        """The scopes by the ``collection`` of bounds."""

    def bounds(self, ecosystem: str, name: str) -> list[Bounds]:
        """Those of an ecosystem and a name."""

    def names(self, advisories: Iterable[int]) -> dict[int, Names]:
        """What advisories go by."""


def bounds(source: Database, mainline: str, name: str, line: str) -> list[Bounds]:
    """What is said of a package of any distribution, by its line before its mainline, flaw by flaw.

    Of RHEL a flaw's own file goes before errata, which call every package that they bring a fixed one.
    """
    found = source.bounds(mainline, name)
    if not line and not mainline.startswith(f"{BASE}:"):
        return found
    nearer = source.bounds(line, name) if line else []
    both = [*nearer, *found]
    flaws = {n: names.ids[0] for n, names in source.names(each[0] for each in both).items()}
    of_flaws = {n for n, collection, *_ in both if source.collections[collection].scope == FLAWS}
    own = {flaws[n] for n in of_flaws}
    nearer = [each for each in nearer if each[0] in of_flaws or flaws[each[0]] not in own]
    said = {flaws[n] for n, *_ in nearer}
    rest = (each for each in found if flaws[each[0]] not in said and (each[0] in of_flaws or flaws[each[0]] not in own))
    return [*nearer, *rest]
