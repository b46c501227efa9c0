"""Fuzz every target for a while: ``make fuzz``, ``make fuzz ARGS="iso squashfs --seconds 600"``.

Prints a line a target. What broke one lies beside its corpus in ``.cache/fuzz``, ready to become a test. Ends with 1
when anything was found.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.targets import targets

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".cache" / "fuzz"
#: The formats that are longest in the field's sights, and the programs that decide what is inside others.
DEEP = frozenset(
    {
        *("tar", "zip", "elf", "pe", "mach-o", "catalog.rpm.0", "catalog.rpm.1", "catalog.rpm.2"),
        *("squashfs", "dmg.udif", "dmg.hfs", "xar", "iso"),
    }
)
_OPTIONS = ("-rss_limit_mb=1500", "-timeout=30", "-max_len=65536", "-print_final_stats=1", "-close_fd_mask=0")


def main() -> int:
    """Run the targets one after the other; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="*", help="all when none is named")
    parser.add_argument(
        "--seconds", type=int, help="of each; 600 for the great formats and 120 for others when not set"
    )
    arguments = parser.parse_args()
    names = arguments.target or list(targets())
    found = 0
    print(f"{'target':28} {'inputs':>10} {'a second':>9} {'seconds':>8} {'found':>6}")
    for name in names:
        found += _fuzz(name, arguments.seconds or (600 if name in DEEP else 120))
    return 1 if found else 0


def _fuzz(name: str, seconds: int) -> int:
    """Run one target in a process of its own; returns how many inputs broke it."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    before = set(folder.glob("*-*"))
    command = [sys.executable, "-m", "tests.fuzz.one", name, str(folder / "corpus"), f"-max_total_time={seconds}"]
    start = time.monotonic()
    with (folder / "log").open("w") as log:
        options = [*_OPTIONS, f"-artifact_prefix={folder}/"]
        subprocess.run([*command, *options], cwd=ROOT, stdout=log, stderr=log, check=False)
    took = time.monotonic() - start
    text = (folder / "log").read_text(errors="replace")
    inputs = re.search(r"number_of_executed_units: (\d+)", text)
    count = int(inputs[1]) if inputs else 0
    broke = sorted(set(folder.glob("*-*")) - before)
    print(f"{name:28} {count:>10,} {count / took:>9,.0f} {took:>8,.0f} {len(broke):>6}", flush=True)
    for path in broke:
        print(f"    {path}\n    {_reason(text)}", flush=True)
    if not inputs and not broke:
        print(f"    did not run: {text.strip().splitlines()[-1] if text.strip() else 'no word'}", flush=True)
        return 1
    return len(broke)


def _reason(text: str) -> str:
    told = re.search(r"Uncaught Python exception: ===\n(.*)|==\d+== ERROR: (.*)", text)
    return next(filter(None, told.groups()), "") if told else "see the log"


if __name__ == "__main__":
    sys.exit(main())
