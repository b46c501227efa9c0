"""The command line as a person runs it: real processes, real files, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from surveyor.scan import vocabulary
from surveyor.scan.report import json as report_json
from tests import images
from tests.servers.osv_bucket import record, serve, write
from tests.servers.web import Site

Surveyor = Callable[..., "subprocess.CompletedProcess[str]"]
HIGH = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}]


@pytest.fixture
def surveyor(tmp_path: Path) -> Surveyor:
    """Runs ``surveyor`` with a data folder of its own and nothing from this environment."""
    environment = {"PATH": os.environ["PATH"], "SURVEYOR_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}

    def run(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "surveyor", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, env=environment | more, timeout=60, check=False)

    return run


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """Advisories: one rated high, one that nobody has rated."""
    return write(
        tmp_path / "bucket",
        {
            "Debian": [record("DEBIAN-CVE-2024-1", "Debian:12", "expat", fixed="2.6", upstream=["CVE-2024-1"])],
            "npm": [record("GHSA-1", "npm", "lodash", fixed="4.17.21", aliases=["CVE-2021-23337"], severity=HIGH)],
        },
    )


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A Debian image with one vulnerable package of each kind."""
    layer = images.tar(
        {
            "etc/os-release": images.DEBIAN,
            "var/lib/dpkg/status": images.deb("libexpat1", "2.5.0-1", source="expat"),
            "app/node_modules/lodash/package.json": images.npm("lodash", "4.17.15"),
        }
    )
    path = tmp_path / "image.tar"
    path.write_bytes(images.docker_save([images.pack(layer, "gzip")]))
    return path


@pytest.fixture
def debian_only(tmp_path: Path) -> Path:
    """An image whose only package is one that nobody rated the flaw of."""
    layer = images.tar(
        {"etc/os-release": images.DEBIAN, "var/lib/dpkg/status": images.deb("libexpat1", "2.5.0-1", source="expat")}
    )
    path = tmp_path / "debian.tar"
    path.write_bytes(images.docker_save([layer]))
    return path


def test_without_advisories_packages_are_told_and_the_scan_is_incomplete(surveyor: Surveyor, image: Path) -> None:
    done = surveyor("scan", image, "--format", "json")
    report = report_json.decode(done.stdout.encode())
    assert done.returncode == 3
    assert [package.name for package in report.packages] == ["libexpat1", "lodash"]
    assert any(entry.what == "advisories" and entry.state == "missing" for entry in report.coverage)


def test_update_over_http_then_scan_then_status(surveyor: Surveyor, bucket: Path, image: Path) -> None:
    with serve(bucket) as server:
        made = surveyor("db", "update", "--from", server.url)
        assert made.returncode == 0, made.stderr
        again = surveyor("db", "update", "--from", server.url, "--quiet")
    assert "unchanged" in again.stdout
    assert again.stderr == ""
    status = surveyor("db", "status")
    assert "osv:Debian" in status.stdout
    assert "2026-01-01" in status.stdout
    done = surveyor("scan", image)
    assert done.returncode == 0
    assert "CVE-2024-1: deb/debian/expat" in done.stdout
    assert "CVE-2021-23337: npm/lodash" in done.stdout
    assert "1 high, 0 medium, 0 low, 1 unknown" in done.stdout
    # piped: plain lines of progress, none of it among the report
    assert "scan.start" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("gate", "code"), [("critical", 0), ("high", 1), ("low", 1), ("unknown", 1), ("critical,unknown", 1)]
)
def test_the_gate(surveyor: Surveyor, bucket: Path, image: Path, gate: str, code: int) -> None:
    assert surveyor("scan", image, "--advisories", bucket, "--fail-on", gate, "--quiet").returncode == code


def test_a_gate_on_severity_ignores_what_nobody_rated(surveyor: Surveyor, bucket: Path, debian_only: Path) -> None:
    done = surveyor("scan", debian_only, "--advisories", bucket, "--fail-on", "low", "--quiet")
    assert done.returncode == 0
    assert "1 unknown" in done.stdout


def test_output_and_progress_files(surveyor: Surveyor, bucket: Path, image: Path, tmp_path: Path) -> None:
    output, events = tmp_path / "report.json", tmp_path / "events.ndjson"
    done = surveyor(
        "scan",
        image,
        "--advisories",
        bucket,
        "--format",
        "json",
        "--output",
        output,
        "--progress-file",
        events,
        "--quiet",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(report_json.decode(output.read_bytes()).findings) == 2
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert {"ts", "stage", "detail", "level", "component", "event"} <= set(lines[0])
    assert [line["stage"] for line in lines if not vocabulary.is_known(line["stage"])] == []
    assert lines[-1]["stage"] == "scan.done"


def test_a_page_on_an_allowed_host(surveyor: Surveyor, site: Site) -> None:
    site.page("/", "<!doctype html><html lang=en><title>t</title><h1>x</h1>")
    done = surveyor("scan", site.url("/"), "--allow-host", f"{site.host}:{site.port}", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Content-Security-Policy missing" in done.stdout
    # not configured is told and changes no exit code
    assert "PageSpeed Insights key" in done.stdout


def test_a_private_page_is_refused_with_the_rule(surveyor: Surveyor, site: Site) -> None:
    done = surveyor("scan", site.url("/"), "--format", "json", "--quiet")
    report = report_json.decode(done.stdout.encode())
    assert done.returncode == 2
    assert {entry.reason for entry in report.coverage} == {"address_loopback"}
    assert site.requests == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["scan", "no/such/file"], "no such file"),
        (["scan", "ftp://example.test/"], "only http and https"),
        (["scan", ".", "--fail-on", "severe"], "--fail-on"),
        (["scan", ".", "--allow-host", ":80"], "--allow-host"),
        (["scan", ".", "--advisories", "no/such/place"], "no advisory database"),
        (["scan", ".", "--advisories", "https://mirror.test/", "--offline"], "--offline"),
        (["scan", ".", "--format", "pdf"], "pdf"),
        (["scan"], "target"),
        (["db", "status"], "no advisory database"),
        (["db", "update", "--from", "no/such/folder"], "no such directory"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_usage_is_one_sentence_and_two(surveyor: Surveyor, words: list[str], told: str) -> None:
    done = surveyor(*words)
    assert done.returncode == 2
    assert told.lower() in (done.stdout + done.stderr).lower()
    assert "Traceback" not in done.stderr


def test_what_is_no_artifact(surveyor: Surveyor, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    done = surveyor("scan", path, "--quiet")
    assert done.returncode == 2
    assert "Could not scan" in done.stdout


def test_a_database_that_does_not_answer_is_one_sentence(surveyor: Surveyor) -> None:
    for command in (["migrate"], ["serve"], ["worker"], ["admin", "team", "list"]):
        done = surveyor(*command, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
        assert done.returncode == 2, command
        assert done.stderr.count("\n") == 1, done.stderr
        assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error(surveyor: Surveyor, image: Path, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SURVEYOR_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "surveyor", "scan", str(image), "--quiet", "--format", "json"]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, env=environment, timeout=60, check=False)
    assert done.stderr == b""
