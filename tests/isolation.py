"""Run a command where no packet can leave this machine: ``python tests/isolation.py CMD…``.

On Linux the command gets a network namespace whose only interface that is up is loopback: as root one of its own, as an
ordinary user one inside a user namespace that maps the same user. Elsewhere, and where the kernel allows neither, the
command runs with ``SURVEYOR_TEST_ISOLATION=socket`` and only the block inside Python protects, which is said.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

VARIABLE = "SURVEYOR_TEST_ISOLATION"
NAMESPACE = "namespace"
SOCKET = "socket"

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1


def main(command: list[str]) -> int:
    """Enter the namespace if that can be had, and become the command."""
    if not command:
        print(__doc__)
        return 2
    reason = _enter()
    os.environ[VARIABLE] = SOCKET if reason else NAMESPACE
    if reason:
        print(f"isolation: {reason}; only pytest-socket's block of connections protects", flush=True)
    return os.execvp(command[0], command)


def only_loopback_is_up() -> bool:
    """Whether this process sees no interface that is up but loopback, which then is up."""
    if not sys.platform.startswith("linux"):
        return False
    return [name for _, name in socket.if_nameindex() if _flags(name) & _IFF_UP] == ["lo"]


def _enter() -> str | None:
    """Leave the network; ``None`` when that worked, else why not."""
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no network namespaces"
    if error := _unshare():
        return error
    _set_up("lo")
    return None if only_loopback_is_up() else "the new network namespace has more than loopback"


def _unshare() -> str | None:
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWNET) == 0:
        return None
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return f"no network namespace can be had ({os.strerror(ctypes.get_errno())})"
    # the same user inside: PostgreSQL, for one, refuses to run as root
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return None


def _flags(name: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        answer = fcntl.ioctl(sock, _SIOCGIFFLAGS, struct.pack("16sh14x", name.encode(), 0))
    return int(struct.unpack("16sh14x", answer)[1])


def _set_up(name: str) -> None:
    flags = _flags(name) | _IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sh14x", name.encode(), flags))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
