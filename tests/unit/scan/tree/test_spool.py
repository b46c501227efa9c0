"""The spool: a mapped file without a name, counted for as long as somebody looks at it."""

from __future__ import annotations

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.tree.stream import spool

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
