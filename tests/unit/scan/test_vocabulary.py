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


@pytest.mark.parametrize("name", ["Alpine:v3.20", "npm", "sles:15.4", "Red Hat:enterprise_linux:9::appstream"])
def test_an_ecosystem_is_called_as_its_advisories_call_it(name: str) -> None:
    assert subject(f"advisories.{name}") == f"Advisories for {name}"


def test_what_has_no_name_of_its_own_loses_its_dots() -> None:
    assert subject("check.seo_title") == "Check seo title"
    assert subject("something.new_here") == "something, new here"
