"""The advisory database's file: one writer at a time, who replaces it whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surveyor.scan.errors import BadTarget, Unwritable

#: A download that broke off so long ago is not resumed.
_PARKED_SECONDS = 7 * 86_400
#: Linux's ioctl that makes one file of another's blocks: ``_IOW(0x94, 9, int)``.
_FICLONE = 0x40049409


def parked(database: Path) -> Path:
    """Where downloads for a database wait that broke off."""
    return database.with_name(f"{database.name}.parked")


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """One update at a time; what a killed one left behind goes."""
    with database.with_name(f"{database.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadTarget(f"{database}: another update is running") from error
        sweep(database)
        for left in parked(database).glob("*/*"):
            if left.stat().st_mtime < time.time() - _PARKED_SECONDS:
                left.unlink()
        yield


@contextmanager
def written(database: Path) -> Iterator[None]:
    """Whatever cannot be written ends the update, not one scope of it: the next would meet the same."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
        kept = "; what was there before stays" if os.path.isfile(database) else ""  # noqa: PTH113 - never raises
        raise Unwritable(f"{database} was not updated: {where}{reason}{kept}") from error


def copy(database: Path, made: Path) -> None:
    """A copy to build upon; where the file system can share blocks (Btrfs, XFS) only what is changed is written."""
    with database.open("rb") as source, made.open("wb") as target:
        try:
            fcntl.ioctl(target, _FICLONE, source.fileno())
        except OSError:
            shutil.copyfile(database, made)


def sweep(database: Path) -> None:
    """Remove an unfinished copy and its journal."""
    for left in (f"{database.name}.new", f"{database.name}.new-journal"):
        database.with_name(left).unlink(missing_ok=True)


def replace(made: Path, database: Path) -> None:
    """Put a finished file in the place of the old one, so that after a power cut there is one of the two."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.replace(database)
    folder = os.open(database.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
