"""Words: a count and its noun agree."""

from __future__ import annotations

import pytest

from surveyor.scan.vocabulary import counted


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [
        (0, "file", "0 files"),
        (1, "file", "1 file"),
        (2, "layer", "2 layers"),
        (1, "entry", "1 entry"),
        (12_000, "entry", "12,000 entries"),
        (2, "day", "2 days"),
        (3, "hard link", "3 hard links"),
    ],
)
def test_a_count_and_its_noun_agree(count: int, noun: str, words: str) -> None:
    assert counted(count, noun) == words
