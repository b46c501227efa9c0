"""Digests of files are remembered only while nobody can have touched them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.engine import artifact
from surveyor.scan.engine.digests import Digests
from surveyor.scan.events import Progress
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests.images import npm, tar

DIGEST = "sha256:" + "ab" * 32
LATER = 10.0


def file(tmp_path: Path, data: bytes = b"one") -> Path:
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    return path


def digests(tmp_path: Path, path: Path, *, after: float = LATER) -> Digests:
    touched = max(path.stat().st_mtime, path.stat().st_ctime)
    return Digests(folder=tmp_path / "cache", clock=lambda: touched + after)


def put(known: Digests, before: os.stat_result, after: os.stat_result) -> None:
    known.put(before, after, DIGEST, since=known.clock())


def test_a_file_that_nobody_touched_is_known(tmp_path: Path) -> None:
    path = file(tmp_path)
    known = digests(tmp_path, path)
    assert known.get(path.stat()) is None
    put(known, path.stat(), path.stat())
    assert known.get(path.stat()) == DIGEST
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0


def test_one_that_was_written_again_is_another_though_its_time_was_set_back(tmp_path: Path) -> None:
    path = file(tmp_path)
    known, before = digests(tmp_path, path), path.stat()
    put(known, before, before)
    path.write_bytes(b"two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert known.get(path.stat()) is None


def test_one_that_was_touched_just_now_or_meanwhile_is_not_remembered(tmp_path: Path) -> None:
    path = file(tmp_path)
    young = digests(tmp_path, path, after=1.0)
    put(young, path.stat(), path.stat())
    assert young.get(path.stat()) is None
    before = path.stat()
    path.write_bytes(b"grown")
    old = digests(tmp_path, path)
    put(old, before, path.stat())
    assert old.get(path.stat()) is None


def test_one_that_was_touched_right_before_hashing_began_is_not_remembered_however_long_that_took(
    tmp_path: Path,
) -> None:
    path = file(tmp_path)
    known = digests(tmp_path, path)
    known.put(path.stat(), path.stat(), DIGEST, since=known.clock() - LATER)
    assert known.get(path.stat()) is None


def test_what_is_no_digest_is_none(tmp_path: Path) -> None:
    path = file(tmp_path)
    known = digests(tmp_path, path)
    put(known, path.stat(), path.stat())
    (entry,) = (tmp_path / "cache").glob("*/*")
    for text in (b"", b"sha256:zz", b"\xff" * 71):
        entry.write_bytes(text)
        assert known.get(path.stat()) is None


def test_a_scan_hashes_a_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(tmp_path, tar({"a/node_modules/a/package.json": npm("a", "1")}))
    touched = path.stat().st_ctime
    monkeypatch.setattr(artifact, "Digests", lambda folder: Digests(folder=folder, clock=lambda: touched + LATER))
    settings = Settings(layer_cache=tmp_path / "cache")
    right = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    reports = [engine.run(plan(str(path)), settings, Progress()) for _ in range(2)]
    assert [report.target.digest for report in reports] == [right, right]
    (entry,) = (path for path in (tmp_path / "cache").glob("*/*") if path.stat().st_size == len(DIGEST))
    entry.write_text(DIGEST)  # which only who does not hash again can say
    assert engine.run(plan(str(path)), settings, Progress()).target.digest == DIGEST
