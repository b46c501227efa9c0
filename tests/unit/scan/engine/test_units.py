"""The ledger: a unit's error becomes coverage with coordinates, and the scan goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from surveyor.scan.engine.units import Ledger
from surveyor.scan.errors import LimitExceeded, Malformed, NotConfigured, Refused, Unreachable
from surveyor.scan.events import Event, Progress
from surveyor.scan.model import CoverageState


def ledger() -> tuple[list[Event], Ledger]:
    seen: list[Event] = []
    return seen, Ledger(Progress(seen.append))


def raising(error: BaseException) -> Callable[[], None]:
    def unit() -> None:
        raise error

    return unit


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (Malformed("bad block"), CoverageState.FAILED, "malformed"),
        (Unreachable("no answer"), CoverageState.FAILED, "unreachable"),
        (Refused("private", rule="address_private"), CoverageState.FAILED, "address_private"),
        (LimitExceeded("too deep"), CoverageState.PARTIAL, "limit_exceeded"),
        (NotConfigured("no key"), CoverageState.NOT_CONFIGURED, "not_configured"),
        (MemoryError(), CoverageState.PARTIAL, "limit_exceeded"),
        (KeyError("x"), CoverageState.FAILED, "internal_error"),
    ],
)
def test_each_error_becomes_its_own_coverage(error: Exception, state: CoverageState, reason: str) -> None:
    seen, book = ledger()
    done = book.attempt("catalog.x", raising(error), stage="container.packages", path="a/b", layer="sha256:1")
    assert done is None
    (entry,) = book.entries
    assert (entry.what, entry.state, entry.reason, entry.path, entry.layer) == (
        "catalog.x",
        state,
        reason,
        "a/b",
        "sha256:1",
    )
    expected = "container.packages.skip" if state is CoverageState.NOT_CONFIGURED else "container.packages.err"
    assert seen[0].stage == expected
    assert "a/b" in seen[0].detail


def test_an_internal_error_does_not_tell_what_the_target_said() -> None:
    _, book = ledger()
    book.attempt("x", raising(ValueError("\x1b secret of the target")), stage="x")
    assert "secret" not in (book.entries[0].detail or "")


def test_a_unit_that_works_leaves_no_entry() -> None:
    seen, book = ledger()
    assert book.attempt("x", lambda: 7, stage="x") == 7
    assert book.entries == []
    assert seen == []


def test_interrupts_are_not_errors_of_a_unit() -> None:
    _, book = ledger()
    with pytest.raises(KeyboardInterrupt):
        book.attempt("x", raising(KeyboardInterrupt()), stage="x")
