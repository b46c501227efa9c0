"""Logins for registries, from the files and programs in which container tools keep them."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path

import pytest

from surveyor.cli.logins import find
from surveyor.scan.formats.reference import parse
from surveyor.scan.settings import Login, Logins

NAME = "registry.example:5000/team/app:1"


def packed(name: str, password: str) -> str:
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def found(config: object, tmp_path: Path, name: str = NAME, **env: str) -> Logins:
    folder = tmp_path / "docker"
    folder.mkdir(exist_ok=True)
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    (folder / "config.json").write_bytes(text)
    return find(parse(name), {"DOCKER_CONFIG": str(folder), "PATH": str(tmp_path / "bin"), **env})


def helper(tmp_path: Path, name: str, script: str) -> None:
    """A credential helper on the PATH of ``found``."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    path = folder / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("registry.example:5000", NAME),
        ("https://registry.example:5000", NAME),
        ("Registry.Example:5000", NAME),
        ("registry.example:5000", NAME.replace("registry", "Registry")),
        ("https://registry.example:5000/v2/", NAME),
        ("registry.example:5000/team/app", NAME),
        ("registry.example:5000/team", NAME),
        ("https://index.docker.io/v1/", "debian:12"),
        ("docker.io", "debian:12"),
    ],
)
def test_a_login_is_found_by_every_spelling_of_its_registry(tmp_path: Path, key: str, name: str) -> None:
    logins = found({"auths": {key: {"auth": packed("me", "pass:word")}}}, tmp_path, name)
    login = logins.of(parse(name).host)
    assert login is not None
    assert (login.username, login.password) == ("me", "pass:word")
    assert login.source == str(tmp_path / "docker" / "config.json")


@pytest.mark.parametrize(
    "key", ["registry.example", "registry.example:50000", "other.example:5000", "registry.example:5000/team/ap", ""]
)
def test_a_login_for_another_registry_is_not_taken(tmp_path: Path, key: str) -> None:
    assert found({"auths": {key: {"auth": packed("me", "x")}}}, tmp_path).found == ()


def test_the_nearest_login_wins(tmp_path: Path) -> None:
    auths = {
        "registry.example:5000": {"auth": packed("all", "x")},
        "registry.example:5000/team": {"auth": packed("team", "x")},
    }
    assert [login.username for login in found({"auths": auths}, tmp_path).found] == ["team"]


def test_names_passwords_and_identity_tokens_are_read(tmp_path: Path) -> None:
    host = "registry.example:5000"
    [plain] = found({"auths": {host: {"username": "me", "password": "x"}}}, tmp_path).found
    assert (plain.username, plain.password) == ("me", "x")
    [token] = found({"auths": {host: {"auth": packed("x", ""), "identitytoken": "t"}}}, tmp_path).found
    assert (token.identity_token, token.password) == ("t", "")


def test_a_helper_of_the_registry_goes_before_the_one_for_all(tmp_path: Path) -> None:
    helper(
        tmp_path,
        "own",
        """[ "$1" = get ] && [ "$(cat)" = registry.example:5000 ] &&
        echo '{"ServerURL":"x","Username":"own","Secret":"one"}'""",
    )
    helper(tmp_path, "all", """echo '{"Username":"all","Secret":"two"}'""")
    config = {"credHelpers": {"registry.example:5000": "own"}, "credsStore": "all"}
    path = os.environ["PATH"]
    logins = found(config, tmp_path, PATH=f"{tmp_path / 'bin'}:{path}")
    assert [(login.username, login.password) for login in logins.found] == [("own", "one")]
    assert logins.looked[-1] == "credential helper docker-credential-own"
    [other] = found(config, tmp_path, "other.example/app", PATH=f"{tmp_path / 'bin'}:{path}").found
    assert (other.host, other.username) == ("other.example", "all")


def test_a_helper_knows_dockers_registry_by_its_old_name_and_may_give_a_token(tmp_path: Path) -> None:
    helper(
        tmp_path, "hub", """[ "$(cat)" = https://index.docker.io/v1/ ] && echo '{"Username":"<token>","Secret":"t"}'"""
    )
    [login] = found({"credsStore": "hub"}, tmp_path, "debian:12", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}").found
    assert login == Login(host="docker.io", source="credential helper docker-credential-hub", identity_token="t")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo credentials not found in native keychain; exit 1", "has none"),
        ("echo nonsense", "answers no JSON"),
        ("echo '[]'", "has none"),
        ("""echo '{"Username":"a","Secret":""}'""", "has none"),
        ("""echo '{"Username":1,"Secret":"x"}'""", "has none"),
    ],
)
def test_a_helper_without_a_login_is_named(tmp_path: Path, script: str, told: str) -> None:
    helper(tmp_path, "h", script)
    logins = found({"credsStore": "h"}, tmp_path, PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert logins.found == ()
    assert logins.looked[-1] == f"credential helper docker-credential-h ({told})"


@pytest.mark.parametrize("name", ["absent", "../../bin/sh", "a b", "x;y", ""])
def test_only_a_program_of_that_name_is_run(tmp_path: Path, name: str) -> None:
    logins = found({"credHelpers": {"registry.example:5000": name}}, tmp_path)
    assert logins.found == ()
    assert "no such program" in logins.looked[-1]


@pytest.mark.parametrize(
    "config",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b" " * ((1 << 20) + 1),
        {"auths": []},
        {"auths": {"registry.example:5000": []}},
        {"auths": {"registry.example:5000": {"auth": 5}}},
        {"auths": {"registry.example:5000": {"auth": "!!"}}},
        {"auths": {"registry.example:5000": {"auth": "/w=="}}},
        {"auths": {"registry.example:5000": {"auth": "\u00e9"}}},
        {"auths": {"https://[": {"auth": "x"}}},
        {"credHelpers": []},
        {"credHelpers": {"registry.example:5000": 5}},
        {"credsStore": 5},
    ],
)
def test_a_file_that_cannot_be_read_gives_none(tmp_path: Path, config: object) -> None:
    assert found(config, tmp_path).found == ()


def test_podmans_file_is_read_and_all_places_are_named(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    nothing = find(parse(NAME), env)
    assert nothing.looked == (
        f"{tmp_path}/.docker/config.json (not there)",
        f"{tmp_path}/run/containers/auth.json (not there)",
        f"{tmp_path}/.config/containers/auth.json (not there)",
    )
    path = tmp_path / "run" / "containers" / "auth.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"auths": {"registry.example:5000/team": {"auth": packed("p", "x")}}}))
    assert [login.username for login in find(parse(NAME), env).found] == ["p"]
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"auths": {"registry.example:5000": {"auth": packed("first", "x")}}}))
    assert [login.username for login in find(parse(NAME), {**env, "REGISTRY_AUTH_FILE": str(own)}).found] == ["first"]


def test_a_place_that_cannot_be_looked_at_is_named(tmp_path: Path) -> None:
    logins = find(parse(NAME), {"DOCKER_CONFIG": "x" * 300})
    assert logins.found == ()
    assert "File name too long" in logins.looked[0]


def test_a_login_does_not_show_its_secrets() -> None:
    login = Login(host="h", source="s", username="u", password="hidden-1", identity_token="hidden-2")
    assert "hidden" not in repr(login)
    assert "hidden" not in repr(Logins(found=(login,)))
