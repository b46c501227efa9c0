"""Files that others name, whatever they are called: found where they are said to be, in any layer, or told."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.events import Progress
from surveyor.scan.model import Coverage, CoverageState, Report
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests.images import DEBIAN, docker_save, pack, scan_bytes, tar

TOP = "srv/requirements.txt"


def names(report: Report) -> list[str]:
    return [f"{package.name} {package.locations[0].path}" for package in report.packages]


def told(report: Report) -> list[Coverage]:
    return [entry for entry in report.coverage if entry.what == "acquire.referrals"]


@pytest.mark.parametrize("line", ["-r more.txt", "-r   ./more.txt", "--requirement more.txt", "--requirement=more.txt"])
@pytest.mark.parametrize("form", ["plain", "gzip"])
def test_a_file_that_another_one_names_is_read(tmp_path: Path, line: str, form: str) -> None:
    data = tar({"srv/more.txt": b"b==2\n", "srv/other.txt": b"c==3\n", TOP: f"a==1\n{line}\n".encode()})
    report = scan_bytes(tmp_path, pack(data, form))
    assert names(report) == [f"a {TOP}", "b srv/more.txt"]
    assert not told(report)


def test_it_is_found_in_a_folder_and_beside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "base.in").write_bytes(b"b==2\n-r app/last.in\n-r app/requirements.txt\n")
    (tmp_path / "app/last.in").write_bytes(b"c==3\n-r ../base.in\n")
    (tmp_path / "app/requirements.txt").write_bytes(b"-r ../base.in\n")
    report = engine.run(plan(str(tmp_path)), Settings(), Progress())
    assert names(report) == ["b base.in", "c app/last.in"]
    assert not told(report)


def test_the_newest_layer_decides_and_a_kept_layer_says_the_same(tmp_path: Path) -> None:
    base = {"etc/os-release": DEBIAN, TOP: b"-r more.txt\n-r gone.txt\n"}
    old = {"srv/more.txt": b"b==1\n", "srv/gone.txt": b"c==1\n"}
    new = {"srv/more.txt": b"b==2\n", "srv/.wh.gone.txt": b""}
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save([tar(base), tar(old), tar(new)]))
    settings = Settings(layer_cache=tmp_path / "cache")
    for _ in range(2):
        report = engine.run(plan(str(path)), settings, Progress())
        assert [package.purl for package in report.packages] == ["pkg:pypi/b@2"]
        (entry,) = told(report)
        assert (entry.state, entry.path) == (CoverageState.SKIPPED, "srv/gone.txt")


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    lines = "a==1\n-r ../../up.txt\n-r /abs.txt\n-r https://files.example/far.txt\n-r\n-r requirements-dev.txt\n"
    (entry,) = told(scan_bytes(tmp_path, tar({TOP: lines.encode()})))
    assert (entry.state, entry.count) == (CoverageState.PARTIAL, 2)
    assert "abs.txt, up.txt" in (entry.detail or "")


def test_a_chain_ends(tmp_path: Path) -> None:
    files = {f"srv/{number}.in": f"p{number}==1\n-r {number + 1}.in\n".encode() for number in range(50)}
    report = scan_bytes(tmp_path, tar({TOP: b"-r 0.in\n", **files}))
    assert len(report.packages) == 10
    assert [entry.path for entry in told(report)] == ["srv/10.in"]
