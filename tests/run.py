"""Everything that ``make test`` does, in order; ends with the first failure's code, and names what could not be run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import browser, registry  # noqa: E402 - the repository root must be importable first

BIN = Path(sys.executable).parent
CHECKS = (
    ("lint", ["ruff", "check", "."]),
    ("format", ["ruff", "format", "--check", "."]),
    ("types", ["mypy"]),
    ("import contracts", ["lint-imports", "--no-logo"]),
)
NO_TESTS = 5


def main(arguments: list[str]) -> int:
    """Run the checks, the tests of the isolation, then every test where no packet can leave loopback."""
    os.chdir(ROOT)
    # hundreds of processes import what the first has compiled, whatever this machine says of such files
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "--only-checks" in arguments:
        return _check()
    # a processor that the checks leave idle compiles the tests, which each process of the tests would do for itself
    collect = [sys.executable, "-m", "pytest", "-qq", "--collect-only"]
    compiling = subprocess.Popen(collect, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # where there still is a network: what insists on having none has to fail
    if code := _check() or _run("isolation", [sys.executable, "-m", "pytest", "-q", "tests/unit/test_isolation.py"]):
        compiling.kill()
        return code
    which = "not slow"
    if chromium := browser.ensure():
        os.environ["SURVEYOR_TEST_CHROMIUM"] = chromium
    else:
        which += " and not browser"
    if distribution := registry.ensure():
        os.environ["SURVEYOR_REGISTRY"] = distribution
    else:
        which += " and not registry"
    compiling.wait()
    pytest = [sys.executable, "tests/isolation.py", sys.executable, "-m", "pytest", "-q", *arguments]
    parallel = ["-n", str(_processes()), "--dist", "worksteal"]
    if code := _run("tests, where no packet can leave loopback", [*pytest, "-m", which, *parallel]):
        return code
    if not chromium:
        print(f"{_count('browser')} browser tests not run: no Chromium was found and none could be installed")
    if not distribution:
        print(f"{_count('registry')} registry tests not run: no docker-registry was found and none could be fetched")
    return 0


def _check() -> int:
    """Run the checks in order, up to the first that fails; its code."""
    for name, command in CHECKS:
        if code := _run(name, [str(BIN / command[0]), *command[1:]]):
            return code
    return 0


def _run(name: str, command: list[str]) -> int:
    print(f"\n== {name}", flush=True)
    start = time.monotonic()
    code = subprocess.run(command, check=False).returncode
    print(f"== {name}: {'ok' if not code else f'failed ({code})'} in {time.monotonic() - start:.0f} s", flush=True)
    return code


def _processes() -> int:
    """Two more than there are processors: half the time of a test is waiting for another process."""
    return min(6, (os.cpu_count() or 2) + 2)


def _count(marker: str) -> int:
    """How many tests carry a marker, without running them."""
    listing = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-m", marker, "-p", "no:randomly"]
    told = subprocess.run(listing, capture_output=True, text=True, check=False)
    if told.returncode not in (0, NO_TESTS):
        raise SystemExit(told.stdout + told.stderr)
    found = re.search(r"(\d+)(?:/\d+)? tests? collected", told.stdout)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
