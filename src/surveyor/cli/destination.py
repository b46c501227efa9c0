"""Where a report goes: a file, tried before the scan and replaced only by a whole report, or standard output."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from pathlib import Path

from surveyor.cli import complaint, quiet_end
from surveyor.scan.errors import BadTarget

#: The folder refuses, or the file is a mount of its own (a container's): such a file is written where it stands.
_IN_PLACE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY})


def check(path: Path, *, option: str = "--output") -> None:
    """Raise ``BadTarget`` when a report could not be written there; what stands there is not touched."""
    if path.is_dir():
        raise BadTarget(f"{option} {path}: is a directory; name a file")
    if path.exists() and not os.access(path, os.W_OK):
        raise BadTarget(f"{option} {path}: cannot be written: {os.strerror(errno.EACCES)}")
    if _is_stream(path):
        return
    real = path.resolve()
    beside = _beside(real)
    try:
        beside.open("xb").close()
        beside.unlink()
    except OSError as error:
        if not (real.exists() and error.errno in _IN_PLACE):
            raise BadTarget(f"{option} {path}: cannot be written: {error.strerror}") from error


def write(path: Path, text: bytes, *, option: str = "--output") -> None:
    """Put a report there; raises ``BadTarget`` naming the file, and then what stood there before still does."""
    try:
        if _is_stream(path):
            path.write_bytes(text)
        else:
            _replace(path.resolve(), text)
    except OSError as error:
        raise BadTarget(f"{option} {path}: cannot be written: {error.strerror}") from error


def show(text: bytes) -> bool:
    """Write to standard output; whether it got there."""
    try:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        quiet_end()  # the reader has seen enough; the verdict stands
    except OSError as error:
        complaint.say(f"standard output: cannot be written: {error.strerror}")
        quiet_end()
        return False
    return True


def _is_stream(path: Path) -> bool:
    """Whether it is a pipe or a device, which is written as it stands."""
    return path.exists() and not path.is_file()


def _replace(real: Path, text: bytes) -> None:
    beside = _beside(real)
    try:
        with beside.open("xb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if real.exists():
            shutil.copymode(real, beside)
        beside.replace(real)
    except OSError as error:
        beside.unlink(missing_ok=True)
        if not (real.exists() and error.errno in _IN_PLACE):
            raise
        with real.open("r+b") as file:
            file.write(text)
            file.truncate()


def _beside(real: Path) -> Path:
    return real.with_name(f".{real.name[:200]}.{secrets.token_hex(4)}.part")
