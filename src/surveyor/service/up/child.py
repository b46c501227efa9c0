"""One process of the service under the supervisor: started, started again with growing patience, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

LEASH = (sys.executable, "-m", "surveyor.service.up.leash")
FIRST_DELAY = 0.5
LONGEST_DELAY = 10.0
#: A process that lived this long counts as healthy: its next death begins with the first delay again.
HEALTHY_SECONDS = 30.0


class Child:
    """A process by name. ``deaths`` counts since it was last healthy."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.deaths = name, 0
        self._command, self._environment, self._say, self._clock = command, environment, say, clock
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._next = 0.0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it in a session of its own, so that a terminal's Ctrl-C reaches only the supervisor."""
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            self._command, stdin=subprocess.PIPE, env=dict(self._environment), start_new_session=True
        )
        self._started = self._clock()

    def tend(self) -> None:
        """Notice a death, and start again when its delay is over. Call it a few times a second."""
        now = self._clock()
        if self._process is None:
            if now >= self._next:
                self.start()
            return
        code = self._process.poll()
        if code is None:
            return
        self.deaths = 1 if now - self._started > HEALTHY_SECONDS else self.deaths + 1
        delay = min(FIRST_DELAY * 2 ** (self.deaths - 1), LONGEST_DELAY)
        self._say(f"{self.name} ended ({_words(code)}); starting it again in {delay:g} s")
        self._forget()
        self._next = now + delay

    def terminate(self) -> None:
        """Ask it to stop."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def gone(self) -> bool:
        """Whether it has ended; never starts it again."""
        return self._process is None or self._process.poll() is not None

    def end(self) -> None:
        """Kill what is left of it and of its group, and forget it."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        finally:
            self._process.wait()
            self._forget()

    def _forget(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None


def _words(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
