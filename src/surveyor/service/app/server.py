"""Runs the application: one process, ended by a signal."""

from __future__ import annotations

import gc
import sys
from types import FrameType

import uvicorn

from surveyor.service import logs
from surveyor.service.config import Config


class Server(uvicorn.Server):
    """Stops at once: open streams are told first, since the framework would wait for each until its patience ends."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Wake every open stream, then stop as usual."""
        streams = getattr(getattr(self.config.app, "state", None), "streams", None)
        if streams is not None:
            streams.stop()
        super().handle_exit(sig, frame)
        # a clean stop is success: the framework would raise the signal again and make the exit status that of a kill
        self._captured_signals.clear()


def serve(config: Config) -> int:
    """Serve until told to stop; 0 after a clean stop."""
    from surveyor.service.app import create_app

    app = create_app(config)
    logs.begin("serve", config.logs)
    _collect_rarely()
    server = Server(
        uvicorn.Config(
            app,
            host=config.host,
            port=config.port,
            loop="uvloop" if sys.platform != "win32" else "asyncio",
            http="httptools",
            ws="none",
            access_log=False,
            server_header=False,
            date_header=True,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=max(1, round(config.grace_seconds)),
            log_config=None,
        )
    )
    try:
        server.run()
    except SystemExit:  # how the framework says that it cannot listen, after a line about it
        return 2
    return 0 if server.started else 2


def _collect_rarely() -> None:
    """Leave what was loaded at the start out of every collection: looking through it stops all requests for a while."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
