"""Find a real registry that tests can push to and pull from, or have one fetched; nothing is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".cache" / "docker-registry"
PACKAGE = "docker-registry"
FETCHED = FOLDER / "usr" / "bin" / "docker-registry"


def find() -> str | None:
    """The path of a registry's program: named by ``SURVEYOR_REGISTRY``, on the PATH, or the one that was fetched."""
    named = os.environ.get("SURVEYOR_REGISTRY")
    for candidate in filter(None, (named, shutil.which(PACKAGE), str(FETCHED))):
        if Path(candidate).is_file():
            return candidate
    return None


def ensure() -> str | None:
    """The same; where there is none, the distribution's package is fetched and unpacked beside our caches."""
    if found := find():
        return found
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not _fetched() and not (os.geteuid() == 0 and _quiet("apt-get", "update", "-q") and _fetched()):
        return None
    package = next(FOLDER.glob(f"{PACKAGE}_*.deb"))
    return find() if _quiet("dpkg-deb", "-x", str(package), str(FOLDER)) else None


def _fetched() -> bool:
    return _quiet("apt-get", "download", "-q", PACKAGE) and any(FOLDER.glob(f"{PACKAGE}_*.deb"))


def _quiet(*command: str) -> bool:
    print("$", *command, flush=True)
    try:
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=200, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"  {error}", flush=True)
        return False
    if done.returncode:
        print("  " + "\n  ".join((done.stderr or done.stdout).strip().splitlines()[-2:]), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    print(ensure() or "no registry can be had")
