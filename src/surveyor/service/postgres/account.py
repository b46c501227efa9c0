"""Which system user the embedded server runs as, and whether that user can reach its files."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from surveyor.service.errors import BadConfiguration, DatabaseUnavailable

#: In this order, when we are root and nothing was set. Never ``postgres``: it may own the distribution's own cluster,
#: and either server could then read and signal the other.
CANDIDATES = ("surveyor", "nobody")
_FIRST_CLOSED = 'for d; do [ -x "$d" ] || { printf %s "$d"; exit 1; }; done'


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The server's user. ``drop`` is true when we are root and become it for every program of PostgreSQL."""

    name: str
    uid: int
    gid: int
    drop: bool

    def run(
        self, command: Sequence[str | Path], *, env: dict[str, str], seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, from the root folder; the caller judges its output and exit code."""
        user, group = (self.uid, self.gid) if self.drop else (None, None)
        return subprocess.run(  # noqa: S603 - our own binaries, no shell
            [str(part) for part in command],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            start_new_session=True,  # a terminal's Ctrl-C is for us alone
            env=env,
            user=user,
            group=group,
            extra_groups=[] if self.drop else None,
            timeout=seconds,
        )


def choose(setting: str | None) -> Account:
    """The user to run as. Raises BadConfiguration for an unfit one, DatabaseUnavailable when we have no name."""
    if os.geteuid() != 0:
        return _ourselves()
    if setting is not None:
        return _given(setting)
    for name in CANDIDATES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=found.pw_uid, gid=found.pw_gid, drop=True)
    raise DatabaseUnavailable(
        "PostgreSQL does not run as root and there is neither a user surveyor nor nobody: "
        "create one, name one by SURVEYOR_POSTGRES_USER, or set DATABASE_URL"
    )


def our_name() -> str:
    """The name of our own effective user, as the server sees the peer of its socket."""
    return _ourselves().name


def first_closed(account: Account, folder: Path) -> Path | None:
    """The first parent of a folder that the user may not cross; the kernel judges, as that user."""
    parents = [str(parent) for parent in reversed(folder.parents)]
    answer = account.run(["/bin/sh", "-c", _FIRST_CLOSED, "sh", *parents], env={}, seconds=10)
    return Path(answer.stdout) if answer.returncode else None


def _ourselves() -> Account:
    uid = os.geteuid()
    try:
        found = pwd.getpwuid(uid)
    except KeyError:
        raise DatabaseUnavailable(
            f"PostgreSQL needs a named user and uid {uid} has no entry in the password file: "
            "add one, or set DATABASE_URL to a server of yours"
        ) from None
    return Account(name=found.pw_name, uid=uid, gid=os.getegid(), drop=False)


def _given(name: str) -> Account:
    if name == "postgres":
        raise BadConfiguration(
            "setting postgres_user: postgres may own another cluster on this machine; name another user"
        )
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise BadConfiguration(f"setting postgres_user: there is no user {name}") from None
    if found.pw_uid == 0:
        raise BadConfiguration("setting postgres_user: PostgreSQL refuses to run as root; name another user")
    return Account(name=name, uid=found.pw_uid, gid=found.pw_gid, drop=True)
