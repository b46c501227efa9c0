"""The plan: what a person typed becomes a kind and its slots, or one clear sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from surveyor.scan.errors import BadTarget, Refused
from surveyor.scan.model import Kind
from surveyor.scan.plan import WEB_SLOTS, Place, Request, plan


def test_a_url_gets_four_slots() -> None:
    request = plan("HTTPS://example.test/a")
    assert request.kind is Kind.WEB
    assert request.slots == ("performance", "security", "seo", "accessibility")


def test_files_and_directories_get_one(tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_bytes(b"")
    for target in (tmp_path, tmp_path / "a.jar"):
        request = plan(str(target))
        assert request.kind is Kind.ARTIFACT
        assert request.slots == ("artifact",)
        assert request.name == target.name


def test_a_folder_has_a_name_however_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "shop" / "api"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert [plan(target).name for target in (".", "./", "..", "../../shop", "/")] == ["api", "api", "shop", "shop", "/"]


@pytest.mark.parametrize("target", ["ftp://example.test/", "file:///etc/passwd", "no/such/file"])
def test_refuses_what_cannot_be_scanned(target: str) -> None:
    with pytest.raises(BadTarget):
        plan(target)


@pytest.mark.parametrize(
    "url",
    [
        "http://u@h/",
        "HTTP://user:pw@h/",
        "http://user:p@w@h/",
        "http://user:p/w@h/",
        "http:\\\\u:pw@h/",
        "http://[u:pw@h",
    ],
)
def test_no_request_can_hold_a_password(url: str) -> None:
    with pytest.raises(Refused) as caught:
        Request(kind=Kind.WEB, source=url, slots=WEB_SLOTS)
    assert caught.value.rule == "userinfo"
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://h/@me", "http://h?a=b@c", "http://h/#a@b", "http://[::1]/@x", "http://h:80/@y"]
)
def test_an_at_sign_elsewhere_is_no_password(url: str) -> None:
    assert plan(url).source == url


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(BadTarget, match="neither"):
        plan(str(pipe))


@pytest.mark.parametrize(
    ("target", "source", "place"),
    [
        ("debian:12", "debian:12", Place.REGISTRY),
        ("registry.example/app", "registry.example/app", Place.REGISTRY),
        ("registry.example:5000/app:1", "registry.example:5000/app:1", Place.REGISTRY),
        ("localhost/app", "localhost/app", Place.REGISTRY),
        ("image:debian", "debian", Place.REGISTRY),
        ("oci://registry.example/app:1", "registry.example/app:1", Place.REGISTRY),
        ("debian@sha256:" + "0" * 64, "debian@sha256:" + "0" * 64, Place.REGISTRY),
        ("docker://shop", "docker://shop", Place.DOCKER),
        ("PODMAN://localhost/shop:1", "podman://localhost/shop:1", Place.PODMAN),
    ],
)
def test_the_name_of_an_image_is_an_artifact(target: str, source: str, place: Place) -> None:
    request = plan(target, platform="linux/arm64")
    assert (request.kind, request.source, request.place) == (Kind.ARTIFACT, source, place)
    assert request.image == source.removeprefix(f"{place}://")
    assert request.platform == "linux/arm64"
    assert request.name is None


def test_a_file_is_not_taken_for_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "debian:12").write_bytes(b"x")
    assert plan("debian:12").place is Place.FILE


@pytest.mark.parametrize(
    "target",
    ["debian", "team/app", "app.tar", "./app:1", "/app:1", "shop.example:8080", "docs/app.tar", "App:1", "a b:1"],
)
def test_a_word_that_is_no_file_is_told_what_it_could_be(target: str) -> None:
    with pytest.raises(BadTarget, match=r"no such file or directory.*http.*image:"):
        plan(target)


@pytest.mark.parametrize(
    "target", ["image:", "oci://", "docker://", "docker://App", "image:a b", "oci://u:p@r.example/a"]
)
def test_a_prefix_without_an_image_is_refused(target: str) -> None:
    with pytest.raises(BadTarget) as caught:
        plan(target)
    assert "no such file" not in str(caught.value)


def test_a_platform_is_judged_at_once() -> None:
    with pytest.raises(BadTarget, match="no platform"):
        plan("debian:12", platform="arm")
    with pytest.raises(BadTarget, match="a page has none"):
        plan("https://example.test/", platform="linux/arm64")


def test_an_image_is_chosen_in_a_file_only(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"x")
    assert plan(str(tmp_path / "a.tar"), only="shop:1").only == "shop:1"
    for target in ("https://example.test/", "debian:12", "docker://shop"):
        with pytest.raises(BadTarget, match="--image"):
            plan(target, only="shop:1")
