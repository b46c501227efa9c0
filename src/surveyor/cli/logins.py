"""Where container tools keep their logins: Docker's and Podman's files, and the helper programs these name.

``config.json`` of the Docker CLI (``auths``, ``credHelpers``, ``credsStore``); containers-auth.json(5); the protocol of
docker-credential-helpers (``get``: a server on standard input, a login as JSON on standard output).
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from surveyor.scan.formats.reference import HUB, Reference
from surveyor.scan.settings import Login, Logins

_FILE = 1 << 20
_HELPER_SECONDS = 30.0
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
#: The name under which Docker's own registry is kept, for ever.
_HUB_KEY = "https://index.docker.io/v1/"
_HUB_NAMES = frozenset({HUB, "index.docker.io", "registry-1.docker.io"})
_IDENTITY = "<token>"


def find(reference: Reference, env: Mapping[str, str]) -> Logins:
    """The login for an image's registry, of the first place that has one, and all places that were looked at."""
    looked: list[str] = []
    for path in _files(env):
        try:
            document = _read(path)
        except FileNotFoundError:
            looked.append(f"{path} (not there)")
            continue
        except (OSError, ValueError) as error:
            looked.append(f"{path} ({getattr(error, 'strerror', None) or 'cannot be read'})")
            continue
        looked.append(str(path))
        for helper in _helpers(document, reference):
            login, words = _asked(helper, reference, env)
            looked.append(words)
            if login is not None:
                return Logins(found=(login,), looked=tuple(looked))
        if (login := _kept(document, reference, str(path))) is not None:
            return Logins(found=(login,), looked=tuple(looked))
    return Logins(looked=tuple(looked))


def _files(env: Mapping[str, str]) -> Iterator[Path]:
    """Where a file may be, the first that was named expressly before the usual places."""
    home, run = env.get("HOME"), env.get("XDG_RUNTIME_DIR")
    if given := env.get("REGISTRY_AUTH_FILE"):
        yield Path(given)
    if folder := env.get("DOCKER_CONFIG"):
        yield Path(folder) / "config.json"
    elif home:
        yield Path(home) / ".docker" / "config.json"
    if run:
        yield Path(run) / "containers" / "auth.json"
    settings = env.get("XDG_CONFIG_HOME") or (home and str(Path(home) / ".config"))
    if settings:
        yield Path(settings) / "containers" / "auth.json"


def _read(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        data = file.read(_FILE + 1)
    if len(data) > _FILE:
        raise ValueError("too large")
    document = orjson.loads(data)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - malformed data, not a caller's mistake
    return document


def _helpers(document: Mapping[str, object], reference: Reference) -> Iterator[str]:
    """The programs that keep this registry's login: its own, then the one for all."""
    own = document.get("credHelpers")
    for name, helper in own.items() if isinstance(own, dict) else ():
        if _host(str(name)) == reference.host and isinstance(helper, str):
            yield helper
    store = document.get("credsStore")
    if isinstance(store, str) and store:
        yield store


def _asked(helper: str, reference: Reference, env: Mapping[str, str]) -> tuple[Login | None, str]:
    """What a helper program answers, and how to speak of it."""
    program = f"docker-credential-{helper}"
    words = f"credential helper {program}"
    path = shutil.which(program, path=env.get("PATH")) if _HELPER.fullmatch(helper) else None
    if path is None:
        return None, f"{words} (no such program)"
    server = _HUB_KEY if reference.host == HUB else reference.host
    try:
        done = subprocess.run(  # noqa: S603 - the user's own configuration names the program
            [path, "get"],
            input=server.encode(),
            capture_output=True,
            timeout=_HELPER_SECONDS,
            env=dict(env),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"{words} (no answer within {_HELPER_SECONDS:g} s)"
    except OSError as error:
        return None, f"{words} ({error.strerror})"
    try:
        told = orjson.loads(done.stdout) if done.returncode == 0 else {}
    except orjson.JSONDecodeError:
        return None, f"{words} (answers no JSON)"
    name, secret = (told.get(key) if isinstance(told, dict) else None for key in ("Username", "Secret"))
    if not isinstance(name, str) or not isinstance(secret, str) or not secret:
        return None, f"{words} (has none)"
    if name == _IDENTITY:
        return Login(host=reference.host, source=words, identity_token=secret), words
    return Login(host=reference.host, source=words, username=name, password=secret), words


def _kept(document: Mapping[str, object], reference: Reference, source: str) -> Login | None:
    """The login in the file itself: of the longest beginning of the repository's name, else of the host."""
    kept = document.get("auths")
    if not isinstance(kept, dict):
        return None
    parts = f"{reference.host}/{reference.repository}".split("/")
    for length in range(len(parts), 0, -1):
        wanted = "/".join(parts[:length])
        for name, entry in kept.items():
            if (_host(name) if length == 1 else name) == wanted and (login := _login(entry, reference.host, source)):
                return login
    return None


def _login(entry: object, host: str, source: str) -> Login | None:
    if not isinstance(entry, dict):
        return None
    texts = {key: value for key, value in entry.items() if isinstance(value, str)}
    if token := texts.get("identitytoken"):
        return Login(host=host, source=source, identity_token=token)
    name, password = texts.get("username", ""), texts.get("password", "")
    try:
        packed = base64.b64decode(texts.get("auth", ""), validate=True).decode()
    except ValueError:  # no base64, or no text in it
        packed = ""
    if packed:
        name, _, password = packed.partition(":")
    password = password.rstrip("\0")
    return Login(host=host, source=source, username=name, password=password) if password else None


def _host(name: str) -> str:
    """The registry that a key means: older files have URLs."""
    host = (name.partition("://")[2].partition("/")[0] if "://" in name else name).lower()
    return HUB if host in _HUB_NAMES else host
