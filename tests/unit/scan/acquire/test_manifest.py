"""A lock file or manifest given alone is a project of one file, by its name and by what is in it."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from surveyor.scan.catalog.unread import LOCKS
from surveyor.scan.model import Presence, ScanStatus
from tests.fixtures.case import Case
from tests.images import pack, purls, scan, scan_bytes, troubles

NPM = b'{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"}}}'
#: Folders that say what the files in them are.
_FOLDERS = re.compile("requirements/|dependency-locks/")
#: What installs, beside what locks.
_LYING = frozenset({"npm", "composer"})


def cases(unit: str) -> list[Case]:
    found: list[Case] = list(import_module(f"tests.fixtures.catalog.{unit}").CASES)
    return [case for case in found if case.packages and not _FOLDERS.search(case.path)]


@pytest.mark.parametrize("unit", [*sorted(LOCKS - _LYING), "go_mod", "go_sum", "maven_pom", "nuget_lock"])
def test_alone_it_gives_what_it_gives_in_a_tree(tmp_path: Path, unit: str) -> None:
    for case in cases(unit):
        report = scan_bytes(tmp_path, case.data, Path(case.path).name)
        assert report.target.type == "manifest"
        told = {(package.name.rpartition("/")[2], package.version) for package in report.packages}
        assert told == {tuple(one.rsplit("@", 1)) for one in case.packages}
        assert {package.presence for package in report.packages} == {Presence.DECLARED}


@pytest.mark.parametrize("form", ["gzip", "xz", "zstd"])
def test_it_may_be_compressed(tmp_path: Path, form: str) -> None:
    report = scan_bytes(
        tmp_path, pack(NPM, form), f"package-lock.json.{ {'gzip': 'gz', 'zstd': 'zst'}.get(form, form) }"
    )
    assert purls(report) == ["pkg:npm/a@1.0.0"]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("package-lock.json", NPM[:40], "JSON"),
        ("Cargo.lock", b"[[package]\n", "no lock file of Cargo"),
        ("log4j.jar", b"PK\3\4 and no more", "zip"),
        ("package.json", b'{"dependencies": {"a": "^1"}}', "without a lock file"),
    ],
)
def test_what_cannot_be_read_is_a_failure_that_says_why(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    report = scan_bytes(tmp_path, data, name)
    assert report.scan_status is ScanStatus.FAILED
    assert why in (report.error or "")


def test_under_another_name_it_is_a_text_like_any_other(tmp_path: Path) -> None:
    assert scan_bytes(tmp_path, NPM, "shop.json").scan_status is ScanStatus.UNSUPPORTED


def test_one_that_pins_nothing_was_read(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, b'{"lockfileVersion":3,"packages":{"":{}}}', "package-lock.json")
    assert not report.packages
    assert not troubles(report)


def test_one_that_names_others_says_that_they_are_not_here(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("flask==1.0\n")
    (tmp_path / "requirements.txt").write_text("-r more.txt\nrequests==2.0\n")
    report = scan(tmp_path / "requirements.txt")
    assert purls(report) == ["pkg:pypi/requests@2.0"]
    assert [entry.path for entry in troubles(report)] == ["more.txt"]
