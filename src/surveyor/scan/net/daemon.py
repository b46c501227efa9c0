"""A local Docker or Podman daemon on its unix socket: an image by name, as ``docker save`` writes it.

Docker Engine API, "Export an image" (``GET /images/{name}/get``), which Podman's compatible API serves as well.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote, urlsplit

import h11
import orjson

from surveyor.scan.errors import Absent, BadTarget, LimitExceeded, Unreachable
from surveyor.scan.net import wire

_ERROR_BYTES = 64 << 10
_MESSAGE = 200
#: A daemon may pack layers for a while before it says anything.
_IDLE_SECONDS = 300.0


def sockets(program: str, env: Mapping[str, str]) -> tuple[Path, ...]:
    """Where the daemon of ``docker`` or ``podman`` may listen; raises ``BadTarget`` when it is not on this machine."""
    variable = {"docker": "DOCKER_HOST", "podman": "CONTAINER_HOST"}[program]
    if given := env.get(variable):
        split = urlsplit(given)
        if split.scheme != "unix" or not split.path:
            raise BadTarget(f"{variable}: only a local daemon's unix:///PATH is asked for images")
        return (Path(unquote(split.path)),)
    run, home = env.get("XDG_RUNTIME_DIR"), env.get("HOME")
    if program == "podman":
        return tuple(Path(folder) / "podman" / "podman.sock" for folder in (run, "/run") if folder)
    own = [Path(run) / "docker.sock"] if run else []
    desktop = [Path(home) / ".docker" / "run" / "docker.sock"] if home else []
    return (*own, *desktop, Path("/var/run/docker.sock"))


def save(
    name: str, at: tuple[Path, ...], to: BinaryIO, *, max_bytes: int, seconds: float, tick: Callable[[int], None]
) -> int:
    """Write the archive of an image; returns its size. ``tick`` hears how many bytes came.

    Raises ``Absent`` when the daemon has no such image, ``Unreachable``, ``LimitExceeded``.
    """
    deadline = wire.Deadline(time.monotonic, seconds, idle=_IDLE_SECONDS)
    with _connect(at, deadline) as sock:
        exchange = wire.Exchange(sock, deadline)
        answer = exchange.begin(
            "GET",
            f"/images/{quote(name, safe='/:@')}/get",
            [("Host", "localhost"), ("User-Agent", "Surveyor"), ("Connection", "close")],
        )
        if answer.status_code != 200:
            raise _trouble(name, answer, exchange)
        size = 0
        for chunk in exchange.body():
            size += len(chunk)
            if size > max_bytes:
                raise LimitExceeded(f"the image is larger than the {max_bytes:,} bytes that may be spooled")
            to.write(chunk)
            tick(len(chunk))
        return size


def _connect(at: tuple[Path, ...], deadline: wire.Deadline) -> socket.socket:
    """The first socket that is there decides: what it says is not covered up by another daemon."""
    for path in at:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(deadline.left())
        try:
            sock.connect(str(path))
        except FileNotFoundError:
            sock.close()
        except OSError as error:
            sock.close()
            raise Unreachable(f"the daemon at {path} cannot be asked: {error.strerror or error}") from None
        else:
            return sock
    places = ", ".join(str(path) for path in at) or "nowhere"
    raise Unreachable(f"no local daemon was found (looked for: {places})")


def _trouble(name: str, answer: h11.Response, exchange: wire.Exchange) -> Unreachable:
    body = b""
    for chunk in exchange.body():
        body += chunk
        if len(body) > _ERROR_BYTES:
            break
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    told = document.get("message") if isinstance(document, dict) else None
    words = f": {told[:_MESSAGE]}" if isinstance(told, str) else ""
    if answer.status_code == 404:
        return Absent(f"the local daemon has no image {name}{words}")
    return Unreachable(f"the local daemon answers {answer.status_code}{words}")
