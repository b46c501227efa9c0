"""One measured load at a time on this machine, and loads that nobody measures before the next of them."""

from __future__ import annotations

import fcntl
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from surveyor.scan.net.browser.alone import alone


def held(*, measuring: bool) -> bool:
    """Whether the machine can be had at once; it is given back."""
    with alone(measuring=measuring, seconds=0) as found:
        return found


def test_who_measures_is_alone_and_lets_go_first_who_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with ExitStack() as stack:
        assert stack.enter_context(alone(measuring=True, seconds=0))
        assert (held(measuring=True), held(measuring=False)) == (False, False)
    with ExitStack() as stack:
        assert stack.enter_context(alone(measuring=False, seconds=0))
        assert (held(measuring=True), held(measuring=False)) == (False, True)
    assert held(measuring=True)
    (door,) = tmp_path.glob("surveyor-next-*")
    with door.open("w") as waiting:
        fcntl.flock(waiting, fcntl.LOCK_SH)
        # nobody has the machine, and who only loads waits for it already
        assert (held(measuring=True), held(measuring=False)) == (False, True)


def test_where_no_lock_can_be_had_nobody_is_kept_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert not held(measuring=True)
