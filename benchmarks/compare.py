"""Packages of every file of the corpus: found by Surveyor, by Syft and by Trivy, and each difference explained.

    python -m benchmarks compare [--folder .cache/corpus] [--only GLOB] [--page benchmarks/PACKAGES.md]

Compared are sets of (type, namespace, name, version) for each ecosystem. What a peer said is kept in the folder and
asked again only when the file or the peer changes; Surveyor is asked every time. ``explanations.toml`` says why the
sets differ; what it does not cover stands in the page as UNEXPLAINED, and the command ends with 1. Rows of it that
explain nothing any more are named.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import unquote

from benchmarks import peers

HERE = Path(__file__).parent
TOOLS = ("surveyor", "syft", "trivy")
#: How many names of a difference are written out.
SHOWN = 6

#: Distributions by another name in one tool.
SAME_DISTRIBUTION = {"cbl-mariner": "mariner", "suse": "sles"}

Identity = tuple[str, str, str, str]


@dataclass
class Answer:
    """What one tool said of one file; ``error`` instead of packages when it failed."""

    packages: set[Identity] = field(default_factory=set)
    error: str = ""
    status: str = ""
    #: Those that only a heuristic says are there; Surveyor alone tells them apart.
    unverified: set[Identity] = field(default_factory=set)


@dataclass(frozen=True)
class Difference:
    """Packages of one ecosystem that one side has and the other has not."""

    file: str
    ecosystem: str
    peer: str
    ours: bool
    packages: tuple[Identity, ...]

    @property
    def side(self) -> str:
        return "ours" if self.ours else "theirs"


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why sets differ: for files, ecosystems, peers and a side, all by glob; ``packages`` narrows it to some names."""

    why: str
    file: str = "*"
    ecosystem: str = "*"
    peer: str = "*"
    only: str = "*"
    packages: tuple[str, ...] = ("*",)
    #: ``ours``, ``theirs`` (a defect of ours that is known) or ``choice``.
    right: str = "ours"

    def covers(self, found: Difference, package: Identity) -> bool:
        given = (self.file, self.ecosystem, self.peer, self.only)
        asked = (found.file, found.ecosystem, found.peer, found.side)
        shown = text(package)
        return all(fnmatchcase(a, g) for a, g in zip(asked, given, strict=True)) and any(
            fnmatchcase(shown, each) for each in self.packages
        )


def identity(purl: str) -> Identity:
    """A purl without qualifiers, spelled in one way: what the three tools spell differently is no difference."""
    kind, _, rest = purl.removeprefix("pkg:").partition("/")
    rest, _, subpath = rest.partition("#")
    rest = rest.partition("?")[0].strip("/")
    path, at, version = rest.rpartition("@")
    if not at or "/" in version:
        path, version = rest, ""
    namespace, _, name = path.rpartition("/")
    namespace, name, version = unquote(namespace), unquote(name), unquote(version)
    namespace = SAME_DISTRIBUTION.get(namespace, namespace)
    match kind.lower():
        case "pypi":
            name = name.lower().replace("_", "-").replace(".", "-")
        case "golang":
            # upper case is against the rule, and kept by one tool; the standard library is without the v in another
            namespace, name = namespace.lower(), name.lower()
            version = version.removeprefix("v").replace("(devel)", "")
            # the end of a module's path is a subpath in one tool
            name = f"{name}/{subpath}" if subpath else name
            namespace, _, name = f"{namespace}/{name}".strip("/").rpartition("/")
        case "nuget":
            # a file's version has four parts, a package's three
            version = version.removesuffix(".0") if version.count(".") == 3 else version
        case "deb" | "rpm":
            # an epoch is a qualifier in one tool, a part of the version in another
            version = version.partition(":")[2] if version.partition(":")[0].isdigit() and ":" in version else version
        case "composer":
            version = version.removeprefix("v")
    return kind.lower(), namespace, name, version


def text(package: Identity) -> str:
    """As it is shown and as explanations name it: ``namespace/name@version``."""
    _, namespace, name, version = package
    return f"{namespace}/{name}@{version}" if namespace else f"{name}@{version}"


def ours(path: Path) -> Answer:
    """What the working tree finds."""
    command = [sys.executable, str(HERE / "ours.py"), str(path)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "src")}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    if done.returncode:
        return Answer(error="ended with an error: " + done.stderr.decode(errors="replace").strip()[-300:])
    said = json.loads(done.stdout)
    sure = {identity(purl) for purl, tier, _ in said["packages"] if tier == "confirmed_installed"}
    found = {identity(purl) for purl, _, _ in said["packages"]}
    status = said["type"] + (f"; {len(said['unread'])} gaps" if said["unread"] else "")
    return Answer(found, said["error"] or "", status, found - sure)


def theirs(path: Path, commands: Iterable[list[str]], read: Callable[[bytes], list[str]], memory: Path) -> Answer:
    """What a peer finds, by all the commands that are its way with such an input; kept for the next time."""
    mark = f"{path.stat().st_mtime_ns}:{commands!r}:{peers.SETTINGS!r}"
    if memory.is_file():
        kept = json.loads(memory.read_text())
        if kept["mark"] == mark:
            return Answer({identity(purl) for purl in kept["purls"]}, kept["error"])
    purls: list[str] = []
    errors = []
    for command in commands:
        try:
            purls += read(peers.run(command))
        except (peers.Failed, ValueError) as error:
            errors.append(str(error))
    error = "; ".join(errors)
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(json.dumps({"mark": mark, "purls": sorted(set(purls)), "error": error}))
    return Answer({identity(purl) for purl in purls}, error)


def ask(folder: Path, path: Path, found: peers.Peers) -> dict[str, Answer]:
    """All three about one file; what they say of its place is said without the folder."""
    name = str(path.relative_to(folder)).replace("/", "+")
    memory = folder / "peers" / "answers"
    syft, trivy = peers.syft_commands(found, path), peers.trivy_commands(found, path)
    answers = {
        "surveyor": ours(path),
        "syft": theirs(path, syft, peers.syft_purls, memory / f"{name}.syft"),
        "trivy": theirs(path, trivy, peers.trivy_purls, memory / f"{name}.trivy"),
    }
    for answer in answers.values():
        answer.error = answer.error.replace(f"{folder}/", "")
    return answers


def differences(file: str, answers: Mapping[str, Answer]) -> list[Difference]:
    """Every ecosystem and peer where a side has what the other has not."""
    found = []
    mine = by_ecosystem(answers["surveyor"].packages)
    for peer in TOOLS[1:]:
        if answers[peer].error and not answers[peer].packages:
            # its own words stand in the page
            continue
        other = by_ecosystem(answers[peer].packages)
        for ecosystem in sorted({*mine, *other}):
            left, right = mine.get(ecosystem, set()), other.get(ecosystem, set())
            for is_ours, only in ((True, left - right), (False, right - left)):
                if only:
                    found.append(Difference(file, ecosystem, peer, is_ours, tuple(sorted(only))))
    return found


def by_ecosystem(packages: Iterable[Identity]) -> dict[str, set[Identity]]:
    sorted_out: defaultdict[str, set[Identity]] = defaultdict(set)
    for package in packages:
        sorted_out[package[0]].add(package)
    return sorted_out


def explained(found: Difference, known: Iterable[Explanation]) -> tuple[list[tuple[Explanation, int]], list[Identity]]:
    """The explanations that cover a difference, with how many packages each; and what none covers."""
    counts: dict[Explanation, int] = {}
    rest = []
    for package in found.packages:
        match = next((each for each in known if each.covers(found, package)), None)
        if match:
            counts[match] = counts.get(match, 0) + 1
        else:
            rest.append(package)
    return list(counts.items()), rest


def explanations() -> list[Explanation]:
    """``explanations.toml``, the first that covers a package counts."""
    rows = tomllib.loads((HERE / "explanations.toml").read_text("utf-8"))["explained"]
    return [Explanation(**{**row, "packages": tuple(row.get("packages", ("*",)))}) for row in rows]


def rows(file: str, answers: Mapping[str, Answer]) -> list[str]:
    """A file's rows of the table: one an ecosystem."""
    sets = {tool: by_ecosystem(answers[tool].packages) for tool in TOOLS}
    status = answers["surveyor"].error or answers["surveyor"].status
    ecosystems = sorted({name for found in sets.values() for name in found})
    if not ecosystems:
        failed = ["failed" if answers[tool].error else "0" for tool in TOOLS]
        return [f"| {file} | | {' | '.join(failed)} | | | {status} |"]
    lines = []
    for at, ecosystem in enumerate(ecosystems):
        counts = [
            "failed" if answers[tool].error and not answers[tool].packages else str(len(sets[tool].get(ecosystem, ())))
            for tool in TOOLS
        ]
        mine = sets["surveyor"].get(ecosystem, set())
        if unverified := len(mine & answers["surveyor"].unverified):
            counts[0] += f" ({unverified} unverified)"
        apart = [
            f"+{len(mine - sets[peer].get(ecosystem, set()))} −{len(sets[peer].get(ecosystem, set()) - mine)}"
            if mine != sets[peer].get(ecosystem, set())
            else "="
            for peer in TOOLS[1:]
        ]
        first = (file, status) if at == 0 else ("", "")
        lines.append(f"| {first[0]} | {ecosystem} | {' | '.join(counts)} | {' | '.join(apart)} | {first[1]} |")
    return lines


def stale(answers: Mapping[str, Mapping[str, Answer]]) -> list[Explanation]:
    """Explanations of differences that are no more."""
    known = explanations()
    used = {
        reason
        for file, each in answers.items()
        for found in differences(file, each)
        for reason, _ in explained(found, known)[0]
    }
    return [each for each in known if each not in used]


def told(found: Difference, known: Iterable[Explanation]) -> tuple[list[str], int]:
    """A difference in lines, and how many of its packages nobody has explained."""
    reasons, rest = explained(found, known)
    who = f"only Surveyor (not {found.peer})" if found.ours else f"only {found.peer}"
    head = f"- `{found.file}` {found.ecosystem}, {who}: "
    marks = {"ours": "", "choice": "a choice: ", "theirs": "**a defect of ours**: "}
    lines = [f"{head}{count} — {marks[reason.right]}{reason.why}" for reason, count in reasons]
    if rest:
        names = ", ".join(text(package) for package in rest[:SHOWN]) + (" …" if len(rest) > SHOWN else "")
        lines.append(f"{head}**UNEXPLAINED** {len(rest)}: {names}")
    return lines, len(rest)


HEADER = """| file | ecosystem | Surveyor | Syft | Trivy | against Syft | against Trivy | what Surveyor says it is |
|---|---|---:|---:|---:|---|---|---|"""


def page(answers: Mapping[str, Mapping[str, Answer]]) -> tuple[str, int]:
    """The whole page, and how many packages are unexplained."""
    known = explanations()
    unexplained = 0
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for file in answers:
        groups[str(Path(file).parent)].append(file)
    out = []
    for group in sorted(groups):
        out += [f"## {group}", "", HEADER]
        remarks = []
        for file in groups[group]:
            out += rows(Path(file).name, answers[file])
            for found in differences(file, answers[file]):
                lines, count = told(found, known)
                remarks += lines
                unexplained += count
            remarks += [
                f"- `{file}`: {tool} failed: {answers[file][tool].error}" for tool in TOOLS if answers[file][tool].error
            ]
        out += ["", *merged(remarks), ""]
    head = (HERE / "packages.head.md").read_text("utf-8")
    total = totals(answers)
    return "\n".join([head, total, "", f"Unexplained: **{unexplained}** packages.", "", *out]), unexplained


def merged(remarks: list[str]) -> list[str]:
    """Remarks that differ in the file alone, as one."""
    same: dict[str, list[str]] = {}
    for remark in remarks:
        name, _, rest = remark.removeprefix("- `").partition("`")
        same.setdefault(rest, []).append(Path(name).name)
    return [f"- {', '.join(f'`{name}`' for name in names)}{rest}" for rest, names in same.items()]


def totals(answers: Mapping[str, Mapping[str, Answer]]) -> str:
    """Files and packages of each tool, over everything."""
    lines = ["| tool | files with packages | packages | files it failed on |", "|---|---:|---:|---:|"]
    for tool in TOOLS:
        each = [found[tool] for found in answers.values()]
        lines.append(
            f"| {tool} | {sum(bool(one.packages) for one in each)} | {sum(len(one.packages) for one in each):,}"
            f" | {sum(bool(one.error) for one in each)} |"
        )
    return "\n".join(lines)


def inputs(folder: Path) -> list[Path]:
    """Every piece: the files and folders two below ``formats``, and the images; of the big one, one packing."""
    pieces = [*folder.glob("formats/*/*"), *folder.glob("images/small-*"), *folder.glob("images/big-docker.tar")]
    return sorted(path for path in pieces if not path.name.startswith("making."))


def main() -> int:
    """Ask, compare, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(".cache/corpus"))
    parser.add_argument("--only", default="*", help="glob of files below the folder; the page is then printed")
    parser.add_argument("--page", type=Path, default=HERE / "PACKAGES.md")
    given = parser.parse_args()
    folder = given.folder.resolve()
    found = peers.peers(folder / "peers")
    answers = {}
    for path in inputs(folder):
        name = str(path.relative_to(folder))
        if fnmatchcase(name, given.only):
            answers[name] = ask(folder, path, found)
            counts = " ".join(f"{tool} {len(answer.packages)}" for tool, answer in answers[name].items())
            print(f"{name}: {counts}", file=sys.stderr, flush=True)
    written, unexplained = page(answers)
    if given.only == "*":
        given.page.write_text(written, "utf-8")
        for each in stale(answers):
            print(
                f"explains nothing: {each.file} {each.ecosystem} {', '.join(each.packages)}: {each.why}",
                file=sys.stderr,
            )
    else:
        print(written)
    print(f"{unexplained} packages unexplained", file=sys.stderr)
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main())
