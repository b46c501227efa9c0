"""Names of images and of platforms: what Docker's users type, and what is no such name."""

from __future__ import annotations

import pytest

from surveyor.scan.errors import BadTarget
from surveyor.scan.formats.reference import Platform, parse

HEX = "sha256:" + "a1" * 32


@pytest.mark.parametrize(
    ("text", "full", "endpoint", "wanted"),
    [
        ("debian", "docker.io/library/debian:latest", "registry-1.docker.io", "latest"),
        ("debian:12", "docker.io/library/debian:12", "registry-1.docker.io", "12"),
        ("grafana/grafana", "docker.io/grafana/grafana:latest", "registry-1.docker.io", "latest"),
        ("docker.io/debian", "docker.io/library/debian:latest", "registry-1.docker.io", "latest"),
        ("index.docker.io/a/b:1", "docker.io/a/b:1", "registry-1.docker.io", "1"),
        ("registry.example/app", "registry.example/app:latest", "registry.example", "latest"),
        ("registry.example:5000/a/b/c:v1.2_x", "registry.example:5000/a/b/c:v1.2_x", "registry.example:5000", "v1.2_x"),
        ("localhost/app:1", "localhost/app:1", "localhost", "1"),
        ("[::1]:5000/app:1", "[::1]:5000/app:1", "[::1]:5000", "1"),
        ("Registry/app", "registry/app:latest", "registry", "latest"),
        ("Docker.IO/debian", "docker.io/library/debian:latest", "registry-1.docker.io", "latest"),
        (f"app@{HEX}", f"docker.io/library/app@{HEX}", "registry-1.docker.io", HEX),
        (f"r.example/app:1@{HEX}", f"r.example/app:1@{HEX}", "r.example", HEX),
        ("a__b--c/e.d_f", "docker.io/a__b--c/e.d_f:latest", "registry-1.docker.io", "latest"),
    ],
)
def test_a_name_is_read_as_docker_reads_it(text: str, full: str, endpoint: str, wanted: str) -> None:
    named = parse(text)
    assert (str(named), named.endpoint, named.wanted) == (full, endpoint, wanted)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/app",
        "app/",
        "App",
        "a//b",
        "-a",
        "a_",
        "a___b",
        "a:",
        "a:-x",
        "a:" + "x" * 129,
        "a@sha256:12",
        "a@md5:" + "0" * 32,
        f"a@{HEX.upper()}",
        "a b",
        "a\n",
        "r.example:123456/a",
        "r..example/a",
        "-r.example/a",
        "https://r.example/a",
        "user@r.example/a",
        "r.example/../a",
        "r.example/a?b",
        "r.example/a#b",
        "r.example/%2e%2e/a",
        "é/a:1",
        "r.example/" + "a/" * 200 + "a",
        "x" * 2000,
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(BadTarget):
        parse(text)


@pytest.mark.parametrize(
    ("text", "explicit"),
    [("debian", False), ("team/app", False), ("debian:12", True), (f"debian@{HEX}", True), ("r.example/a", True)],
)
def test_whether_a_word_can_only_be_an_image(text: str, explicit: bool) -> None:
    assert parse(text).explicit is explicit


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost:5000", True),
        ("127.8.0.1", True),
        ("[::1]:1", True),
        ("127.0.0.1.example", False),
        ("10.0.0.1", False),
    ],
)
def test_a_registry_on_this_machine(host: str, loopback: bool) -> None:
    assert parse(f"{host}/a").loopback is loopback


@pytest.mark.parametrize(
    ("asked", "told", "fits"),
    [
        ("linux/amd64", "linux/amd64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm", "linux/arm/v7", True),
        ("linux/arm", "linux/arm/v6", False),
        ("linux/arm/v6", "linux/arm/v6", True),
        ("LINUX/AMD64", "linux/amd64", True),
        ("linux/amd64", "windows/amd64", False),
        ("linux/amd64", "linux/amd64/v2", False),
        ("linux/amd64", None, False),
        ("linux/amd64", "x" * 100, False),
    ],
)
def test_platforms_are_compared_with_the_variant_that_is_meant(asked: str, told: str | None, fits: bool) -> None:
    assert Platform.parse(asked).fits(told) is fits


@pytest.mark.parametrize("text", ["", "linux", "linux/", "linux/amd64/v2/x", "linux amd64", "linux/amd64\n\n/"])
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(BadTarget, match="no platform"):
        Platform.parse(text)


def test_this_machine_has_one() -> None:
    assert Platform.here().os == "linux"
    assert Platform.parse(str(Platform.here())) == Platform.here()
