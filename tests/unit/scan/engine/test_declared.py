"""What is declared beside what is installed, and which manifests a lock file answers for."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan.model import CoverageState, Presence
from tests.images import DEBIAN, docker_save, npm, purls, scan, scan_bytes, tar, troubles

LOCK = b'{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"},"node_modules/b":{"version":"2.0.0"}}}'


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_a_source_tree_with_its_lock_file_is_whole(tmp_path: Path) -> None:
    report = scan(write(tmp_path, {"package.json": b"{}", "package-lock.json": LOCK, "part/package.json": b"{}"}))
    assert purls(report) == ["pkg:npm/a@1.0.0", "pkg:npm/b@2.0.0"]
    assert {package.presence for package in report.packages} == {Presence.DECLARED}
    assert not troubles(report)


def test_a_lock_file_answers_for_the_folders_below_its_own(tmp_path: Path) -> None:
    report = scan(write(tmp_path, {"web/package-lock.json": LOCK, "web/parts/a/b/package.json": b"{}"}))
    assert not troubles(report)


def test_what_was_installed_beside_a_manifest_answers_for_it(tmp_path: Path) -> None:
    files = {
        "package.json": b"{}",
        "node_modules/a/package.json": npm("a", "1.0.0"),
        "php/composer.json": b"{}",
        "php/vendor/composer/installed.json": b'{"packages": []}',
    }
    assert not troubles(scan(write(tmp_path, files)))


@pytest.mark.parametrize(
    "files",
    [
        {"web/package.json": b"{}", "api/package-lock.json": LOCK},
        {"package.json": b"{}", "web/node_modules/a/package.json": npm("a", "1.0.0")},
        {"package.json": b"{}", "web/package-lock.json": LOCK},
        {"Gemfile": b"x", "package-lock.json": LOCK},
    ],
)
def test_a_lock_file_of_another_place_or_tool_answers_for_nothing(tmp_path: Path, files: dict[str, bytes]) -> None:
    (found,) = troubles(scan(write(tmp_path, files)))
    assert (found.what, found.count, found.path) == ("catalog.declared", 1, next(iter(files)))


def test_what_is_installed_from_a_lock_file_is_installed(tmp_path: Path) -> None:
    files = {
        "etc/os-release": DEBIAN,
        "app/package-lock.json": LOCK,
        "app/node_modules/a/package.json": npm("a", "1.0.0"),
    }
    first, second = scan_bytes(tmp_path, docker_save([tar(files)])).packages
    assert (first.purl, first.presence, first.found_by.partition("@")[0]) == (
        "pkg:npm/a@1.0.0",
        Presence.INSTALLED,
        "npm",
    )
    assert [place.path for place in first.locations] == ["app/node_modules/a/package.json", "app/package-lock.json"]
    assert (second.purl, second.presence) == ("pkg:npm/b@2.0.0", Presence.DECLARED)


def test_a_loose_requirement_joins_what_another_file_pins(tmp_path: Path) -> None:
    files = {
        "requirements.txt": b"django>=3\nnumpy\n",
        "poetry.lock": b'[[package]]\nname = "django"\nversion = "3.2"\n',
    }
    report = scan(write(tmp_path, files))
    assert purls(report) == ["pkg:pypi/django@3.2", "pkg:pypi/numpy"]
    assert [one.value for one in report.packages[0].evidence] == [
        "name: django\nversion: 3.2",
        "requirement: django>=3",
    ]


def test_what_a_newer_layer_removes_answers_for_nothing(tmp_path: Path) -> None:
    base = tar({"etc/os-release": DEBIAN, "app/package.json": b"{}", "app/package-lock.json": LOCK})
    report = scan_bytes(tmp_path, docker_save([base, tar({"app/.wh.package-lock.json": b""})]))
    (found,) = (one for one in report.coverage if one.what == "catalog.declared")
    assert (found.state, found.count) == (CoverageState.SKIPPED, 1)
