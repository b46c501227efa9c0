"""Which documents decide about a scan's findings, read before it: the user's own file, and VEX that the user names.

``.surveyor.yaml`` of the working directory is read by itself, since whoever stands there has put it there or checked it
out. It is not read when it lies in the directory that is scanned, nor is any other that lies in a target: what is
scanned must not silence its own findings. Who trusts such a file names it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from surveyor.scan.errors import BadTarget, ScanError
from surveyor.scan.judgement import Decided, Unapplied
from surveyor.scan.model import Report
from surveyor.scan.plan import Place, Request

if TYPE_CHECKING:
    from surveyor.remedy.decisions.statement import Book

FILE = ".surveyor.yaml"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Everything that was read: the documents, and the user's own file as a value, for the policy in it.

    ``unread`` tells of one that is there and was not read.
    """

    books: tuple[Book, ...] = ()
    file: Path | None = None
    own: object = None
    unread: tuple[Decided, ...] = ()

    def on(self, report: Report) -> Report:
        """The report with what was decided about its findings."""
        if not (self.books or self.unread):
            return report
        from surveyor.remedy.decisions.apply import apply

        decided = apply(report, self.books, today=datetime.now(UTC).date())
        return replace(decided, decisions=(*decided.decisions, *self.unread))


def read(
    request: Request | None, *, file: Path | None, vex: Sequence[Path], products: Sequence[str], search: bool = True
) -> Decisions:
    """Read all documents; raises ``BadTarget`` naming the one that cannot be used.

    ``request`` is what is scanned; ``search`` looks into the working directory when no file is named.
    """
    unread: tuple[Decided, ...] = ()
    if search and file is None and os.path.lexists(FILE):
        if request is not None and _lies_in(Path(FILE), request):
            unread = (_inside(request),)
        elif not Path(FILE).is_file():
            raise BadTarget(f"{FILE}: is there and is no file that can be read")
        else:
            file = Path(FILE)
    value, books = None, []
    if file is not None:
        name = "--decisions" if file != Path(FILE) else ""
        value = load(file, name, _yaml)
        books.append(named(file, name, lambda: _own(value, str(file))))
    books += [named(path, "--vex", lambda path=path: _vex(path)) for path in vex]  # type: ignore[misc]
    if products:
        if not books:
            raise BadTarget("--product says what decisions call the target; there are none: --decisions, --vex")
        books[0] = replace(books[0], products=(*books[0].products, *products))
    return Decisions(books=tuple(books), file=file, own=value, unread=unread)


def load(path: Path, option: str, parse: Callable[[bytes], T]) -> T:
    """The value of a document; raises ``BadTarget`` naming the option and the file."""
    return named(path, option, lambda: parse(_bytes(path)))


def named(path: Path, option: str, step: Callable[[], T]) -> T:
    """Do something with a file; raises ``BadTarget`` naming it and the option for whatever is wrong with it."""
    told = f"{option} {path}".strip()
    try:
        return step()
    except OSError as error:
        raise BadTarget(f"{told}: cannot be read: {error.strerror}") from error
    except BadTarget:
        raise
    except ScanError as error:
        raise BadTarget(f"{told}: {error}") from error


def _bytes(path: Path) -> bytes:
    """At most one byte more than any document may have."""
    from surveyor.remedy.document import JSON_BYTES

    with path.open("rb") as file:
        return file.read(JSON_BYTES + 1)


def _yaml(data: bytes) -> object:
    from surveyor.remedy.document import read_yaml

    return read_yaml(data)


def _own(value: object, source: str) -> Book:
    from surveyor.remedy.decisions import own

    return own.read(value, source)


def _vex(path: Path) -> Book:
    from surveyor.remedy.decisions import vex
    from surveyor.remedy.document import read_json

    return vex.read(read_json(_bytes(path)), str(path))


def _lies_in(file: Path, request: Request) -> bool:
    """Whether the file is part of the directory that is scanned, by its name or by what that leads to."""
    if request.place is not Place.FILE or not Path(request.source).is_dir():
        return False
    target = Path(request.source).resolve()
    return any(place.is_relative_to(target) for place in (file.absolute(), file.resolve()))


def _inside(request: Request) -> Decided:
    detail = f"it lies in {request.source}, which must not silence its own findings; to trust it: --decisions {FILE}"
    unapplied = (Unapplied(statement="", reason="inside_target", detail=detail),)
    return Decided(
        source=FILE, format="surveyor", statements=0, applied=0, findings=0, suppressed=0, unapplied=unapplied
    )
