"""Where progress goes: a live line on a terminal, plain lines when piped, NDJSON in a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import orjson

from surveyor.scan.errors import BadTarget
from surveyor.scan.events import Event, Sink


class Journal:
    """Progress as NDJSON in a file. One that takes no more is given up, never the scan; ``error`` is why."""

    def __init__(self, path: Path) -> None:
        """Begin the file; raises ``BadTarget`` naming it."""
        self.path = path
        self.error: OSError | None = None
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise BadTarget(f"--progress-file {path}: cannot be written: {error.strerror}") from error

    def __call__(self, event: Event) -> None:
        """Write one event."""
        if self.error is None:
            try:
                self._file.write(orjson.dumps(event.line(), default=str) + b"\n")
            except OSError as error:
                self.error = error

    def close(self) -> None:
        """Finish the file; a disk may say only now that it is full."""
        try:
            self._file.close()
        except OSError as error:
            self.error = self.error or error


@contextmanager
def sinks(*, journal: Journal | None, quiet: bool, stream: TextIO = sys.stderr) -> Iterator[tuple[Sink, ...]]:
    """Everything that wants to hear of progress, closed at the end."""
    chosen: list[Sink] = [journal] if journal else []
    live = None
    try:
        if not quiet:
            if stream.isatty():
                live = _Live(stream)
                chosen.append(live)
            else:
                chosen.append(lambda event: _plain(stream, event))
        yield tuple(chosen)
    finally:
        if live is not None:
            live.close()
        if journal is not None:
            journal.close()


def _plain(stream: TextIO, event: Event) -> None:
    if event.level == "debug":
        return
    # who stopped listening must not stop the scan
    with suppress(OSError):
        stream.write(f"{event.ts:%H:%M:%S} {event.stage:<28} {event.detail}\n")
        stream.flush()


class _Live:
    """A status line that moves, with errors left standing above it."""

    def __init__(self, stream: TextIO) -> None:
        # imported here: a piped scan never pays for it
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(file=stream, highlight=False),
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=100)
        self._progress.start()

    def __call__(self, event: Event) -> None:
        if event.level in ("error", "warn"):
            self._progress.console.print(f"{event.stage}  {event.detail}", markup=False, style="yellow")
        if event.level != "debug":
            self._progress.update(self._task, description=f"{event.stage}  {event.detail}"[:100])
        if event.pct is not None:
            self._progress.update(self._task, completed=max(event.pct, self._progress.tasks[0].completed))

    def close(self) -> None:
        self._progress.stop()
