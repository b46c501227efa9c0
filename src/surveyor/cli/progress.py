"""Where progress goes: a live line on a terminal, plain lines when piped, NDJSON in a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import orjson

from surveyor.scan.events import Event, Sink


@contextmanager
def sinks(*, progress_file: Path | None, quiet: bool, stream: TextIO = sys.stderr) -> Iterator[tuple[Sink, ...]]:
    """Everything that wants to hear of progress, closed at the end."""
    chosen: list[Sink] = []
    handle = progress_file.open("wb", buffering=0) if progress_file else None
    live = None
    try:
        if handle is not None:
            out = handle
            chosen.append(lambda event: _write_line(out.write, event))
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
        if handle is not None:
            handle.close()


def _write_line(write: object, event: Event) -> None:
    write(orjson.dumps(event.line(), default=str) + b"\n")  # type: ignore[operator]


def _plain(stream: TextIO, event: Event) -> None:
    if event.level == "debug":
        return
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
