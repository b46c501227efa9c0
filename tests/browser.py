"""Find a Chromium that browser tests can drive, or have one installed.

Tests name theirs by ``SURVEYOR_TEST_CHROMIUM``: a scan that finds one by itself would load every page of every test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
INSTALLERS = (
    (("apt-get", "update", "-q"), ("apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium")),
    (("dnf", "install", "-y", "-q", "chromium"),),
    (("apk", "add", "-q", "chromium"),),
)


def find() -> str | None:
    """The path of an installed browser: named by ``SURVEYOR_TEST_CHROMIUM``, on the PATH, or Playwright's own."""
    named = os.environ.get("SURVEYOR_TEST_CHROMIUM")
    for candidate in filter(None, (named, *map(shutil.which, NAMES), *MAC)):
        if Path(candidate).is_file():
            return candidate
    return _playwrights_own()


def _playwrights_own() -> str | None:
    """Ask Playwright in a process of its own: its driver must not linger in this one."""
    code = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    path = asked.stdout.strip()
    return path if path and Path(path).is_file() else None


def ensure() -> str | None:
    """An installed browser, else Playwright's download, else the system's package when we are root."""
    if found := find():
        return found
    if _quiet([sys.executable, "-m", "playwright", "install", "chromium"], seconds=240) and (found := find()):
        return found
    if os.name == "posix" and os.geteuid() == 0:
        for commands in INSTALLERS:
            if shutil.which(commands[0][0]) and all(_quiet(command, seconds=400) for command in commands):
                return find()
    return None


def _quiet(command: list[str] | tuple[str, ...], *, seconds: int) -> bool:
    print("$", " ".join(command), flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environment, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"  {error}", flush=True)
        return False
    if done.returncode:
        print("  " + "\n  ".join((done.stderr or done.stdout).strip().splitlines()[-2:]), flush=True)
    return done.returncode == 0
