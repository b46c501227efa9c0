"""The public ordering files, which line of them is whose, and the closed list of lines that we miss."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
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


class Missed(NamedTuple):
    """Why a line is decided otherwise: how the program of today reads the two versions, and the reason in words."""

    read: str
    why: str


_DOTTED = (
    "the file asks Maven 3.8.6, to which a qualifier behind a dot was another thing than behind a hyphen: a defect"
    " (MNG-7644), mended in 3.8.7, 3.9 and 4"
)
_CIRCLE = f"{_DOTTED}; to 3.8.6 RC1 was below 2.9.0 as well, which is below 2.9.0-1: no order can say all three"
_CASE = "the file asks PHP alone; Composer writes words in small letters before it compares: BETA is beta"
_FILLED = "the file asks PHP alone; Composer fills numbers up to four before it compares"

#: What we decide otherwise than the files, and why. The files are made by programs, Maven's by maven-artifact 3.8.6 and
#: Packagist's by PHP's version_compare. Maven 3.8.7 and Composer's semver 3.3, which people's builds ask, answer about
#: each of these lines as we do (a test asks them); on every other line of those families they agree with the files,
#: except that Maven 3.8.7 puts 1-1 above 1-ga-1, which the POM reference and the file call equal, and that PHP cannot
#: tell numbers of thirty digits apart.
MISSED = {
    "maven": {
        "1.0.0-RC16 < 1.0.0.RC8-beta": Missed("1-rc-16 > 1-rc-8-beta", _DOTTED),
        "2.9.0-1 < 2.9.0.RC1": Missed("2.9-1 > 2.9-rc-1", _CIRCLE),
        "1.0.0rc0 < 1.0.beta8": Missed("1-rc > 1-beta-8", _DOTTED),
        "1.5.9.RC1 < 1.5.9-RC0": Missed("1.5.9-rc-1 > 1.5.9-rc", _DOTTED),
        "1.1.31.sec10 < 1.1.31_noneautotype": Missed("1.1.31-sec-10 > 1.1.31-_noneautotype", _DOTTED),
        "1.1.34.sec10 < 1.1.34_noneautotype": Missed("1.1.34-sec-10 > 1.1.34-_noneautotype", _DOTTED),
        "1.2.8.sec10_noneautotype < 1.2.8_noneautotype": Missed(
            "1.2.8-sec-10-_noneautotype > 1.2.8-_noneautotype", _DOTTED
        ),
        "1.2.57.sec10 < 1.2.57_noneautotype": Missed("1.2.57-sec-10 > 1.2.57-_noneautotype", _DOTTED),
        "1.2.60.sec10 < 1.2.60_noneautotype": Missed("1.2.60-sec-10 > 1.2.60-_noneautotype", _DOTTED),
    },
    "packagist": {
        "v1.9.0-ALPHA.1 = v1.9.0-BETA.1": Missed("1.9.0.0-alpha1 < 1.9.0.0-beta1", _CASE),
        "v1.9.0-BETA.1 < v1.9.0-ALPHA.2": Missed("1.9.0.0-beta1 > 1.9.0.0-alpha2", _CASE),
        "v1.9.0-ALPHA.2 = v1.9.0-BETA.2": Missed("1.9.0.0-alpha2 < 1.9.0.0-beta2", _CASE),
        "v4-beta4 < v4.0-alpha": Missed("4.0.0.0-beta4 > 4.0.0.0-alpha", _FILLED),
        "v4.4 < v4.4.0-beta": Missed("4.4.0.0 > 4.4.0.0-beta", _FILLED),
        "v6.5 < v6.5.0-beta-0": Missed("6.5.0.0 > 6.5.0.0-beta0", _FILLED),
        "v6.6 < v6.6.0-beta": Missed("6.6.0.0 > 6.6.0.0-beta", _FILLED),
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


def maven(read: Sequence[Line]) -> list[str] | None:
    """What Maven says of each line, as it reads the versions (``1-rc-1 < 1``); ``None`` without Maven and Java."""
    program, java = shutil.which("mvn"), shutil.which("java")
    folder = Path(program).resolve().parent.parent / "lib" if program else Path()
    if not program or not java or not (jars := sorted(folder.glob("maven-artifact-*.jar"))):
        return None
    # it prints the canonical form of each argument, and how each stands to the one before it
    asked = [text for line in read for text in (line.left, line.right)]
    named = "org.apache.maven.artifact.versioning.ComparableVersion"
    given = [java, "-cp", f"{jars[0]}:{folder / 'commons-lang3.jar'}", named, *asked]
    said = subprocess.run(given, capture_output=True, text=True, check=True, timeout=120).stdout
    forms = re.findall(r"^[0-9]+\. \S+ -> (\S*); tokens", said, re.MULTILINE)
    signs = re.findall(r"^ {3}\S+ (<|==|>) \S+$", said, re.MULTILINE)
    assert len(forms) == len(asked) == len(signs) + 1
    # of zeros alone nothing is left
    return [f"{forms[at] or 0} {signs[at][0]} {forms[at + 1] or 0}" for at in range(0, len(asked), 2)]


_COMPOSER = """
require "Composer/Semver/autoload.php";
use Composer\\Semver\\Comparator;
$parser = new Composer\\Semver\\VersionParser();
while (($line = fgets(STDIN)) !== false) {
  [$a, $b] = explode(" ", trim($line));
  try { [$a, $b] = [$parser->normalize($a), $parser->normalize($b)]; } catch (UnexpectedValueException) { }
  echo $a, Comparator::lessThan($a, $b) ? " < " : (Comparator::equalTo($a, $b) ? " = " : " > "), $b, "\\n";
}
"""


def composer(read: Sequence[Line]) -> list[str] | None:
    """What Composer says of each line, in its normal form (``1.0.0.0-beta1 < 1.0.0.0``); ``None`` without it."""
    php = shutil.which("php")
    if not php or not shutil.which("composer"):
        return None
    pairs = "".join(f"{line.left} {line.right}\n" for line in read)
    done = subprocess.run([php, "-r", _COMPOSER], input=pairs, capture_output=True, text=True, check=False, timeout=120)
    # not every installation has its parts where PHP looks for them
    return done.stdout.splitlines() if not done.returncode else None


#: The programs that people's builds ask, by the families that MISSED is about.
TODAY: dict[str, Callable[[Sequence[Line]], list[str] | None]] = {"maven": maven, "packagist": composer}
