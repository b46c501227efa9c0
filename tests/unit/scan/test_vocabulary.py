"""Words: a count and its noun agree, and what coverage speaks about has a name that people use."""

from __future__ import annotations

import pytest

from surveyor.scan.acquire import ACQUIRERS
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.vocabulary import _SUBJECTS, counted, subject

#: Whatever an entry of coverage may be about.
UNITS = [*(f"catalog.{unit.id}" for unit in CATALOGERS), *(f"acquire.{unit.id}" for unit in ACQUIRERS)]


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


@pytest.mark.parametrize("what", UNITS)
def test_every_unit_has_a_name_that_people_use(what: str) -> None:
    assert what in _SUBJECTS
    assert subject(what)
