"""Long lists cut at a mark, however their bytes come."""

from __future__ import annotations

import pytest

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.formats.pieces import pieces


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100])
def test_however_the_bytes_come_the_pieces_are_the_same(step: int) -> None:
    data = b"one</p>two</p></p>rest</"
    chunks = [data[at : at + step] for at in range(0, len(data), step)]
    assert list(pieces(chunks, b"</p>", 100)) == [(b"one", True), (b"two", True), (b"", True), (b"rest</", False)]


def test_a_piece_without_end_is_cut() -> None:
    with pytest.raises(LimitExceeded):
        list(pieces((b"x" * 10 for _ in range(1000)), b"\n", 500))
