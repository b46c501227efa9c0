"""``postmaster.pid``: whose process the number in it is, and what to do when it is not the server any more."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

#: Above every system's highest process id, so that "is it alive" is always answered by no.
NOBODYS_PID = 2**31 - 1
PROCESSES = Path("/proc/self").parent  # absent on macOS


def read(data: Path) -> int | None:
    """The process id that the data folder's lock file names, if it names one."""
    try:
        first = (data / "postmaster.pid").read_bytes().split(b"\n", 1)[0]
        pid = abs(int(first))
    except (FileNotFoundError, ValueError):
        return None
    return pid if 0 < pid <= NOBODYS_PID else None


def running(data: Path) -> bool:
    """Whether the named process is alive and the server of this folder; a zombie that is ours to reap is reaped."""
    pid = read(data)
    return pid is not None and _alive(pid) and _serves(pid, data)


def release(data: Path) -> bool:
    """Let go of a lock file whose number belongs to a stranger or a zombie; true when it did.

    PostgreSQL takes any live process of its user for the old server. The file also holds the key of the old server's
    shared memory, by which the new one finds orphans of it, so the file is kept and only the number is made nobody's.
    """
    pid = read(data)
    if pid is None or not _alive(pid) or _serves(pid, data):
        return False
    path = data / "postmaster.pid"
    rest = path.read_bytes().split(b"\n", 1)[1:]
    owner = path.stat()
    partial = path.with_name("postmaster.pid.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"\n".join([str(NOBODYS_PID).encode(), *rest]))
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    partial.replace(path)
    return True


def reap(pid: int) -> None:
    """Take the exit status of a dead child: where we are process 1 the server is ours and would stay a zombie."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _alive(pid: int) -> bool:
    reap(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(pid: int, data: Path) -> bool:
    words = _command(pid)
    return bool(words) and Path(words[0]).name == "postgres" and str(data) in words


def _command(pid: int) -> list[str]:
    """A process's command line; empty for a zombie and for one that is gone."""
    if PROCESSES.is_dir():
        # readable for every process, unlike its folder or program, which a container's root may not see
        try:
            raw = (PROCESSES / f"{pid}/cmdline").read_bytes()
        except OSError:
            return []
        return [word.decode("utf-8", "replace") for word in raw.rstrip(b"\0").split(b"\0") if word]
    answer = subprocess.run(  # noqa: S603 - a number and fixed words
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)], check=False, capture_output=True, text=True, timeout=10
    )
    return answer.stdout.split()
