"""Processes of the service, forked from one that has imported it: the same lives without a second of imports each.

Dozens of tests start a worker or a web process that they then stop, kill, freeze or starve. What such a process is from
its first instruction on (``python -m surveyor``, its environment, its parent) is tested where ``surveyor up`` and the
command line are.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
#: What the processes import when they start, or soon after.
PRELOAD = ("surveyor.cli.service", "surveyor.service.app", "surveyor.service.up.claim", "surveyor.service.worker")
_LENGTH = struct.Struct("!I")
_START = "import sys; from tests.servers import warm; warm.serve(int(sys.argv[1]))"
_FORKING = threading.Lock()


class Forked:
    """A forked process that runs a script, with the part of ``subprocess.Popen`` that tests need."""

    def __init__(self, script: str, env: Mapping[str, str], out: IO[bytes] | None = None) -> None:
        """``out`` takes both standard output and error; ours, when it is not given."""
        told, tell = os.pipe()
        request = json.dumps({"script": script, "env": dict(env), "folder": str(Path.cwd())}).encode()
        outs = (out.fileno(), out.fileno()) if out else (1, 2)
        with _FORKING:
            socket.send_fds(_server(), [_LENGTH.pack(len(request)) + request], [tell, *outs])
        os.close(tell)
        self.args = script
        self.returncode: int | None = None
        self._told = os.fdopen(told, "rb", buffering=0)
        self._reading = threading.Lock()
        self.pid = self._read()

    def poll(self) -> int | None:
        """The exit code, minus the number of the signal that killed it, or ``None`` while it runs."""
        with self._reading:
            if self.returncode is None and self._ends(0.0):
                self.returncode = self._read()
                self._told.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; raises ``subprocess.TimeoutExpired`` after so many seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self._ends(left)
        return code

    def _ends(self, seconds: float | None) -> bool:
        """Whether it ended before so many seconds were over."""
        ending = select.poll()  # which takes descriptors of any number
        ending.register(self._told, select.POLLIN)
        return bool(ending.poll(None if seconds is None else 1000 * seconds))

    def send_signal(self, number: int) -> None:
        """Send a signal, if there is still somebody to take it."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _read(self) -> int:
        line = self._told.readline()
        assert line.endswith(b"\n"), "the process that forks has ended"
        return int(line)


@functools.cache
def _server() -> socket.socket:
    """The way to the process that forks, one for each process of tests; it ends with us."""
    ours, theirs = socket.socketpair()
    paths = os.pathsep.join(str(path) for path in (ROOT / "src", ROOT))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": paths}
    with theirs:
        command = [sys.executable, "-c", _START, str(theirs.fileno())]
        os.set_inheritable(theirs.fileno(), True)
        os.posix_spawn(sys.executable, command, environment)
    return ours


def serve(descriptor: int) -> None:
    """Fork whenever asked, until the asking side is gone; in a fork: run its script and end as that ends."""
    for name in PRELOAD:
        importlib.import_module(name)
    assert threading.active_count() == 1, "threads do not survive a fork"
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=descriptor) as control:
        script = _parent(control)
    if script is not None:
        exec(compile(script, "<script>", "exec"), {"__name__": "__main__"})


def _parent(control: socket.socket) -> str | None:
    """Returns a script in each fork, and ``None`` in the parent at last."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    lives: dict[int, int] = {}
    waiting = select.poll()  # takes descriptors of any number, and our way in has the one it had where we were started
    for descriptor in (control.fileno(), woken):
        waiting.register(descriptor, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in waiting.poll()}
        if woken in ready:
            os.read(woken, 1 << 16)
            _reap(lives)
        if control.fileno() not in ready:
            continue
        if (request := _receive(control)) is None:
            for process in lives:
                os.kill(process, signal.SIGKILL)
            return None
        asked, (tell, *outs) = request
        if not (process := os.fork()):
            _become(asked["env"], asked["folder"], outs)
            for inherited in (woken, wake, tell, *lives.values()):
                os.close(inherited)
            return str(asked["script"])
        lives[process] = tell
        os.write(tell, b"%d\n" % process)
        for out in outs:
            os.close(out)


def _reap(lives: dict[int, int]) -> None:
    for process, tell in list(lives.items()):
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            del lives[process]
            with contextlib.suppress(BrokenPipeError):
                os.write(tell, b"%d\n" % os.waitstatus_to_exitcode(status))
            os.close(tell)


def _receive(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    data, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 3)
    if not data:
        return None
    (length,) = _LENGTH.unpack_from(data)
    while len(data) < _LENGTH.size + length:
        data += control.recv(1 << 16)
    return json.loads(data[_LENGTH.size :]), descriptors


def _become(env: Mapping[str, str], folder: str, outs: list[int]) -> None:
    """Be as a process that was just started."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, own in zip((nothing, *outs), (0, 1, 2), strict=True):
        os.dup2(given, own)
        os.close(given)
