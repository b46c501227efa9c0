"""What a cataloger is: which files it wants, and one pure function from such a file to package records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from itertools import islice

from surveyor.scan.formats.licence import spdx
from surveyor.scan.formats.program import Program, programs
from surveyor.scan.formats.protection import Protection
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Distro, Presence, SourcePackage, Tier
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

_EVIDENCE = 300
_FIELD = 256
_LICENSE = 120
_RELATED, _NAME = 200, 80  # bytes of a name


@frozen
class File:
    """One wanted file: its path in the tree and its bytes, whole unless the cataloger asked for the beginning only."""

    path: str
    data: memoryview
    #: The one that it holds, once somebody has read all; a universal one is read again for whoever asks.
    _program: list[tuple[int, Program]] = field(default_factory=list, init=False, repr=False, compare=False)

    def programs(self) -> Iterator[tuple[int, Program]]:
        """The programs that it holds, as ``formats.program`` reads them; several catalogers ask, one after another."""
        if self._program:
            yield self._program[0]
            return
        found, count = None, 0
        for count, found in enumerate(programs(self.data), start=1):  # noqa: B007 - how many is known at the end
            yield found
        if found and count == 1:
            self._program.append(found)


@frozen
class Record:
    """One package as a file says. ``inner`` is the path inside the file when it is an archive.

    ``evidence`` quotes the record, bounded; ``arch`` is the PURL qualifier of packages that are built for one,
    ``qualifiers`` are others, ``subpath`` is the PURL's. ``distro`` is the distribution where the record itself says
    so, as an SBOM does.

    An empty ``version`` says that the file names none: whatever version of that name is found elsewhere takes the
    record over. A ``remark`` says something of a package and is none where it stands alone: its licence, or with a
    ``version`` which one is meant where another file names none, as a parent project manages.

    ``owner`` is the system package that put it there, where the record itself says so, as ``deb/python3-idna``.

    ``needs`` are what it depends on, by what others of the same file (of the same system, when the unit is a system's)
    are ``called``; with bars between them the first that is there counts. ``hashes`` are of what it is distributed as.
    """

    type: str
    name: str
    version: str
    namespace: str | None = None
    licenses: tuple[str, ...] = ()
    evidence: str = ""
    inner: str | None = None
    tier: Tier = Tier.CONFIRMED
    presence: Presence = Presence.INSTALLED
    source: SourcePackage | None = None
    state: str | None = None
    arch: str | None = None
    qualifiers: tuple[tuple[str, str], ...] = ()
    subpath: str | None = None
    distro: Distro | None = None
    remark: bool = False
    owner: str | None = None
    called: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()


#: Folders of installed packages: what lies in one of theirs is that package's own business. Of ``vendor`` only what
#: package managers lay there, for a folder of people may have that name.
_FOREIGN = (
    rb"node_modules|bower_components|site-packages|dist-packages|conda-meta|gems/[^/]+-[0-9][^/]*|pkg/mod|registry/src|"
    rb"vendor/(?:bundle|[^/]+\.[^/]+)|Pods|usr/share/(?:nodejs|doc)|usr/share/cargo/registry"
)


def declares(names: bytes) -> re.Pattern[bytes]:
    """The paths of files whose last name this pattern fits, outside the folders of installed packages."""
    return regex(rb"^(?!(?:.*/)?(?:" + _FOREIGN + rb")/)(?:.*/)?(?:" + names + rb")$", re.DOTALL)


@frozen
class Owned:
    """The files that a system package put where they are: absolute paths, one a line, as its database lists them.

    ``type`` is the package's PURL type.
    """

    type: str
    package: str
    paths: bytes | memoryview


@frozen
class Referral:
    """Another file that this one names and the same unit reads, whatever it is called: a path as it is written here,
    from the folder of this file.
    """

    path: str


Parse = Callable[[File, Budget], Iterator[Record | Owned | Protection | Referral]]


@frozen
class Cataloger:
    """A declaration. ``names`` is matched against the last component of a path and may look behind it, ``endings``
    against what follows a dot in it: those of all units cost the hot path one look together. ``paths`` is matched
    against all of the path. ``system`` packages are a distribution's: then its group ``root`` is where that is, and
    ``places`` are where its database stands below that, a folder with a slash at its end: links to them are followed.

    ``programs`` asks for executables, which their mode and first bytes tell, whatever their names; ``unowned`` only for
    those, and shared libraries too, that no system package put there: what one did is judged by its distribution.

    ``limit`` bounds what is read of one file; ``beginning`` says that the rest does not matter; ``random`` that only
    parts of the file are reached, so that a mapped one may be larger.
    """

    id: str
    version: int
    summary: str
    paths: re.Pattern[bytes]
    parse: Parse
    names: bytes = b""
    endings: bytes = b""
    system: bool = False
    places: tuple[bytes, ...] = ()
    limit: int = 8 * MIB
    beginning: bool = False
    random: bool = False
    programs: bool = False
    unowned: bool = False

    @property
    def stamp(self) -> str:
        """What a package says about who found it."""
        return f"{self.id}@{self.version}"


def text(value: bytes) -> str:
    """A field as text: UTF-8, other bytes escaped, control characters gone."""
    found = value.decode("utf-8", "backslashreplace").strip()
    return found if found.isprintable() else "".join(char for char in found if char.isprintable())


def utf8(data: bytes) -> bytes:
    """A text in UTF-8 that may begin with a byte order mark of UTF-16, as Visual Studio and PowerShell write some."""
    return data.decode("utf-16", "replace").encode() if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else data


def plausible(value: str) -> bool:
    """Whether this can be a name or a version at all: something, not long, printable, no white space."""
    return 0 < len(value) <= _FIELD and value.isprintable() and " " not in value


def licence(value: str) -> tuple[str, ...]:
    """A licence as an SPDX expression where that is certain, else as it is named; a text or a placeholder is none."""
    value = " ".join(value.split())
    if known := spdx(value):
        return (known,)
    return (value,) if value and len(value) <= _LICENSE and value.upper() not in {"UNKNOWN", "NONE", "LICENSE"} else ()


def related(names: Iterable[str], budget: Budget) -> tuple[str, ...]:
    """Names that a record is called by, or needs: each once, so many as any package has."""
    told = tuple(dict.fromkeys(islice(names, _RELATED)))
    if told:
        budget.hold(_NAME * len(told))
    return told


def quote(**fields: str | None) -> str:
    """Evidence: the fields of a record as ``Key: value`` lines, bounded."""
    return "\n".join(f"{key}: {value}" for key, value in fields.items() if value)[:_EVIDENCE]
