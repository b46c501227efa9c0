"""The spool: a mapped file without a name, counted for as long as somebody looks at it."""

from __future__ import annotations

import errno
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from surveyor.scan.errors import LimitExceeded, Unsupported
from surveyor.scan.limits import MIB, Budget, Limits
from surveyor.scan.tree import stream
from surveyor.scan.tree.stream import HELD, Inflated, spool

LIMIT = 1000


def test_what_is_gone_may_be_spooled_anew() -> None:
    budget = Budget(Limits(spool_bytes=LIMIT))
    for _ in range(5):
        buffer, damage = spool(iter([b"a" * 300, b"b" * 300]), budget)
        assert damage is None
        assert buffer[299:301] == b"ab"
        view = memoryview(buffer)
        del buffer
        assert bytes(view[-1:]) == b"b"
        del view


def test_what_is_looked_at_counts() -> None:
    budget = Budget(Limits(spool_bytes=LIMIT))
    first, _ = spool(iter([b"a" * 600]), budget)
    second, damage = spool(iter([b"b" * 300, b"c" * 300]), budget)
    assert len(first) == 600
    assert len(second) == 400
    assert isinstance(damage, LimitExceeded)
    assert "1,000 bytes that may be spooled" in str(damage)
    del first, second
    third, more = spool(iter([b"d" * 1000]), budget)
    assert more is None
    assert len(third) == 1000


@pytest.mark.parametrize("room", [0, 1, 3 * MIB + 7, HELD])
@pytest.mark.parametrize("step", [1_000, 2 * MIB])
def test_a_stream_goes_on_behind_what_found_no_room(room: int, step: int) -> None:
    data = random.Random(room).randbytes(HELD + 3 * MIB)
    source = Inflated(
        (data[at : at + step] for at in range(0, len(data), step)), Budget(Limits(spool_bytes=HELD + MIB))
    )
    kept, _ = spool([bytes(HELD + MIB - room)], source._budget)
    start = len(source.block())
    assert source.place(HELD + 1) is None
    with pytest.raises(LimitExceeded, match="may be spooled"):
        source.peek(HELD + 1)
    assert bytes(source.peek(100)) == data[start : start + 100]
    assert source.skip(HELD + 1) == 0
    assert source.block() == data[start + HELD + 1 :][:512]
    del kept
    assert source.skip(len(data)) == HELD + 1 + 2 * start


def test_a_full_disk_is_a_limit_and_takes_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = Budget(Limits(spool_bytes=LIMIT))

    def full(_file: object, _data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(stream, "_written", full)
        for _ in range(3):
            buffer, damage = spool([b"a" * LIMIT], budget)
            assert (buffer, str(damage)) == (b"", "cannot be spooled: No space left on device")
            assert isinstance(damage, LimitExceeded)
        context.setattr("tempfile.tempdir", str(tmp_path / "gone"))
        assert isinstance(spool([b"a"], budget)[1], LimitExceeded)
    assert spool([b"a" * LIMIT], budget)[1] is None


def test_what_came_before_a_variant_that_is_not_read_stays() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"before"
        raise Unsupported("what comes next")

    buffer, damage = spool(chunks(), Budget(Limits()))
    assert bytes(buffer) == b"before"
    assert isinstance(damage, Unsupported)
