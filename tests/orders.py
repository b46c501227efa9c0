"""The public ordering files, which line of them is whose, and the closed list of lines that we miss."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

#: The families of the files, each with the scheme that orders it.
FAMILIES = {
    "alpine": "apk",
    "cran": "dotted",
    "debian": "dpkg",
    "hackage": "dotted",
    "maven": "maven",
    "nuget": "nuget",
    "packagist": "packagist",
    "pub": "pub",
    "pypi": "pep440",
    "redhat": "rpm",
    "rubygems": "gem",
    "semver": "semver",
}

_DOTTED = "a qualifier counts alike behind a dot and behind a hyphen (POM reference; Maven since 3.8.7)"
_CASE = "Composer writes words in small letters before PHP compares them: BETA is beta, and above alpha"
_FILLED = "Composer fills numbers up to four before PHP compares them: 4.4 is 4.4.0.0, the release of 4.4.0-beta"

#: What we decide otherwise than the files, and why. Maven 3.8.7 and Composer 3.3 themselves, asked about each of these
#: lines, answered as we do; on every other line of those families they agree with the files, as we do, except that
#: Maven 3.8.7 puts 1-1 above 1-ga-1, which the POM reference and the file call equal.
MISSED = {
    "maven": {
        "1.0.0-RC16 < 1.0.0.RC8-beta": _DOTTED,
        "2.9.0-1 < 2.9.0.RC1": _DOTTED,
        "1.0.0rc0 < 1.0.beta8": _DOTTED,
        "1.5.9.RC1 < 1.5.9-RC0": _DOTTED,
        "1.1.31.sec10 < 1.1.31_noneautotype": _DOTTED,
        "1.1.34.sec10 < 1.1.34_noneautotype": _DOTTED,
        "1.2.8.sec10_noneautotype < 1.2.8_noneautotype": _DOTTED,
        "1.2.57.sec10 < 1.2.57_noneautotype": _DOTTED,
        "1.2.60.sec10 < 1.2.60_noneautotype": _DOTTED,
    },
    "packagist": {
        "v1.9.0-ALPHA.1 = v1.9.0-BETA.1": _CASE,
        "v1.9.0-BETA.1 < v1.9.0-ALPHA.2": _CASE,
        "v1.9.0-ALPHA.2 = v1.9.0-BETA.2": _CASE,
        "v4-beta4 < v4.0-alpha": _FILLED,
        "v4.4 < v4.4.0-beta": _FILLED,
        "v6.5 < v6.5.0-beta-0": _FILLED,
        "v6.6 < v6.6.0-beta": _FILLED,
    },
}

_LINE = re.compile(r"(\S+) ([<=>]) (\S+)")


class Line(NamedTuple):
    """Two versions and how they stand to each other."""

    left: str
    sign: str
    right: str

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


def lines(shared: Path, family: str) -> Iterator[Line]:
    """All lines on one family: those written by hand, then those that somebody's own program made."""
    for kind in ("", "-generated"):
        file = shared / "fixtures/version-order" / f"{family}-versions{kind}.txt"
        for text in file.read_text("utf-8").splitlines() if file.is_file() else ():
            if text and not text.startswith("//"):
                match = _LINE.fullmatch(text)
                assert match, text
                yield Line(*match.groups())


def sign(left: object, right: object) -> str:
    """How two keys stand to each other."""
    return "<" if left < right else ">" if left > right else "="  # type: ignore[operator]
