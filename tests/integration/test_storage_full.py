"""A disk that is really full: a small file system of its own, in a private mount."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import asyncio, pathlib, sys
from surveyor.service import config
from surveyor.service.errors import StorageFull
from surveyor.service.storage import Storage, spool

home = pathlib.Path(sys.argv[1])
store = Storage.open(config.load({"SURVEYOR_HOME": str(home)}))

async def many():
    for _ in range(40):
        yield b"x" * (1 << 20)

async def expect_full(writing):
    try:
        await writing
    except StorageFull as error:
        assert error.status == 507, error.status
        print("full:", error.message)
    else:
        raise SystemExit("it fitted")
    left = [str(p) for p in (home / "objects").rglob("*") if p.is_file()]
    assert left == [str(home / "objects" / "kept")], left

async def main():
    await store.put_bytes("kept", b"before")
    await expect_full(store.write_upload(many()))
    await expect_full(store.put_stream("kept", many()))
    await expect_full(store.put_bytes("other", b"x" * (30 << 20)))
    assert await store.get_bytes("kept") == b"before"
    await store.put_bytes("after", b"x" * (1 << 20))

asyncio.run(main())
"""


def test_a_full_disk_is_a_507_and_leaves_no_half_object(tmp_path: Path) -> None:
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    private = ["unshare", *user, "--mount", "--"]
    try:
        allowed = subprocess.run(
            [*private, "mount", "-t", "tmpfs", "none", tmp_path], check=False, capture_output=True, timeout=20
        )
    except FileNotFoundError:
        pytest.skip("no unshare on this machine: cannot make a small file system")
    if allowed.returncode:
        pytest.skip("this machine allows no private mount: cannot make a small file system")
    mount = 'mount -t tmpfs -o size=20m none "$1" && exec "$2" -c "$3" "$1"'
    answer = subprocess.run(
        [*private, "sh", "-ec", mount, "sh", tmp_path, sys.executable, SCRIPT],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("full:") == 3
