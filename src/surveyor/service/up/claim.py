"""That this home and this port are ours alone, said in one sentence when they are not."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import socket
import time
from collections.abc import Iterator

from surveyor.service.config import Config
from surveyor.service.errors import AlreadyRunning, BadConfiguration

#: Processes of a supervisor that was killed need a moment to notice; see ``leash``.
PORT_SECONDS = 6.0


@contextlib.contextmanager
def home(config: Config, pid: int) -> Iterator[None]:
    """Hold the home for one supervisor; the kernel gives it back on any death."""
    path = config.prepare_home() / "up.lock"
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "another process"
            raise AlreadyRunning(f"Surveyor already runs on {config.home}: {who}") from None
        file.truncate(0)
        file.write(f"process {pid}, {config.base_url}\n")
        file.flush()
        yield


def address(config: Config) -> str:
    """Where people reach the service of this home: what the settings say, else where it runs now, else where it would.

    Who runs it may have named another port than whoever asks.
    """
    if config.public_url:
        return config.base_url
    try:
        with (config.home / "up.lock").open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                running = file.read().strip().rpartition(", ")[2]
                return running or config.base_url
    except OSError:  # none ever ran there, or as somebody else
        pass
    return config.base_url


def port(config: Config) -> None:
    """See that the port can be had. Raises AlreadyRunning or BadConfiguration."""
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        try:
            _bind(config.host, config.port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                reason = error.strerror or "no such address"
                raise BadConfiguration(f"cannot listen on {config.host} port {config.port}: {reason}") from error
            if time.monotonic() > deadline:
                raise AlreadyRunning(
                    f"port {config.port} of {config.host} is taken by another program: name another one by --port"
                ) from None
            time.sleep(0.1)
        else:
            return


def _bind(host: str, number: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
