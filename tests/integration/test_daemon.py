"""An image of a local daemon, over a real unix socket that speaks its API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from surveyor.scan import engine
from surveyor.scan.errors import BadTarget
from surveyor.scan.events import Progress
from surveyor.scan.limits import Limits
from surveyor.scan.model import Report, ScanStatus
from surveyor.scan.net.daemon import sockets
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests import images
from tests.servers.daemon import Daemon

BASE = images.tar({"etc/os-release": images.DEBIAN, "var/lib/dpkg/status": images.deb("bash", "1")})
BASH = "pkg:deb/debian/bash@1?arch=amd64&distro=debian-12"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path / "d.sock") as running:
        running.images["shop:1"] = images.docker_save([BASE])
        yield running


def scan(name: str, *at: Path, limits: Limits | None = None, platform: str | None = None) -> Report:
    settings = Settings(daemon_sockets=at, limits=limits or Limits(seconds=20))
    return engine.run(plan(name, platform=platform), settings, Progress())


@pytest.mark.parametrize("program", ["docker", "podman"])
def test_an_image_is_read_as_its_archive_is(daemon: Daemon, program: str) -> None:
    report = scan(f"{program}://shop:1", daemon.path)
    assert images.purls(report) == [BASH]
    assert images.troubles(report) == []
    assert (report.target.type, report.target.source) == ("container", f"{program}://shop:1")
    assert daemon.paths == ["/images/shop:1/get"]


def test_the_first_socket_that_is_there_is_asked(daemon: Daemon, tmp_path: Path) -> None:
    assert images.purls(scan("docker://shop:1", tmp_path / "none", daemon.path)) == [BASH]
    report = scan("docker://shop:1", tmp_path / "none")
    assert report.error == f"no local daemon was found (looked for: {tmp_path / 'none'})"
    (tmp_path / "file").write_bytes(b"")
    assert "cannot be asked" in (scan("docker://shop:1", tmp_path / "file", daemon.path).error or "")


def test_a_name_with_a_registry_and_a_digest_is_asked_for_as_it_is(daemon: Daemon) -> None:
    name = "registry.example:5000/team/shop@sha256:" + "0" * 64
    daemon.images[name] = images.docker_save([BASE])
    assert images.purls(scan(f"docker://{name}", daemon.path)) == [BASH]


def test_an_image_that_is_not_there_is_told(daemon: Daemon) -> None:
    report = scan("docker://other:2", daemon.path)
    assert report.scan_status is ScanStatus.FAILED
    assert report.coverage[0].reason == "not_found"
    assert "No such image" in (report.error or "")


def test_one_platform_of_several_is_chosen(daemon: Daemon) -> None:
    arm = images.tar({"app/node_modules/left-pad/package.json": images.npm("left-pad", "1.3.0")})
    layout = images.Oci()
    layout.add([BASE], platform={"os": "linux", "architecture": "amd64"})
    layout.add([arm], platform={"os": "linux", "architecture": "arm64"})
    daemon.images["many:1"] = layout.tar()
    report = scan("docker://many:1", daemon.path, platform="linux/arm64")
    assert images.purls(report) == ["pkg:npm/left-pad@1.3.0"]
    assert [entry.detail for entry in report.coverage if entry.reason == "not_chosen"] == [
        "image of linux/amd64 is not the one that was chosen"
    ]
    both = scan("docker://many:1", daemon.path)
    assert len(both.packages) == 2
    none = scan("docker://many:1", daemon.path, platform="linux/s390x")
    assert none.error == "no image for linux/s390x is in it; it has: linux/amd64, linux/arm64"


def test_an_archive_over_the_bound_is_refused(daemon: Daemon) -> None:
    report = scan("docker://shop:1", daemon.path, limits=Limits(spool_bytes=5000))
    assert report.scan_status is ScanStatus.FAILED
    assert report.coverage[0].reason == "limit_exceeded"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 500 No\r\n\r\n" + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_a_daemon_that_answers_badly_is_told(daemon: Daemon, answer: bytes) -> None:
    def write(out: BinaryIO) -> None:
        out.write(answer)

    daemon.write = write
    assert scan("docker://shop:1", daemon.path).scan_status in {ScanStatus.FAILED, ScanStatus.UNSUPPORTED}


def test_without_sockets_nothing_is_asked() -> None:
    """As in the service, whose settings name none."""
    assert scan("docker://shop:1").error == "no local daemon was found (looked for: nowhere)"


@pytest.mark.parametrize(
    ("program", "env", "expected"),
    [
        ("docker", {"DOCKER_HOST": "unix:///run/x.sock"}, ["/run/x.sock"]),
        ("docker", {}, ["/var/run/docker.sock"]),
        (
            "docker",
            {"XDG_RUNTIME_DIR": "/run/user/7", "HOME": "/home/a"},
            ["/run/user/7/docker.sock", "/home/a/.docker/run/docker.sock", "/var/run/docker.sock"],
        ),
        ("podman", {"CONTAINER_HOST": "unix:///run/y.sock", "DOCKER_HOST": "tcp://x"}, ["/run/y.sock"]),
        (
            "podman",
            {"XDG_RUNTIME_DIR": "/run/user/7"},
            ["/run/user/7/podman/podman.sock", "/run/podman/podman.sock"],
        ),
    ],
)
def test_where_a_daemon_listens(program: str, env: dict[str, str], expected: list[str]) -> None:
    assert [str(path) for path in sockets(program, env)] == expected


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:2375", "ssh://me@host", "unix://", "/run/docker.sock"])
def test_only_a_local_daemon_is_asked(host: str) -> None:
    with pytest.raises(BadTarget, match="DOCKER_HOST"):
        sockets("docker", {"DOCKER_HOST": host})


def test_the_command_line_takes_docker_host(daemon: Daemon, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DOCKER_HOST": f"unix://{daemon.path}",
        "SURVEYOR_HOME": str(tmp_path),
    }
    command = [sys.executable, "-m", "surveyor", "scan", "docker://shop:1", "--format", "json", "--quiet"]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 3, done.stderr
    assert [package["name"] for package in json.loads(done.stdout)["packages"]] == ["bash"]
