"""One browser at a time on this machine, and loads that nobody measures before the next measurement."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from surveyor.scan.errors import Unreachable
from surveyor.scan.net.browser.machine import Machine


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the locks of this test are."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


class Waiting:
    """Somebody who waits in a thread of their own until they have the machine."""

    def __init__(self, *, measuring: bool) -> None:
        self.machine, self._over = Machine(), threading.Event()
        self.error: Unreachable | None = None
        self._thread = threading.Thread(target=self._wait, args=(measuring,))
        self._thread.start()

    def _wait(self, measuring: bool) -> None:
        try:
            self.machine.take(measuring=measuring, seconds=60, over=self._over.is_set)
        except Unreachable as error:
            self.error = error

    def have(self) -> bool:
        """Wait until it has the machine, or will not."""
        self._thread.join(60)
        return self.machine.held

    def close(self) -> None:
        self._over.set()
        self._thread.join(60)
        self.machine.give_back()


@pytest.fixture
def holder(locks: Path) -> Iterator[Machine]:
    """Who has the machine."""
    machine = Machine()
    machine.take(measuring=False, seconds=0)
    assert machine.held
    yield machine
    machine.give_back()


def until(true: Callable[[], bool]) -> None:
    """Wait for what will be so soon."""
    while not true():
        threading.Event().wait(0.01)


@pytest.mark.parametrize("measuring", [True, False])
def test_nobody_has_it_beside_another(holder: Machine, measuring: bool) -> None:
    late = Machine()
    with pytest.raises(Unreachable, match="busy with other scans of this machine"):
        late.take(measuring=measuring, seconds=0)
    assert (late.held, holder.wanted()) == (False, False), "who has gone waits no more"
    holder.give_back()
    late.take(measuring=measuring, seconds=0)
    assert late.held
    late.give_back()


def test_who_has_it_hears_of_who_waits_and_who_only_loads_is_next(holder: Machine) -> None:
    with closing(Waiting(measuring=True)) as measuring:
        until(holder.wanted)
        assert not holder.wanted(at_once=True)
        with closing(Waiting(measuring=False)) as loading:
            until(lambda: holder.wanted(at_once=True))
            holder.give_back()
            assert loading.have()
            until(loading.machine.wanted)
            assert not measuring.machine.held
        assert measuring.have()


def test_waiting_ends_with_what_it_is_for(holder: Machine) -> None:
    with closing(Waiting(measuring=False)) as waiting:
        until(holder.wanted)
    assert isinstance(waiting.error, Unreachable)
    assert not holder.wanted()


def test_where_no_lock_can_be_had_nobody_is_kept_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    machine = Machine()
    machine.take(measuring=True, seconds=0)
    assert not machine.held
