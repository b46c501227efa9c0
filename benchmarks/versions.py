"""Version orders on the public ordering files: right lines and speed, against univers and packaging in turn.

    python -m benchmarks versions [--shared ../shared] [--runs 5] [--write]

Prints lines right, comparisons a CPU second (both versions parsed each time) and keys a CPU second, medians of the
runs; `--write` writes both into `benchmarks/VERSIONS.md`, which the reference takes over. Ends with 1 where a line is
missed that is not on the closed list of `tests/orders.py`, or one that is on it is not.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from packaging.version import Version

from surveyor.scan.advise.versions import SCHEMES
from tests.orders import FAMILIES, MISSED, TODAY, Line, lines, sign

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from univers import versions as univers

PAGE = Path(__file__).with_name("VERSIONS.md")
#: What univers calls each family; it has no order of CRAN, Hackage and Pub.
UNIVERS: dict[str, Callable[[str], Any]] = {
    "alpine": univers.AlpineLinuxVersion,
    "debian": univers.DebianVersion,
    "maven": univers.MavenVersion,
    "nuget": univers.NugetVersion,
    "packagist": univers.ComposerVersion,
    "pypi": univers.PypiVersion,
    "redhat": univers.RpmVersion,
    "rubygems": univers.RubygemsVersion,
    "semver": univers.SemverVersion,
}
#: Comparisons of one sample; small files are gone through several times.
SAMPLE = 5_000


def tools(family: str) -> dict[str, Callable[[str], Any]]:
    """Everything that orders a family, ours first."""
    out: dict[str, Callable[[str], Any]] = {"surveyor": SCHEMES[FAMILIES[family]]}
    if family in UNIVERS:
        out["univers"] = UNIVERS[family]
    if family == "pypi":
        out["packaging"] = Version
    return out


def right(parse: Callable[[str], Any], read: Sequence[Line]) -> list[bool]:
    """Of each line whether a tool decides it as the file does; an exception is a wrong answer."""
    out = []
    for line in read:
        try:
            out.append(sign(parse(line.left), parse(line.right)) == line.sign)
        except Exception:  # noqa: BLE001 - whatever a peer raises
            out.append(False)
    return out


def speed(parse: Callable[[str], Any], read: Sequence[Line]) -> float:
    """Comparisons a CPU second, of the lines that every tool takes."""
    rounds = -(-SAMPLE // len(read))
    start = time.process_time()
    for _ in range(rounds):
        for left, _, other in read:
            parse(left) < parse(other)  # noqa: B015
    return rounds * len(read) / (time.process_time() - start)


def key_speed(parse: Callable[[str], Any], read: Sequence[Line]) -> float:
    """Keys a CPU second."""
    texts = [text for line in read for text in (line.left, line.right)]
    rounds = -(-2 * SAMPLE // len(texts))
    start = time.process_time()
    for _ in range(rounds):
        for text in texts:
            parse(text)
    return rounds * len(texts) / (time.process_time() - start)


def taken_by_all(family: str, read: Sequence[Line]) -> list[Line]:
    """Lines on which no tool raises."""
    out = []
    for line in read:
        try:
            for parse in tools(family).values():
                sign(parse(line.left), parse(line.right))
        except Exception:  # noqa: BLE001 - whatever a peer raises
            continue
        out.append(line)
    return out


def measure(family: str, read: Sequence[Line], runs: int) -> str:
    """One row of speeds: medians of samples that were taken in turn."""
    read, parsers = taken_by_all(family, read), tools(family)
    samples: dict[str, list[float]] = {name: [] for name in (*parsers, "keys")}
    for _ in range(runs):
        for name, parse in parsers.items():
            samples[name].append(speed(parse, read))
        samples["keys"].append(key_speed(parsers["surveyor"], read))
    median = {name: statistics.median(found) for name, found in samples.items()}
    cells = [f"{median[name]:,.0f}" if name in median else "–" for name in ("surveyor", "univers", "packaging", "keys")]
    faster = f"{median['surveyor'] / median['univers']:.1f}" if "univers" in median else "–"
    return f"| {family} | " + " | ".join([*cells, faster]) + " |"


def today(family: str, read: Sequence[Line]) -> str:
    """How many lines the program decides as its file says that people's builds ask today."""
    said = TODAY[family](read) if family in TODAY else None
    if said is None:
        return "–"
    return f"{sum(text.split()[1] == line.sign for text, line in zip(said, read, strict=True)):,}"


def table(read: dict[str, list[Line]]) -> tuple[str, bool]:
    """Right lines by family and tool, and whether ours are exactly those that the closed list leaves."""
    rows, closed = [], True
    everything = ours = asked = theirs = 0
    for family, own in read.items():
        marks = {name: right(parse, own) for name, parse in tools(family).items()}
        missed = {str(line) for line, good in zip(own, marks["surveyor"], strict=True) if not good}
        closed &= missed == set(MISSED.get(family, ()))
        cells = [f"{sum(marks[name]):,}" if name in marks else "–" for name in ("surveyor", "univers", "packaging")]
        rows.append(f"| {family} | {len(own):,} | " + " | ".join([*cells, today(family, own)]) + " |")
        asked += len(own) if "univers" in marks else 0
        theirs += sum(marks.get("univers", ()))
        everything += len(own)
        ours += sum(marks["surveyor"])
    rows.append(f"| **all** | {everything:,} | {ours:,} ({ours / everything:.3%}) | {theirs:,} of {asked:,} | | |")
    peers = f"univers {version('univers')} | packaging {version('packaging')}"
    head = f"| family | lines | Surveyor | {peers} | Maven, Composer |"
    return "\n".join([head, "|---|---:|---:|---:|---:|---:|", *rows]), closed


def page(found: str, speeds: str, runs: int) -> str:
    """What is checked in: measured, so with its date."""
    return (
        "# Version orders, measured\n\n"
        f'Written by `make bench ARGS="versions --write"` on {datetime.now(UTC):%Y-%m-%d}.\n\n'
        "Lines of the public ordering files (two versions and how they stand to each other) that are decided as the\n"
        "file says. An exception counts as wrong; – where a tool has no such order. The last column is the program\n"
        "that people's builds ask today (maven-artifact 3.8.7, composer/semver 3.3), on files that older ones made.\n\n"
        f"{found}\n\n"
        "Comparisons a CPU second with both versions read each time, on lines that no tool refuses, in turn; keys a\n"
        f"CPU second are Surveyor's; medians of n={runs}. Small files, such as Red Hat's 67 lines, are gone through\n"
        "again and again, which flatters whoever keeps what it has read.\n\n"
        f"{speeds}\n"
    )


def main() -> int:
    """Count, measure, print; write the page when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[1].parent / "shared")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    read = {family: [*lines(given.shared, family)] for family in FAMILIES}
    read = {family: own for family, own in read.items() if own}
    if not read:
        parser.error(f"no ordering files below {given.shared}")
    found, closed = table(read)
    print(found + "\n")
    speeds = [
        "| family | Surveyor | univers | packaging | keys | Surveyor ÷ univers |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    print(*speeds, sep="\n")
    for family, own in read.items():
        speeds.append(measure(family, own, given.runs))
        print(speeds[-1], flush=True)
    if given.write:
        PAGE.write_text(page(found, "\n".join(speeds), given.runs), "utf-8")
    return 0 if closed else 1


if __name__ == "__main__":
    sys.exit(main())
