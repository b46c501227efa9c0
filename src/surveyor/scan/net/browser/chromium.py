"""A Chromium as a process of this scan: found, started bounded and without a network of its own, watched and ended.

It speaks over pipes, so it ends with whoever started it; it stays in the scan's process group, which is killed as one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self

from surveyor.scan.errors import Broken, LimitExceeded, NotConfigured, ScanError
from surveyor.scan.net.browser.protocol import Listener, Protocol

#: Bounds of each of its processes: private memory in KiB, processor seconds; and what all together may hold in bytes.
_DATA_KIB, _CPU_SECONDS = 1_500_000, 120
MEMORY_BYTES = 1536 << 20
_WATCH_SECONDS = 0.5
_LISTENING, _LISTENING_SECONDS = 100, 0.05
_START_SECONDS, _END_SECONDS = 15.0, 1.0
NOBODY = 65534
_PREFIX = "surveyor-browser-"

#: Hosts that no proxy is asked for: none, those of this machine neither.
BYPASS = "<-loopback>"

#: The shell sets the bounds and moves the pipes to where the protocol is spoken, 3 and 4.
_LAUNCH = """ulimit -c 0
ulimit -S -d "$1" 2>/dev/null
ulimit -S -t "$2" 2>/dev/null
shift 2
exec "$@" 3<&0 4>&1 0</dev/null 1>/dev/null"""

_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    # no way out but the proxy: no name resolved, no UDP, loopback through it too
    f"--proxy-bypass-list={BYPASS}",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    # nothing of its own
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-field-trial-config",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--password-store=basic",
    "--use-mock-keychain",
    # one process for all frames, one session that sees them: the profile holds nothing that sites must not share
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process,OptimizationHints,MediaRouter,DialMediaRouteProvider,Translate",
    # a page is measured as one that somebody looks at
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--deny-permission-prompts",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--js-flags=--max-old-space-size=512",
    "--mute-audio",
)


class Chromium:
    """One running browser. ``sandboxed`` says whether the kernel confines what runs pages.

    By itself it has no way out at all: its proxy is a port of ours where nobody listens. A page gets a context with a
    proxy of its own. One for another program to drive has a ``proxy`` for all of it, and a ``port`` on loopback where
    that program finds it.
    """

    def __init__(self, executable: str, *, listener: Listener, proxy: int | None = None) -> None:
        self._stack = ExitStack()
        self._executable, self._listener, self._proxy = executable, listener, proxy
        self.port: int | None = None
        self._stopped = threading.Event()
        self._over: str | None = None
        self.sandboxed = True
        self.product = self.agent = ""

    def __enter__(self) -> Self:
        try:
            nowhere = self._stack.enter_context(socket.socket())
            nowhere.bind(("127.0.0.1", 0))
            self._port: int = self._proxy or nowhere.getsockname()[1]
            folder = Path(self._stack.enter_context(profile()))
            self._start(folder)
        except BaseException:
            self.close()
            raise
        threading.Thread(target=self._watch, name="browser-watch", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all its processes and remove its profile."""
        self._stopped.set()
        self._kill()
        self._stack.close()

    @property
    def alive(self) -> bool:
        """Whether it still runs and answers: what started it may outlive it by a moment."""
        return self._process.poll() is None and not self.protocol.closed

    def explain(self, error: ScanError) -> ScanError:
        """What an error really is: a browser that was ended for its memory breaks off for whoever asks it."""
        return LimitExceeded(self._over) if self._over else error

    def _start(self, folder: Path) -> None:
        errors = folder / "stderr"
        for sandboxed in (True, False):
            self.sandboxed = sandboxed
            with errors.open("wb") as output:
                self._process = self._launch(folder, output, () if sandboxed else ("--no-sandbox",))
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self.protocol = Protocol(self._process.stdin, self._process.stdout, self._listener)
            try:
                said = self.protocol.call("Browser.getVersion", seconds=_START_SECONDS)
            except ScanError as error:
                killed = isinstance(error, Broken) and self._code() == -signal.SIGKILL
                self._kill()
                if killed:  # by this machine, for want of memory, or by somebody: it is set up all the same
                    raise Broken("the browser was killed while it started") from None
                if sandboxed and b"sandbox" in errors.read_bytes()[: 1 << 16].lower():
                    continue  # the kernel, or the container around us, gives it none
                break
            self.product = str(said.get("product", ""))[:100]
            self.agent = str(said.get("userAgent", ""))[:300]
            if self._proxy is not None:
                self.port = _listening(folder / "profile" / "DevToolsActivePort")
            return
        raise NotConfigured(f"{Path(self._executable).name} does not start")

    def _code(self) -> int | None:
        """What a browser that ends right now ended with."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_END_SECONDS)
        return None

    def _launch(self, folder: Path, errors: IO[bytes], more: tuple[str, ...]) -> subprocess.Popen[bytes]:
        bounds = (str(_DATA_KIB), str(_CPU_SECONDS))
        flags = (*_FLAGS, f"--proxy-server=http://127.0.0.1:{self._port}", f"--user-data-dir={folder}/profile", *more)
        if self._proxy is not None:
            flags = (*flags, "--remote-debugging-port=0")
        # Chromium has no sandbox for root; nobody has one
        nobody = NOBODY if os.geteuid() == 0 else None
        return subprocess.Popen(  # noqa: S603 - the operator's browser
            ["/bin/sh", "-c", _LAUNCH, "sh", *bounds, self._executable, *flags, "about:blank"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=environment(folder, os.environ),
            user=nobody,
            group=nobody,
            extra_groups=None if nobody is None else (),
        )

    def _watch(self) -> None:
        while not self._stopped.wait(_WATCH_SECONDS):
            if sum(map(_private, _family(self._process.pid))) > MEMORY_BYTES:
                self._over = f"the page takes more than {MEMORY_BYTES >> 20} MiB in the browser"
                self._kill()
                return

    def _kill(self) -> None:
        process = getattr(self, "_process", None)
        if process is None:
            return
        kill(process)
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process of ours and all that it started."""
    if process.returncode is not None:
        return
    for pid in reversed(list(_family(process.pid))):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _listening(told: Path) -> int:
    """The port that a browser writes into its profile, soon after it has started."""
    for _ in range(_LISTENING):
        with contextlib.suppress(OSError, ValueError):
            return int(told.read_text("ascii").split("\n")[0])
        time.sleep(_LISTENING_SECONDS)
    raise NotConfigured("the browser opens no port for another program")


def environment(folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    """What the browser is told of the world: none of our settings, no proxy but ours, no bus."""
    kept = {name: env[name] for name in ("PATH", "LANG", "LC_ALL", "FONTCONFIG_PATH") if name in env}
    place = str(folder)
    return {**kept, "HOME": place, "TMPDIR": place, "XDG_CONFIG_HOME": place, "XDG_CACHE_HOME": place}


@contextlib.contextmanager
def profile() -> Iterator[str]:
    """A folder for one browser, removed when it ends; those of scans that were killed are removed by the next."""
    for old in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _remove_if_left(old)
    folder = tempfile.mkdtemp(prefix=_PREFIX)
    lock = os.open(f"{folder}/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        yield folder
    finally:
        _remove(Path(folder))
        os.close(lock)


def _remove_if_left(folder: Path) -> None:
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(folder)
    except OSError:
        pass  # somebody's at work, or another user's
    finally:
        os.close(lock)


def _remove(folder: Path) -> None:
    # a process that is being killed may still write
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)


def _family(top: int) -> Iterator[int]:
    """A process and all below it, parents first; only itself where there is no ``/proc``."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    pending = [top]
    while pending:
        pid = pending.pop()
        yield pid
        pending += children.pop(pid, ())


def _private(pid: int) -> int:
    """Bytes that a process holds for itself."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
