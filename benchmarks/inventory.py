"""Inventory of artifacts: whole processes, processor seconds and memory, in turn with Syft and Trivy on the same input.

    python -m benchmarks inventory [IMAGE…] [--folder .cache/corpus] [--runs 5] [--tools surveyor again bare syft trivy]

Without images, those of the corpus (``python -m benchmarks corpus``). Each input is scanned by each tool in turn,
and again, after one round that does not count and that warms the page cache; in that round the private memory of
Surveyor's processes is watched. Printed is a table: medians of n runs, and the ratio of processor time pair by pair.
``bare`` is Surveyor's reading alone, as the bar of the design is meant: no start of a process, no SHA-256 of the file.

All tools are given the same input. Trivy takes no OCI tar, so an OCI layout is measured as a folder where the corpus
has one. A tool that fails on an input is said to, with its words, and is not asked again. ``--python`` names another
interpreter of the same version for Surveyor: how one was compiled is a tenth of what Python takes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import peers

HERE = Path(__file__).parent
TOOLS = ("surveyor", "again", "bare", "syft", "trivy")
OURS = frozenset(TOOLS[:3])
#: How often the memory of a running scan is looked at.
WATCH_SECONDS = 0.02


@dataclass(frozen=True)
class Run:
    """One process, as the kernel accounts for it: seconds, and the peak of the largest of its processes in MB."""

    cpu: float
    wall: float
    resident: float


@dataclass
class Row:
    """What one tool did with one input."""

    tool: str
    command: list[str]
    runs: list[Run] = field(default_factory=list)
    #: By the last of them; those of all would be counted as resident in whoever is started next.
    printed: bytes = b""
    failed: str = ""
    private: float | None = None


def timed(command: list[str], environment: dict[str, str], watch: list[int] | None = None) -> tuple[Run, bytes]:
    """Run one process to its end, and what it printed.

    ``watch`` is given the anonymous memory of its tree in KiB, again and again.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as words:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=words, env=environment)
        if watch is not None:
            threading.Thread(target=_watch, args=(process.pid, watch), daemon=True).start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        for file in (out, words):
            file.seek(0)
        if process.returncode:
            last = words.read().decode(errors="replace").strip().splitlines() or [f"ended with {process.returncode}"]
            raise peers.Failed(last[-1][-200:])
        return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024 / 1e6), out.read()


def _watch(pid: int, seen: list[int]) -> None:
    """Until the process is gone."""
    while True:
        try:
            seen.append(sum(_anonymous(each) for each in _tree(pid)))
        except (OSError, IndexError, ValueError):
            return
        time.sleep(WATCH_SECONDS)


def _tree(pid: int) -> Iterator[int]:
    """A process and those that it started."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _tree(int(child))


def _anonymous(pid: int) -> int:
    """KiB that only this process has: neither files nor what it shares."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1])
    return 0


def commands(image: Path, found: peers.Peers | None, tools: list[str], cache: Path, python: str) -> list[Row]:
    """How each tool is asked about one input."""
    rows = []
    for tool in tools:
        if tool in OURS:
            more = {"again": [str(cache)], "bare": ["--bare"]}.get(tool, [])
            rows.append(Row(tool, [python, str(HERE / "ours.py"), str(image), *more]))
        elif found and tool == "syft":
            rows.append(Row(tool, peers.syft_commands(found, image)[0]))
        elif found:
            rows.append(Row(tool, peers.trivy_commands(found, image)[-1]))
    return rows


def measure(image: Path, rows: list[Row], runs: int) -> None:
    """All tools in turn, ``runs`` times after the round that does not count."""
    # another interpreter has none of what is installed beside this one
    path = os.pathsep.join([str(HERE.parent / "src"), *(each for each in sys.path if each.endswith("site-packages"))])
    environment = {**peers.ENVIRONMENT, "PYTHONPATH": path}
    # an installed program has its bytecode; the round that does not count writes it
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for turn in range(runs + 1):
        for row in rows:
            if row.failed:
                continue
            watch: list[int] | None = [] if turn == 0 and row.tool in OURS else None
            try:
                done, row.printed = timed(row.command, environment, watch)
            except peers.Failed as error:
                row.failed = str(error)
                continue
            if row.tool == "bare":
                done = replace(done, cpu=json.loads(row.printed)["cpu"])
            if turn:
                row.runs.append(done)
            if watch:
                row.private = max(watch) * 1024 / 1e6
        print(f"{image.name}: round {turn} of {runs}", file=sys.stderr, flush=True)


def packages(row: Row) -> int:
    """How many, by purl."""
    if row.tool in OURS:
        return len({purl for purl, _, _ in json.loads(row.printed)["packages"]})
    return len(set((peers.syft_purls if row.tool == "syft" else peers.trivy_purls)(row.printed)))


HEADER = """| input | MB | tool | n | CPU s | wall s | peak RSS MB | private MB | packages | CPU, Surveyor ÷ tool |
|---|---:|---|---:|---:|---:|---:|---:|---:|---:|"""


def lines(image: Path, rows: list[Row]) -> Iterator[str]:
    """The rows of the table for one input."""
    ours = next((row for row in rows if row.tool == "surveyor" and row.runs), None)
    size = f"{peers.size(image) / 1e6:,.0f}"
    for at, row in enumerate(rows):
        head = f"| {image.name if not at else ''} | {size if not at else ''} | {row.tool} |"
        if row.failed:
            yield f"{head} | failed: {row.failed} | | | | | |"
            continue
        cpu, wall, resident = (
            statistics.median(column)
            for column in zip(*((run.cpu, run.wall, run.resident) for run in row.runs), strict=True)
        )
        private = f"{row.private:,.0f}" if row.private else ""
        ratio = ""
        if ours and row is not ours:
            pairs = [mine.cpu / theirs.cpu for mine, theirs in zip(ours.runs, row.runs, strict=False)]
            ratio = f"{statistics.median(pairs):.3f}"
        yield (
            f"{head} {len(row.runs)} | {cpu:,.2f} | {wall:,.2f} | {resident:,.0f} | {private} | {packages(row):,}"
            f" | {ratio} |"
        )


def beside_its_folder(path: Path) -> bool:
    """Whether this is the tar of an OCI layout whose folder is there as well."""
    return path.suffix == ".tar" and path.with_suffix("").is_dir()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", type=Path, nargs="*")
    parser.add_argument("--folder", type=Path, default=Path(".cache/corpus"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--python", default=sys.executable)
    given = parser.parse_args()
    images = given.image or [path for path in sorted(given.folder.glob("images/*")) if not beside_its_folder(path)]
    found = peers.peers(given.folder.resolve() / "peers") if {"syft", "trivy"} & set(given.tools) else None
    print(f"Load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, pages of {resource.getpagesize()} bytes.\n")
    print(HEADER)
    for image in images:
        with tempfile.TemporaryDirectory() as cache:
            rows = commands(image.resolve(), found, given.tools, Path(cache), given.python)
            measure(image, rows, given.runs)
            for line in lines(image, rows):
                print(line, flush=True)


if __name__ == "__main__":
    main()
