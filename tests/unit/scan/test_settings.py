"""Settings: hosts that are exempt, the data folder, the environment as a mapping."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan import settings
from surveyor.scan.errors import BadTarget
from surveyor.scan.limits import Limits
from surveyor.scan.settings import AllowedHost


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("localhost", "localhost", None),
        ("Intranet.Example.:8080", "intranet.example", 8080),
        ("[::1]:8443", "::1", 8443),
        ("[::1]", "::1", None),
        ("::1", "::1", None),
    ],
)
def test_reads_allowed_hosts(text: str, host: str, port: int | None) -> None:
    assert settings.parse_allowed_host(text) == AllowedHost(host=host, port=port)


@pytest.mark.parametrize("text", ["", ":80", "a:", "a:0", "a:65536", "a:http", "[::1", "[::1]x", "a:١"])
def test_refuses_what_is_no_host(text: str) -> None:
    with pytest.raises(BadTarget, match="--allow-host"):
        settings.parse_allowed_host(text)


def test_home_is_what_was_given() -> None:
    assert settings.home({"SURVEYOR_HOME": "/srv/surveyor"}) == Path("/srv/surveyor")


def test_roots_home_is_reachable_by_other_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert settings.home({}) == Path("/var/lib/surveyor")


def test_an_ordinary_user_has_the_platforms_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("sys.platform", "linux")
    assert settings.home({"XDG_DATA_HOME": "/home/a/data"}) == Path("/home/a/data/surveyor")


def test_the_page_speed_key_is_never_shown() -> None:
    read = settings.from_environment({"SURVEYOR_PSI_KEY": "AIza-secret", "SURVEYOR_ALLOW_HOSTS": "a:81, b"})
    assert "secret" not in repr(read)
    assert read.psi_key == "AIza-secret"
    assert read.allow_hosts == (AllowedHost(host="a", port=81), AllowedHost(host="b"))


def test_the_operator_says_how_much_a_scan_may_spool() -> None:
    for env in ({}, {"SURVEYOR_SPOOL_BYTES": ""}):
        assert settings.from_environment(env).limits == Limits()
    read = settings.from_environment({"SURVEYOR_SPOOL_BYTES": "1048576"})
    assert read.limits == Limits(spool_bytes=1 << 20)
    assert settings.from_environment({"SURVEYOR_LAYER_CACHE_MB": "0"}).layer_cache_bytes == 0


@pytest.mark.parametrize("name", ["SURVEYOR_SPOOL_BYTES", "SURVEYOR_LAYER_CACHE_MB"])
@pytest.mark.parametrize("value", ["-1", "4 GB", "1e9", "1.5", "\u0661", "1" * 17, "1" * 5000])
def test_what_is_no_number_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(BadTarget, match=f"{name}: expected a number of"):
        settings.from_environment({name: value})
