"""The plan: what a person typed becomes a kind and its slots, or one clear sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from surveyor.scan.errors import BadTarget, Refused
from surveyor.scan.model import Kind
from surveyor.scan.plan import WEB_SLOTS, Request, plan


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
