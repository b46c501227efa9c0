"""``surveyor rematch``: stored reports say what a scan would say today, whether or not what was scanned is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.golden.test_scans import advisories, image
from tests.servers.osv_bucket import record, write

Surveyor = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def surveyor(tmp_path: Path) -> Surveyor:
    environment = {
        "PATH": os.environ["PATH"],
        "SURVEYOR_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(Path("src").resolve()),
    }

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "surveyor", *map(str, words)]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=60, check=False, cwd=tmp_path
        )

    return run


def bucket(tmp_path: Path, fixed: str | None, day: int) -> Path:
    """One advisory on idna, as of a day."""
    one = record("CVE-2026-1", "PyPI", "idna", fixed=fixed, modified=f"2026-02-{day:02}T00:00:00Z")
    return write(tmp_path / "bucket", {"PyPI": [one, record("CVE-2026-2", "PyPI", "else")]})


def undated(finding: dict[str, Any]) -> dict[str, Any]:
    factors = [{**factor, "date": None} for factor in finding["priority"]["factors"]]
    return {**finding, "priority": {**finding["priority"], "factors": factors}}


def app(tmp_path: Path, name: str, line: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "requirements.txt").write_text(f"{line}\n")
    return folder


def test_a_report_matched_again_is_the_one_a_scan_would_write(surveyor: Surveyor, tmp_path: Path) -> None:
    shop, database = tmp_path / "shop.tar", advisories(tmp_path)
    shop.write_bytes(image())
    bare, then = tmp_path / "bare.json", tmp_path / "then.json"
    assert surveyor("scan", shop, "--format", "json", "--output", bare, "--quiet").returncode == 3
    surveyor("scan", shop, "--format", "json", "--advisories", database, "--output", then, "--quiet")
    shop.unlink()
    done = surveyor("rematch", bare, "--advisories", database, "--format", "json", "--quiet")
    # one archive in the image is damaged, and still was not looked at
    assert (done.returncode, done.stderr) == (3, "")
    again, scanned = json.loads(done.stdout), json.loads(then.read_text())
    for one, other in zip(again["findings"], scanned["findings"], strict=True):
        # when the priority was computed is the only thing that may differ
        assert undated(one) == undated(other)
    for name in ("packages", "upgrades", "sources", "summary", "target", "scan_status", "scanner"):
        assert again[name] == scanned[name], name
    (added,) = [entry for entry in again["coverage"] if entry not in scanned["coverage"]]
    assert (added["what"], added["state"], added["count"]) == ("rematch", "looked", len(again["packages"]))
    assert "has not been since" in added["detail"]
    twice = tmp_path / "again.json"
    twice.write_text(done.stdout)
    told = json.loads(surveyor("rematch", twice, "--advisories", database, "--format", "json", "--quiet").stdout)
    assert told["coverage"] == again["coverage"]


def test_many_reports_and_only_those_that_a_change_concerns(surveyor: Surveyor, tmp_path: Path) -> None:
    surveyor("db", "update", "--feed", "osv", "--from", f"osv={bucket(tmp_path, None, 1)}", "--quiet")
    state = surveyor("db", "status").stdout.splitlines()[-1].split()[1]
    for name, line in (("one", "idna==2.7"), ("two", "flask==1.0"), ("three", "idna==3.0")):
        surveyor(
            "scan", app(tmp_path, name, line), "--format", "json", "--output", tmp_path / f"{name}.json", "--quiet"
        )
    reports = [tmp_path / f"{name}.json" for name in ("one", "two", "three")]
    assert [len(json.loads(path.read_text())["findings"]) for path in reports] == [1, 0, 1]
    surveyor("db", "update", "--feed", "osv", "--from", f"osv={bucket(tmp_path, '2.9', 2)}", "--quiet")
    into = tmp_path / "into"
    into.mkdir()
    more = ("--format", "json", "--output", into, "--quiet")
    done = surveyor("rematch", *reports, "--changed-since", state, *more, "--fail-on", "low,unknown")
    assert "1 report not matched" in done.stderr
    assert sorted(path.name for path in into.iterdir()) == ["one.json", "three.json"]
    assert done.returncode == 1
    found: dict[str, Any] = {path.stem: json.loads(path.read_text())["findings"] for path in into.iterdir()}
    assert [one["fixed_in"] for one in found["one"]] == [["2.9"]]
    assert found["three"] == []
    # of another database nobody knows what changed: all are
    surveyor("rematch", *reports, "--changed-since", "other.1", *more)
    assert len(list(into.iterdir())) == 3


def test_what_cannot_be_matched_is_said(surveyor: Surveyor, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    surveyor("scan", app(tmp_path, "one", "idna==2.7"), "--format", "json", "--output", path, "--quiet")
    done = surveyor("rematch", path, "--quiet")
    assert (done.returncode, "surveyor db update" in done.stderr) == (2, True)
    database = advisories(tmp_path)
    page = tmp_path / "page.json"
    page.write_text(path.read_text().replace('"kind": "artifact"', '"kind": "web"', 1))
    for words, told in (
        ((page,), "no packages to match"),
        ((tmp_path / "none.json",), "cannot be read"),
        ((path, path, "--format", "json"), "--output FOLDER"),
        ((path, path, "--output", tmp_path / "nowhere"), "no such folder"),
        ((path, path, "--output", tmp_path), "several reports would be called one.txt"),
        ((path, tmp_path / "one", "--output", tmp_path), "several reports would be called one.txt"),
    ):
        done = surveyor("rematch", *words, "--advisories", database, "--quiet")
        assert (done.returncode, told in done.stderr) == (2, True), done.stderr
