"""How right matches are on the tuning half of the labelled cases, with advisories as they are published."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.labelled import CASES, HERE, WRONG, Outcome, database, explanations, measure, read, scores


@pytest.fixture(scope="module")
def outcomes(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, ...]:
    advisories = shared_dir / "advisories"
    if not (advisories / "bucket").is_dir():
        pytest.skip(f"no advisories at {advisories}")
    asked = database(advisories, tmp_path_factory.mktemp("labelled"))
    return measure(read(CASES / "tuning.tsv"), asked)[0]


def test_every_wrong_match_is_explained(outcomes: tuple[Outcome, ...]) -> None:
    wrong = {(one.case.package, one.case.id): f"{one.kind}: {one.told}" for one in outcomes if one.kind in WRONG}
    explained = explanations(HERE / "labelled.toml")

    assert {key: told for key, told in wrong.items() if key not in explained} == {}
    assert set(explained) - set(wrong) == set(), "explains nothing any more"


def test_precision_and_recall_do_not_fall(outcomes: tuple[Outcome, ...]) -> None:
    measured = scores(outcomes)["all"]

    assert measured["right"] >= 97
    assert (measured.precision or 0) >= 97 / 107
    assert (measured.recall or 0) >= 97 / 101
    assert measured["unanswered"] <= 9
