"""Where the log lines of one process go, and their form: the same for every process, our lines and its libraries'.

A line is JSON in a file or where no person looks on: what is made for eyes costs a tenth of a request. Beside a file
only warnings and errors are shown, in a line for people.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, TextIO

import orjson
import structlog

FILE_BYTES = 10 << 20
_KEPT = 3
_HIDDEN = frozenset({"event", "level", "timestamp", "exception", "logger"})

Line = Mapping[str, Any]
#: For a terminal. The library's own form of a traceback draws every local value, keys and passwords among them, and
#: takes seconds for it.
PLAIN = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def begin(process: str, folder: Path | None, *, stream: TextIO | None = None) -> None:
    """Set this process's log up: in ``folder`` when there is one, else on standard error."""
    stream = stream or sys.stderr
    out: File | Stream = Stream(stream) if folder is None else File(folder / f"{process}.log", Notices(process, stream))
    last = PLAIN if folder is None and stream.isatty() else _as_it_is
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            *([] if last is not _as_it_is else [structlog.processors.format_exc_info]),
            last,
        ],
        logger_factory=lambda *_: out,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()], force=True)


def _as_it_is(_: object, __: str, event: MutableMapping[str, Any]) -> tuple[tuple[Line], dict[str, Any]]:
    return (event,), {}


def _json(line: Line) -> bytes:
    return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS) + b"\n"


class Stream:
    """Lines on a stream: JSON, or what a renderer has made of them already."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def _write(self, line: Line | str) -> None:
        with contextlib.suppress(OSError, ValueError):  # nobody reads it: the service goes on
            self._stream.write(line + "\n" if isinstance(line, str) else _json(line).decode())
            self._stream.flush()

    debug = info = warning = error = critical = exception = _write


class Notices:
    """Lines for people: time, process, level, what happened and with what."""

    def __init__(self, process: str, stream: TextIO) -> None:
        self._process, self._stream = process, stream

    def __call__(self, line: Line) -> None:
        """Show one line."""
        time = str(line.get("timestamp", ""))[11:19]
        more = " ".join(f"{name}={value}" for name, value in line.items() if name not in _HIDDEN)
        # the last line of a traceback says what; all of it is in the file
        why = str(line.get("exception", "")).strip().rpartition("\n")[2]
        # libraries tell a database's error in several lines
        told = "  ".join(" ".join(part.split()) for part in (str(line.get("event", "")), more, why) if part)
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(f"{time}  {self._process}  {line.get('level', '')}  {told}\n")
            self._stream.flush()


class File:
    """Lines of JSON in a file that begins anew when it is full; the last few stay. What matters is shown as well."""

    def __init__(self, path: Path, notices: Notices) -> None:
        self._path, self._notices = path, notices
        self._descriptor: int | None = None
        self._size = 0

    def info(self, line: Line) -> None:
        """Write a line."""
        text = _json(line)
        with contextlib.suppress(OSError):  # a full disk must not end the service
            if self._size > FILE_BYTES:
                self._turn()
            if self._descriptor is None:
                self._descriptor = self._open()
            self._size += os.write(self._descriptor, text)

    def warning(self, line: Line) -> None:
        """Write a line and show it."""
        self.info(line)
        self._notices(line)

    debug = info
    error = critical = exception = warning

    def _open(self) -> int:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(descriptor).st_size
        return descriptor

    def _turn(self) -> None:
        for number in range(_KEPT - 1, 0, -1):
            older = self._path.with_suffix(f".{number}.log")
            if older.exists():
                older.replace(self._path.with_suffix(f".{number + 1}.log"))
        self._path.replace(self._path.with_suffix(".1.log"))
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class _Libraries(logging.Handler):
    """What libraries say in their own way, in ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on."""
        log = structlog.get_logger()
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)
