"""Where settings come from, which one wins, and what a wrong one says."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from surveyor.service import config
from surveyor.service.errors import BadConfiguration

KEY = "sv_live_" + "aB3-_" * 8 + "xyz"


def _load(home: Path, **variables: str) -> config.Config:
    return config.load({"SURVEYOR_HOME": str(home)} | variables)


def test_later_sources_win(tmp_path: Path) -> None:
    (tmp_path / "surveyor.toml").write_text('port = 1111\nrate_strict = 7\nhost = "0.0.0.0"\n')
    assert _load(tmp_path).port == 1111
    assert _load(tmp_path, SURVEYOR_PORT="2222").port == 2222
    given = config.load({"SURVEYOR_HOME": str(tmp_path), "SURVEYOR_PORT": "2222"}, port=3333, host=None)
    assert (given.port, given.rate_strict, given.host) == (3333, 7, "0.0.0.0")


def test_nothing_comes_from_the_machine_when_an_environment_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURVEYOR_PORT", "4444")
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/x")
    read = _load(tmp_path)
    assert (read.port, read.database_url) == (8600, None)
    monkeypatch.setenv("SURVEYOR_HOME", str(tmp_path))
    assert config.load().port == 4444


def test_a_browser_on_the_path_is_used_as_by_the_command(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "chromium"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    path = str(program.parent)
    assert _load(tmp_path, PATH=path).scan_settings().browser == str(program)
    assert _load(tmp_path, PATH=path, SURVEYOR_CHROMIUM="off").scan_settings().browser is None
    assert _load(tmp_path).scan_settings().browser is None


def test_the_scanners_table_and_variables(tmp_path: Path) -> None:
    (tmp_path / "surveyor.toml").write_text('[scan]\npsi_key = "from-file"\nallow_hosts = "a.test:8080"\n')
    settings = _load(tmp_path).scan_settings()
    assert settings.psi_key == "from-file"
    assert settings.allow_hosts[0].host == "a.test"
    assert settings.advisories == tmp_path / "advisories" / "advisories.db"
    assert _load(tmp_path, SURVEYOR_PSI_KEY="from-variable").scan_settings().psi_key == "from-variable"


def test_an_installed_browser_is_found(tmp_path: Path) -> None:
    (tmp_path / "chromium").write_text("#!/bin/sh\n")
    (tmp_path / "chromium").chmod(0o755)
    assert _load(tmp_path, PATH=str(tmp_path)).scan_settings().browser == str(tmp_path / "chromium")
    assert _load(tmp_path, PATH=str(tmp_path), SURVEYOR_CHROMIUM="off").scan_settings().browser is None


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    secrets = {
        "DATABASE_URL": "postgresql://u:hunter2@h/d",
        "SURVEYOR_BOOTSTRAP_API_KEY": KEY,
        "AWS_SECRET_ACCESS_KEY": "aws-hunter2",
        "SURVEYOR_PSI_KEY": "psi-hunter2",
    }
    (tmp_path / "surveyor.toml").write_text('[scan]\npsi_key = "file-hunter2"\n')
    read = _load(tmp_path, **secrets)
    for text in (repr(read), str(read), repr(read.scan_settings())):
        assert "hunter2" not in text
        assert KEY not in text
    assert read.database_url is not None
    assert read.database_url.get_secret_value() == secrets["DATABASE_URL"]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"SURVEYOR_PORT": "hunter2"}, "setting port"),
        ({"SURVEYOR_PORT": "70000"}, "setting port"),
        ({"SURVEYOR_BOOTSTRAP_API_KEY": "sv_live_hunter2"}, "setting bootstrap_api_key: must be sv_live_"),
        ({"SURVEYOR_BOOTSTRAP_API_KEY": KEY + "x"}, "setting bootstrap_api_key"),
        ({"SURVEYOR_STORAGE_URL": "gs://hunter2"}, "setting storage_url"),
        ({"SURVEYOR_HEARTBEAT_SECONDS": "10", "SURVEYOR_STALLED_SECONDS": "39"}, "four times"),
        ({"SURVEYOR_CONFIG": "/no/such/file.toml"}, "does not exist"),
        ({"SURVEYOR_ALLOW_HOSTS": "host:99999"}, "SURVEYOR_ALLOW_HOSTS"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it_and_not_its_value(
    tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    with pytest.raises(BadConfiguration, match=words) as caught:
        _load(tmp_path, **variables)
    assert "\n" not in caught.value.message
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize("content", ["porrt = 1", "port = [", "[scan]\nx = \x00", "[other]\nx = 1"])
def test_a_wrong_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "surveyor.toml").write_text(content)
    with pytest.raises(BadConfiguration):
        _load(tmp_path)


def test_four_heartbeats_are_enough(tmp_path: Path) -> None:
    assert _load(tmp_path, SURVEYOR_HEARTBEAT_SECONDS="10", SURVEYOR_STALLED_SECONDS="40").stalled_seconds == 40


@pytest.mark.parametrize(
    ("variables", "hosts", "url"),
    [
        ({}, ("localhost", "127.0.0.1", "[::1]"), "http://127.0.0.1:8600"),
        ({"SURVEYOR_HOST": "::1"}, ("localhost", "127.0.0.1", "[::1]"), "http://[::1]:8600"),
        ({"SURVEYOR_HOST": "0.0.0.0"}, ("localhost", "127.0.0.1", "[::1]", "0.0.0.0"), "http://127.0.0.1:8600"),
        (
            {
                "SURVEYOR_ALLOWED_HOSTS": "Scan.Example, other.example",
                "SURVEYOR_PUBLIC_URL": "https://pub.example:444/",
            },
            ("localhost", "127.0.0.1", "[::1]", "scan.example", "other.example", "pub.example"),
            "https://pub.example:444",
        ),
    ],
)
def test_hosts_and_address(tmp_path: Path, variables: dict[str, str], hosts: tuple[str, ...], url: str) -> None:
    read = _load(tmp_path, **variables)
    assert read.hosts == hosts
    assert read.base_url == url


def test_the_secret_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    read = _load(tmp_path / "home")
    key = read.secret_key()
    assert len(key) == 32
    assert read.secret_key() == _load(tmp_path / "home").secret_key() == key
    assert stat.S_IMODE((tmp_path / "home" / "secret").stat().st_mode) == 0o600
    assert _load(tmp_path / "other").secret_key() != key
    assert sorted(path.name for path in (tmp_path / "home").iterdir()) == ["secret", "tmp"]
    (tmp_path / "home" / "secret").write_bytes(b"short")
    with pytest.raises(BadConfiguration, match="32 bytes"):
        read.secret_key()


def test_a_given_secret_is_every_machines_and_no_file_is_made(tmp_path: Path) -> None:
    given = _load(tmp_path / "home", SURVEYOR_SECRET="0a" * 32)
    assert given.secret_key() == b"\n" * 32
    assert not (tmp_path / "home").exists()
    with pytest.raises(BadConfiguration, match="64 hexadecimal digits"):
        _load(tmp_path / "home", SURVEYOR_SECRET="0a" * 31)


def test_the_next_secret_waits_until_it_is_used(tmp_path: Path) -> None:
    read = _load(tmp_path / "home")
    old, new = read.secret_key(), read.next_secret_key()
    assert old != new == _load(tmp_path / "home").next_secret_key()
    assert read.secret_key() == old
    read.use_next_secret()
    assert read.secret_key() == new
    assert sorted(path.name for path in (tmp_path / "home").iterdir()) == ["secret", "tmp"]


def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadConfiguration, match="cannot make the data folder"):
        _load(tmp_path / "file" / "home").prepare_home()


def test_children_get_everything_but_the_bootstrap_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SURVEYOR_BOOTSTRAP_API_KEY", KEY)
    monkeypatch.setenv("SURVEYOR_PSI_KEY", "kept")
    variables = _load(tmp_path).child_environment(SURVEYOR_PORT="1")
    assert "SURVEYOR_BOOTSTRAP_API_KEY" not in variables
    assert (variables["SURVEYOR_PSI_KEY"], variables["SURVEYOR_PORT"]) == ("kept", "1")
    assert os.environ["SURVEYOR_BOOTSTRAP_API_KEY"] == KEY
