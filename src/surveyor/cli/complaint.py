"""What the command line says when it cannot go on: one sentence on standard error, and the exit code for it."""

from __future__ import annotations

import contextlib
import sys
from types import TracebackType

from surveyor.cli import FAILED

#: The trees of errors that a command may meet. Looked up among what is imported already: importing them costs a second.
_TREES = (
    ("surveyor.scan.errors", "ScanError"),
    ("surveyor.service.errors", "ServiceError"),
    ("sqlite3", "Error"),
    ("psycopg", "Error"),
    ("sqlalchemy.exc", "SQLAlchemyError"),
)


def expected() -> tuple[type[Exception], ...]:
    """The errors that are told in a sentence; any other is a defect of ours, and shown whole."""
    return (OSError, *(getattr(sys.modules[module], name) for module, name in _TREES if module in sys.modules))


def say(words: str) -> None:
    """One line on standard error, safe to show; that nobody may be there to read it changes no exit code."""
    from surveyor.scan.events import printable

    with contextlib.suppress(OSError, ValueError):
        print(f"surveyor: {printable(words)}", file=sys.stderr, flush=True)


def complain(error: Exception) -> int:
    """Say what went wrong; the exit code for it, which is never the gate's."""
    say(sentence(error))
    return FAILED


def sentence(error: Exception) -> str:
    """The error in one line: a file by its name, a database's error without the statement that it was met in."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split()) or type(error).__name__


def crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An interpreter's last word on a defect: the traceback as ever, then exit 2, since 1 means that a gate failed."""
    sys.__excepthook__(kind, error, trace)
    say("this is a defect of Surveyor; please report it with the lines above")
    raise SystemExit(FAILED)
