"""Inventory of artifacts: whole processes, processor seconds, in turn with Trivy on the same input.

    python benchmarks/inventory.py IMAGE… [--runs 5] [--trivy PATH] [--trivy-cache FOLDER]

Trivy is measured when it is on the PATH or named. It lists packages as CycloneDX, which needs no vulnerability
database; a folder given as its cache needs a Java database, which may be empty. It takes no OCI tar: an OCI archive is
given to it as the directory ``IMAGE.d`` when there is one. Prints medians, packages and the ratio of processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

#: One scan without an advisory database, as the service's child runs it: under the same limit on private memory.
CHILD = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (400 << 20, 400 << 20))
from surveyor.scan import engine
from surveyor.scan.events import Progress
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
stages = {}
def sink(event):
    if event.stage.endswith(".timing"):
        stages[event.stage.removesuffix(".timing").rpartition(".")[2]] = event.data["ms"]
report = engine.run(plan(sys.argv[1]), Settings(), Progress(sink))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmData"))
json.dump({"packages": len(report.packages), "ms": stages, "data": int(peak.split()[1]) >> 10}, sys.stdout)
"""
TRIVY = (
    "image --format cyclonedx --offline-scan --skip-java-db-update --skip-version-check --cache-backend memory --quiet"
)


def timed(command: list[str], env: dict[str, str]) -> tuple[float, float, int, bytes]:
    """Processor seconds, wall seconds and peak resident MiB of one process, with what it printed."""
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        printed = out.read()
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss >> 10, printed


def trivy_packages(printed: bytes) -> int:
    return len({part["purl"] for part in json.loads(printed)["components"] if "purl" in part})


def measure(image: Path, runs: int, trivy: list[str]) -> None:
    ours = [sys.executable, "-c", CHILD, str(image)]
    directory = image.with_name(image.name + ".d")
    theirs = [*trivy, "--input", str(directory if directory.is_dir() else image)] if trivy else None
    rows: dict[str, list[tuple[float, float, int, bytes]]] = {"surveyor": [], "trivy": []}
    for turn in range(runs + 1):  # the first turn warms the page cache and does not count
        for name, command in (("surveyor", ours), ("trivy", theirs)):
            if command:
                found = timed(command, dict(os.environ))
                if turn:
                    rows[name].append(found)
    print(f"{image.name}: {image.stat().st_size / 1e6:,.0f} MB, n={runs}")
    for name, found in rows.items():
        if found:
            cpu, wall, resident = (statistics.median(column) for column in list(zip(*found, strict=True))[:3])
            printed = found[-1][3]
            more = json.loads(printed) if name == "surveyor" else {"packages": trivy_packages(printed)}
            print(f"  {name:9} cpu {cpu:6.2f} s  wall {wall:6.2f} s  resident {resident:5.0f} MiB  {more}")
    if rows["trivy"]:
        ratios = [ours_[0] / theirs_[0] for ours_, theirs_ in zip(rows["surveyor"], rows["trivy"], strict=True)]
        print(f"  processor time, surveyor / trivy, pair by pair: median {statistics.median(ratios):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path, nargs="+")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--trivy", default=shutil.which("trivy"))
    parser.add_argument("--trivy-cache")
    arguments = parser.parse_args()
    trivy = [arguments.trivy, *TRIVY.split()] if arguments.trivy else []
    if trivy and arguments.trivy_cache:
        trivy += ["--cache-dir", arguments.trivy_cache]
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, {resource.getpagesize()} byte pages")
    for image in arguments.image:
        measure(image, arguments.runs, trivy)


if __name__ == "__main__":
    main()
