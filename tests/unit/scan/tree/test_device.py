"""Files that lie on a device in runs: what follows is one piece, what is not stored is zeros and is counted."""

from __future__ import annotations

import pytest

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.device import HOLE, Plain, Run, Runs
from tests.blobs import blob

DATA = bytes(range(100))


def runs(*found: Run, size: int, limits: Limits | None = None) -> Runs:
    return Runs(Plain(blob(DATA)), found, size, Budget(limits or Limits()))


def test_runs_that_follow_each_other_are_one_place() -> None:
    place = runs((10, 5), (15, 0), (15, 20), size=22).place(0, 22)
    assert place is not None
    assert bytes(place.view()) == DATA[10:32]
    assert runs((10, 5), (16, 5), size=10).place(0, 10) is None
    assert runs((HOLE, 5), (4, 5), size=10).place(0, 10) is None


def test_behind_the_last_run_come_zeros() -> None:
    file = runs((90, 5), (HOLE, 2), (10, 3), size=14)
    whole = DATA[90:95] + bytes(2) + DATA[10:13] + bytes(4)
    assert bytes(file.read(0, 99)) == whole
    assert bytes(file.read(6, 3)) == whole[6:9]
    assert file.place(7, 3) is not None
    assert bytes(file.content().read(99)) == whole


def test_zeros_are_counted() -> None:
    """Else a few bytes say a thousand times that there are four GiB of them."""
    file = runs((0, 1), size=1 << 40, limits=Limits(inflated_bytes=8 << 20))
    with pytest.raises(LimitExceeded, match="after decompression"):
        all(file.content().chunks(1 << 40))
