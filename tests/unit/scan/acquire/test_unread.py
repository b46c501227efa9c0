"""What is known and not read yet: installed it always counts, declared it counts where it is the point."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from surveyor.scan.catalog.unread import UNREAD
from surveyor.scan.engine.wanted import wanted
from surveyor.scan.model import Coverage, CoverageState, Report
from tests.images import DEBIAN, docker_save, npm, purls, scan, scan_bytes, tar, troubles

DECLARED = [
    "requirements.in",
    "requirements-dev.in",
    "Gemfile",
    "web/package.json",
    "Cargo.toml",
    "pyproject.toml",
    "build.gradle",
    "build.sbt",
    "Package.swift",
    "shop.gemspec",
    "composer.json",
    "mix.exs",
]
MODULE = {"app/node_modules/a/package.json": npm("a", "1")}


def entry(report: Report, what: str = "catalog.declared") -> Coverage:
    (found,) = (one for one in report.coverage if one.what == what)
    return found


def test_every_format_has_an_example() -> None:
    assert {one.id for one in UNREAD} == {"declared"}


@pytest.mark.parametrize("name", DECLARED)
def test_the_first_look_lets_it_pass(name: str) -> None:
    assert wanted(system=True).match(name.encode(), name.rfind("/") + 1)


def test_a_tree_of_lock_files_was_not_looked_at(tmp_path: Path) -> None:
    for name in DECLARED:
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    found = entry(scan(tmp_path / "shop"))
    assert (found.state, found.reason, found.count) == (CoverageState.PARTIAL, "not_read", len(DECLARED))
    assert found.path == "build.sbt"
    assert "Cargo.toml, Gemfile, Package.swift, build.gradle and 7 more" in (found.detail or "")


@pytest.mark.parametrize("name", DECLARED)
@pytest.mark.parametrize("form", ["tar", "zip"])
def test_one_is_enough(tmp_path: Path, name: str, form: str) -> None:
    if form == "tar":
        data = tar({f"shop-1.0/{name}": b"x"})
    else:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(f"shop-1.0/{name}", "x")
        data = out.getvalue()
    (found,) = troubles(scan_bytes(tmp_path, data))
    assert (found.what, found.path, found.count) == ("catalog.declared", f"shop-1.0/{name}", 1)


@pytest.mark.parametrize("form", ["image", "rootfs"])
def test_beside_installed_packages_it_is_told_and_changes_nothing(tmp_path: Path, form: str) -> None:
    files = {"etc/os-release": DEBIAN, **MODULE, "app/package.json": b"{}", "app/setup.py": b"x"}
    report = scan_bytes(tmp_path, docker_save([tar(files)]) if form == "image" else tar(files))
    assert purls(report) == ["pkg:npm/a@1"]
    assert not troubles(report)
    # what package.json asks for is in the node_modules beside it
    assert (entry(report).state, entry(report).count, entry(report).path) == (CoverageState.SKIPPED, 1, "app/setup.py")


def test_what_lies_in_an_installed_package_is_its_own_business(tmp_path: Path) -> None:
    inside = {f"app/node_modules/a/{name}": b"{}" for name in ("yarn.lock", "esm/package.json", "test/pom.xml")}
    report = scan_bytes(tmp_path, tar({**MODULE, **inside, "lib/site-packages/x/requirements.txt": b""}))
    assert purls(report) == ["pkg:npm/a@1"]
    assert not troubles(report)
    assert "catalog.declared" not in {one.what for one in report.coverage}


def test_what_a_newer_layer_removes_is_nobodys_gap(tmp_path: Path) -> None:
    old = {"var/lib/rpm/Packages": b"x", "app/Gemfile": b"x", **MODULE}
    report = scan_bytes(tmp_path, docker_save([tar(old), tar({"var/lib/.wh.rpm": b"", "app/.wh.Gemfile": b""})]))
    assert not troubles(report)
    assert "catalog.declared" not in {one.what for one in report.coverage}


def test_a_record_that_is_stored_sparse_is_told(tmp_path: Path) -> None:
    data = bytearray(tar({"var/lib/dpkg/status": b"x" * 100, "etc/other": b"x"}, format=tarfile.GNU_FORMAT))
    data[156] = ord("S")
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 8 * 32 + sum(data[156:512]))
    (found,) = troubles(scan_bytes(tmp_path, docker_save([bytes(data)])))
    assert (found.reason, found.path) == ("unsupported", "var/lib/dpkg/status")
    assert "sparse" in (found.detail or "")
