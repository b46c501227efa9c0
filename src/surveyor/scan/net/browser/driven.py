"""A browser for another program to drive, which reaches no more than one of ours: what its pages ask for is announced.

DevTools Protocol domains Target and Network. Beside that program a session of ours hears of every page, frame and
worker before it runs, and tells the proxy what each asks for; all else the proxy refuses. Lighthouse is such a program.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from surveyor.scan.errors import LimitExceeded, NotConfigured, ScanError, Unreachable
from surveyor.scan.formats.loose import part, text
from surveyor.scan.net.browser.chromium import NOBODY, Chromium, environment, kill, profile
from surveyor.scan.net.browser.sending import Sending, unfit
from surveyor.scan.net.client import Client
from surveyor.scan.net.extra import Extra

#: What the program may write, of its complaints the end, and hold of processor time.
_OUTPUT, _COMPLAINTS = 32 << 20, 4_000
_ASK_SECONDS = 10.0
_READ = 1 << 16
_ATTACH = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
_LAUNCH = """ulimit -c 0
ulimit -S -t "$1" 2>/dev/null
shift
exec "$@" </dev/null"""


@contextlib.contextmanager
def browser(client: Client, executable: str, url: str, *, seconds: float, max_bytes: int) -> Iterator[Chromium]:
    """A running browser whose ``port`` another program may connect to, to load ``url``."""
    with client.proxy(seconds=seconds, max_bytes=max_bytes) as proxy:
        proxy.announce(url)
        witness = _Witness(proxy.announce, client.extra)
        with Chromium(executable, listener=witness.hear, proxy=proxy.port) as chromium:
            if client.extra is not None and (why := unfit(client.extra, chromium.product)):
                raise NotConfigured(why)
            witness.attach(chromium)
            try:
                yield chromium
            except ScanError as error:
                raise chromium.explain(error) from None


def run(command: Sequence[str], *, seconds: float) -> bytes:
    """What a program writes to its standard output; it is ended when it takes longer or writes more.

    Raises ``NotConfigured`` where it does not start, ``Unreachable`` with its last words where it fails.
    """
    with profile() as folder:
        nobody = NOBODY if os.geteuid() == 0 else None
        try:
            process = subprocess.Popen(  # noqa: S603 - the operator's program
                ["/bin/sh", "-c", _LAUNCH, "sh", str(int(seconds) + 1), *command],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env={**environment(Path(folder), os.environ), "NODE_OPTIONS": "--max-old-space-size=512", "CI": "1"},
                user=nobody,
                group=nobody,
                extra_groups=None if nobody is None else (),
            )
        except OSError as error:
            raise NotConfigured(f"{command[0]} does not start: {error.strerror}") from None
        return _waited(process, seconds, command[0])


def _waited(process: subprocess.Popen[bytes], seconds: float, name: str) -> bytes:
    assert process.stdout is not None
    assert process.stderr is not None
    end = threading.Timer(seconds, kill, (process,))
    complaints = _Tail(process.stderr)
    started = time.monotonic()
    end.start()
    try:
        output = _read(process.stdout)
        if len(output) > _OUTPUT:
            raise LimitExceeded(f"{Path(name).name} writes more than {_OUTPUT >> 20} MiB")
        status = process.wait()
    finally:
        end.cancel()
        kill(process)
        complaints.join()
        process.stdout.close()
        process.stderr.close()
    if status in (126, 127):
        raise NotConfigured(f"{name} does not start: {complaints.told()}")
    if status < 0 and time.monotonic() - started >= seconds:
        raise Unreachable(f"{Path(name).name} was not done within {seconds:.0f} s")
    if status and not output:
        raise Unreachable(f"{Path(name).name} failed ({status}): {complaints.told()}")
    return output


def _read(stream: IO[bytes]) -> bytes:
    found = bytearray()
    while len(found) <= _OUTPUT and (data := os.read(stream.fileno(), _READ)):
        found += data
    return bytes(found)


class _Tail:
    """The end of what a program complains about, read so that it never waits for a reader."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._end = stream, b""
        self._thread = threading.Thread(target=self._run, name="complaints", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while data := os.read(self._stream.fileno(), _READ):
            self._end = (self._end + data)[-_COMPLAINTS:]

    def join(self) -> None:
        """Until it has said all."""
        self._thread.join(_ASK_SECONDS)

    def told(self) -> str:
        """Its last line."""
        lines = self._end.decode("utf-8", "replace").split("\n")
        return next((line.strip()[-300:] for line in reversed(lines) if line.strip()), "without a word")


class _Witness:
    """Hears what all pages of a browser ask for, whoever drives them; that one is told of no ``extra`` headers."""

    def __init__(self, announce: Callable[[str], None], extra: Extra | None) -> None:
        self._announce = announce
        self._sending = None if extra is None else Sending(extra, self._tell)
        self._chromium: Chromium | None = None

    def attach(self, chromium: Chromium) -> None:
        """Be there before any page is."""
        self._chromium = chromium
        chromium.protocol.call("Target.setAutoAttach", _ATTACH, seconds=_ASK_SECONDS)
        chromium.protocol.call("Browser.setDownloadBehavior", {"behavior": "deny"}, seconds=_ASK_SECONDS)

    def _tell(self, method: str, params: Mapping[str, Any], session: str) -> None:
        if self._chromium is not None:
            self._chromium.protocol.tell(method, params, session=session)

    def hear(self, session: str, method: str, params: dict[str, Any]) -> None:
        """One event; runs in the reading thread, so nothing is waited for."""
        if self._sending is not None:
            self._sending.hear(session, method, params)
        if method == "Network.requestWillBeSent":
            self._announce(text(part(params, "request").get("url"), 2_000))
        elif method == "Network.webSocketCreated":
            self._announce(text(params.get("url"), 2_000))
        elif method == "Target.attachedToTarget":
            child = text(params.get("sessionId"))
            self._tell("Network.enable", {}, child)
            if self._sending is not None:
                self._tell("Page.enable", {}, child)
                self._tell("Fetch.enable", self._sending.patterns, child)
            self._tell("Target.setAutoAttach", _ATTACH, child)
            self._tell("Runtime.runIfWaitingForDebugger", {}, child)
