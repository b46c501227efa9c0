"""The three files of settings that the embedded server is started with; written anew at every start."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from surveyor.service.errors import DatabaseUnavailable
from surveyor.service.postgres.account import Account, our_name

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 107
MAP = "surveyor"
ADMIN = "postgres"
ROLE = "surveyor"

SETTINGS = """\
# Written by Surveyor at every start; changes made here are lost.
data_directory = '{data}'
hba_file = '{folder}/pg_hba.conf'
ident_file = '{folder}/pg_ident.conf'
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 64MB
work_mem = 8MB
maintenance_work_mem = 64MB
effective_cache_size = 512MB
max_wal_size = 512MB
random_page_cost = 1.1
fsync = on
synchronous_commit = on
full_page_writes = on
# the scanner wants the other cores, and containers give little shared memory for parallel plans
max_parallel_workers_per_gather = 0
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
# statements hold what users typed; they are not for a log file
log_min_error_statement = panic
cluster_name = 'surveyor'
"""


def write(folder: Path, data: Path, sockets: Path, account: Account) -> Path:
    """Write the files into ``folder``, which is ours and not the server user's; gives the path of the main one."""
    main = folder / "postgresql.conf"
    main.write_text(SETTINGS.format(data=_quoted(data), folder=_quoted(folder), sockets=_quoted(sockets)), "utf-8")
    # peer with a map: the kernel says who asks; the server's own user, which others may share, gets no session
    (folder / "pg_hba.conf").write_text(f"local all all peer map={MAP}\n", "utf-8")
    us = our_name()
    (folder / "pg_ident.conf").write_text("".join(f'{MAP} "{us}" {role}\n' for role in (ADMIN, ROLE)), "utf-8")
    for name in ("postgresql.conf", "pg_hba.conf", "pg_ident.conf"):
        (folder / name).chmod(0o644 if account.drop else 0o600)
    return main


def socket_folder(run: Path, account: Account) -> Path:
    """``run``, or a short folder where a socket's path fits into the 107 bytes that the kernel allows."""
    if len(os.fsencode(run / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
        return run
    mark = hashlib.sha256(os.fsencode(run)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"surveyor-{mark}"
    if len(os.fsencode(short / SOCKET_NAME)) > SOCKET_PATH_LIMIT:
        short = Path("/tmp") / short.name  # noqa: S108 - owner and mode are checked below
    try:
        short.mkdir(mode=0o700)
        if account.drop:
            os.chown(short, account.uid, account.gid)
    except FileExistsError:
        found = short.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o022:
            raise DatabaseUnavailable(
                f"{short} belongs to somebody else: remove it, or take a shorter SURVEYOR_HOME"
            ) from None
    return short


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
