"""``surveyor sbom``: an inventory without a database, that a scan reads as it would have read the thing itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.golden.test_scans import advisories, image

Surveyor = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def surveyor(tmp_path: Path) -> Surveyor:
    environment = {"PATH": os.environ["PATH"], "SURVEYOR_HOME": str(tmp_path / "home"), "PYTHONPATH": "src"}

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "surveyor", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)

    return run


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.tar"
    path.write_bytes(image())
    return path


@pytest.mark.parametrize("form", ["cyclonedx", "spdx", "spdx3"])
def test_a_bill_and_then_a_scan_of_it(surveyor: Surveyor, shop: Path, tmp_path: Path, form: str) -> None:
    listed = surveyor("sbom", shop, "--format", form, "--output", tmp_path / "bill.json", "--quiet")
    # one archive in the image is damaged
    assert (listed.returncode, listed.stdout, listed.stderr) == (3, "", "")
    assert "nothing in it was matched" in (tmp_path / "bill.json").read_text()
    database = advisories(tmp_path)
    found = []
    for target in (shop, tmp_path / "bill.json"):
        done = surveyor("scan", target, "--format", "json", "--advisories", database, "--quiet")
        report = json.loads(done.stdout)
        found.append(sorted((one["title"], one["severity"], one["package"]) for one in report["findings"]))
    assert found[0] == found[1] != []


def test_what_was_looked_at_whole_needs_no_database(surveyor: Surveyor, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "requirements.txt").write_text("idna==2.7\n")
    done = surveyor("sbom", tmp_path / "app", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    bill = json.loads(done.stdout)
    assert [one["purl"] for one in bill["components"]] == ["pkg:pypi/idna@2.7"]
    assert "vulnerabilities" not in bill
    again = json.loads(surveyor("sbom", tmp_path / "app", "--quiet").stdout)
    assert again["serialNumber"] == bill["serialNumber"]


def test_a_page_has_no_packages(surveyor: Surveyor) -> None:
    done = surveyor("sbom", "https://shop.test/")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a page has no packages to list" in done.stderr


def test_what_is_no_artifact_is_no_empty_bill(surveyor: Surveyor, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("milk\n")
    done = surveyor("sbom", tmp_path / "notes.txt", "--quiet")
    assert done.returncode == 2
    assert "The scan is unsupported" in done.stdout
