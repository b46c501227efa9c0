"""A full scan of three documentation sites from a terminal: wall time of every scanner, and what was most worth doing.

    python -m benchmarks sites [--folder .cache/pages] [--crawl 20] [--write]

The sites are those of Debian's -doc packages, as the benchmark ``pages`` keeps them, each served on loopback; the scan
is the command's own, with the browser of this machine and the advisories of the local database. ``--write`` keeps what
was printed in ``benchmarks/SITES.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.pages import prepare
from surveyor.scan.plan import WEB_SLOTS
from surveyor.scan.vocabulary import GROUP_KINDS

SITES = {
    "Python 3.11": "doc/python3.11/html",
    "PostgreSQL 15": "doc/postgresql-doc-15/html",
    "Django 3.2": "doc/python-django-doc/html",
}
WRITTEN = Path(__file__).with_name("SITES.md")
_SECONDS, _MOST, _TEXT = 1_800, 5, 140


@dataclass(frozen=True)
class Scan:
    """One scan as its files tell it; times in seconds."""

    wall: float
    scanners: dict[str, float]
    report: dict[str, Any]


def scan(folder: Path, crawl: int) -> Scan:
    """Serve a folder and scan it whole."""
    served = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.served", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert served.stdout is not None
    assert served.stdin is not None
    port = int(served.stdout.readline())
    try:
        with tempfile.TemporaryDirectory() as place:
            report, events = Path(place, "report.json"), Path(place, "events.ndjson")
            command = [sys.executable, "-m", "surveyor", "scan", f"http://127.0.0.1:{port}/", "--quiet"]
            command += ["--allow-host", f"127.0.0.1:{port}", "--crawl", str(crawl), "--rate", "50"]
            command += ["--format", "json", "--output", str(report), "--progress-file", str(events)]
            start = time.monotonic()
            subprocess.run(command, check=False, timeout=_SECONDS)
            wall = time.monotonic() - start
            return Scan(wall, dict(_times(events)), json.loads(report.read_bytes()))
    finally:
        served.stdin.close()
        served.wait()


def _times(events: Path) -> Iterator[tuple[str, float]]:
    for line in events.read_text("utf-8").splitlines():
        event = json.loads(line)
        slot, _, word = event["stage"].partition(".")
        if slot in WEB_SLOTS and word == "timing":
            yield slot, event["data"]["ms"] / 1000


def table(scans: dict[str, Scan]) -> Iterator[str]:
    """Wall time by scanner; they run side by side."""
    yield f"| site | looked at | {' | '.join(WEB_SLOTS)} | whole scan | findings | coverage |"
    yield "|---|---|" + "---:|" * (len(WEB_SLOTS) + 2) + "---|"
    for name, one in scans.items():
        crawled = next((entry["detail"] for entry in one.report["coverage"] if entry["what"] == "crawl"), "1 page")
        pages = crawled.partition("; not looked at")[0]
        times = " | ".join(f"{one.scanners[slot]:.1f} s" if slot in one.scanners else "–" for slot in WEB_SLOTS)
        states = Counter(entry["state"] for entry in one.report["coverage"])
        told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        yield f"| {name} | {pages} | {times} | {one.wall:.1f} s | {len(one.report['findings'])} | {told} |"


def worth(one: Scan) -> Iterator[str]:
    """For every scanner the findings of the highest priority, with how many pages each is on and what was seen."""
    for slot in WEB_SLOTS:
        found = [finding for finding in one.report["findings"] if finding["domain"] == slot]
        found.sort(key=lambda finding: -((finding.get("priority") or {}).get("score") or 0))
        yield f"\n**{slot}**: {len(found)} findings\n"
        for finding in found[:_MOST]:
            score = (finding.get("priority") or {}).get("score")
            group = {one["kind"]: one["value"] for one in reversed(finding["evidence"]) if one["kind"] in GROUP_KINDS}
            seen = next((one for one in finding["evidence"] if one["kind"] not in GROUP_KINDS), {"value": ""})
            shown = " ".join(f"{seen.get('where') or ''} {seen['value']}".split()).replace("`", "'")[:_TEXT]
            shown = re.sub(r"127\.0\.0\.1:\d+", "SITE", shown)
            rank = f"{finding['severity']}, priority {score}; {group.get('pages') or 'the site'}"
            yield f"- {finding['title']} ({rank}): `{shown}`"


def main() -> int:
    """Print, and keep when asked to; ends with 1 where a scanner brought nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(".cache/pages"))
    parser.add_argument("--crawl", type=int, default=20)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    site, _ = prepare(asked.folder.resolve())
    load = os.getloadavg()[0]
    scans = {name: scan(site / place, asked.crawl) for name, place in SITES.items()}
    lines = ["# Three documentation sites, scanned whole", ""]
    lines += [
        f'`make bench ARGS="sites --crawl {asked.crawl} --write"` on {os.cpu_count()} processors, n=1 each, beside',
        f"other work: a load of {load:.1f} before and {os.getloadavg()[0]:.1f} after. The scanners run side by side.",
        "",
    ]
    lines += table(scans)
    for name, one in scans.items():
        lines += ["", f"## {name}", *worth(one)]
    text = "\n".join(lines) + "\n"
    print(text)
    if asked.write:
        WRITTEN.write_text(text, "utf-8")
    return 0 if all(set(one.scanners) == set(WEB_SLOTS) for one in scans.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
