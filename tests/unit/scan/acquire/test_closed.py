"""What could not be opened, and names that lead out of a tree: told apart, with paths."""

from __future__ import annotations

import errno
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from surveyor.scan.model import Coverage, CoverageState
from tests.images import DEBIAN, deb, docker_save, npm, purls, scan, scan_bytes, tar, troubles

BASH = "pkg:deb/debian/bash@1?arch=amd64&distro=debian-12"
TREE = {
    "etc/os-release": DEBIAN,
    "var/lib/dpkg/status": deb("bash", "1"),
    "srv/one/node_modules/a/package.json": npm("a", "1"),
    "srv/two/node_modules/b/package.json": npm("b", "1"),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, data in TREE.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "tree"


def deny(monkeypatch: pytest.MonkeyPatch, call: str, *closed: Path) -> None:
    """Tests may run as root, to whom nothing is closed: let the call itself refuse."""
    real, names = getattr(os, call), {os.fsencode(path) for path in closed}

    def refusing(path: Any, *arguments: Any, **more: Any) -> Any:
        if isinstance(path, bytes) and path.rstrip(b"/") in names:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real(path, *arguments, **more)

    monkeypatch.setattr(os, call, refusing)


def only(found: list[Coverage]) -> Coverage:
    (entry,) = found
    return entry


def test_a_closed_file_is_not_cut_short(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deny(monkeypatch, "open", tree / "srv/one/node_modules/a/package.json")
    report = scan(tree)
    assert purls(report) == [BASH, "pkg:npm/b@1"]
    entry = only(troubles(report))
    assert (entry.what, entry.state, entry.reason) == ("catalog.npm", CoverageState.FAILED, "unreadable")
    assert entry.path == "srv/one/node_modules/a/package.json"
    assert "Permission denied" in (entry.detail or "")


def test_closed_folders_are_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deny(monkeypatch, "scandir", tree / "srv/one", tree / "srv/two/node_modules")
    report = scan(tree)
    assert purls(report) == [BASH]
    entry = only(troubles(report))
    assert (entry.what, entry.state, entry.reason, entry.count) == (
        "acquire.layer",
        CoverageState.PARTIAL,
        "unreadable",
        2,
    )
    assert "Permission denied" in (entry.detail or "")
    assert entry.path in {"srv/one", "srv/two/node_modules"}
    assert {"srv/one", "srv/two/node_modules"} <= set((entry.detail or "").replace(",", "").split())


def test_a_link_in_a_folder_that_is_only_listed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tree / "srv/one/node_modules/a/package.json"
    link.unlink()
    link.symlink_to("../b.json")
    deny(monkeypatch, "readlink", link)
    report = scan(tree)
    assert purls(report) == [BASH, "pkg:npm/b@1"]
    assert only(troubles(report)).path == "srv/one/node_modules/a/package.json"


def test_names_that_lead_out_are_named_wanted_or_not(tmp_path: Path) -> None:
    climbing = {"../../../tmp/evil.txt": b"x", "app/../../node_modules/x/package.json": npm("x", "1")}
    inside = {"/etc/absolute": b"x", "a/../b": b"x", "a..b": b"x"}
    report = scan_bytes(tmp_path, docker_save([tar(TREE | climbing | inside)]))
    entry = only(troubles(report))
    assert (entry.reason, entry.count, entry.path) == ("refused", 2, "../../../tmp/evil.txt")
    assert all(name in (entry.detail or "") for name in climbing)
    assert "opened" not in (entry.detail or "")


def test_names_in_a_zip_that_lead_out(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../evil.txt", "x")
        archive.writestr("../node_modules/x/package.json", npm("x", "1"))
        archive.writestr("node_modules/y/package.json", npm("y", "1"))
    report = scan_bytes(tmp_path, out.getvalue())
    assert purls(report) == ["pkg:npm/y@1"]
    assert (only(troubles(report)).count, only(troubles(report)).path) == (2, "../evil.txt")


def test_only_some_names_are_kept(tmp_path: Path) -> None:
    files = {f"../{number}": b"" for number in range(1000)}
    entry = only(troubles(scan_bytes(tmp_path, docker_save([tar(TREE | files)]))))
    assert entry.count == 1000
    assert (entry.detail or "").endswith("../4 and 995 more")
