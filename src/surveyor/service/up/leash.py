"""``python -m surveyor.service.up.leash COMMAND …``: the command line, ended when its supervisor is gone.

The supervisor holds the other end of our standard input and never writes. The kernel closes it on any death of the
supervisor, kill -9 too; a death signal would be Linux's alone and would not reach what a process has started.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

#: What a process may still finish once nobody supervises it.
GRACE_SECONDS = 3.0


def hold(descriptor: int, grace: float = GRACE_SECONDS) -> None:
    """Watch a pipe in a thread; at its end stop this process as SIGTERM does, then kill it and its group."""

    def watch() -> None:
        while os.read(descriptor, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace)
        if os.getpgid(0) == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="leash", daemon=True).start()


def main() -> None:
    """Take the leash and become the command line."""
    hold(0)
    sys.argv[0] = "surveyor"
    # as its own main module: scanner children import the main module again and must find the thin one
    runpy.run_module("surveyor", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
