"""The labelled pages and the arithmetic on them, with models on this machine: no model's figures stand here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from benchmarks import judged
from benchmarks.judged import Case, Tally, cases, measure, table
from surveyor.llm.classes import CLASSES
from surveyor.llm.interface import Kind
from tests.servers.llm import Asked, Models

PAGES = cases()


@pytest.fixture(scope="module")
def models() -> Iterator[Models]:
    with Models() as served:
        yield served


def asked(models: Models, make: Callable[[Case, list[str]], list[dict[str, Any]]], **how: bool) -> Tally:
    """The tally of a model that answers by this."""
    by_outline = {tuple(page.outline.text.splitlines()): page for page in PAGES}

    def answer(body: dict[str, Any]) -> Any:
        found = Asked("", {}, body)
        page = by_outline[tuple(found.data["outline"])]
        wanted = found.schema["$defs"]["Issue"]["properties"]["barrier"]["enum"]
        return {"issues": [{"explanation": "x", "confidence": 0.9, **claim} for claim in make(page, wanted)]}

    models.make = answer
    return measure(PAGES, judged.caller(Kind.COMPATIBLE, None, f"{models.base}/v1", "m").ask, **how)


def knowing(page: Case, wanted: list[str]) -> list[dict[str, Any]]:
    ids = {where: name for name, where in page.outline.selectors.items()}
    return [
        {"barrier": name, "elements": [ids[where] for where in places]}
        for name, places in page.labels.items()
        if name in wanted
    ]


def test_every_label_is_shown_to_the_model_as_an_element_of_its_class_and_never_the_label_itself() -> None:
    assert len(PAGES) == len({page.name for page in PAGES}) >= 40
    for page in PAGES:
        lines = {line.split()[0]: line.strip().partition(" ")[2] for line in page.outline.text.splitlines()}
        shown = {where: lines[name] for name, where in page.outline.selectors.items()}
        assert judged.LABEL not in page.outline.text
        assert page.outline.left_out == ""
        for name, places in page.labels.items():
            assert all(CLASSES[name].about(shown[where]) for where in places), (page.name, name)
    for name in CLASSES:
        assert sum(name in page.labels for page in PAGES) >= 2, name


def test_who_knows_all_is_right_always_and_who_is_silent_misses_all(models: Models) -> None:
    labelled = sum(len(page.labels) for page in PAGES)
    tally = asked(models, knowing)
    assert (tally.right.total(), tally.wrong.total(), tally.missed.total()) == (labelled, 0, 0)
    silent = asked(models, lambda _page, _wanted: [])
    assert (silent.right.total(), silent.wrong.total(), silent.missed.total()) == (0, 0, labelled)
    assert list(table(silent, PAGES))[-3].split() == ["all", str(labelled), "0", "0", str(labelled), "-", "0.00"]


def test_who_claims_what_is_not_labelled_is_wrong_and_who_cites_nothing_is_dropped(models: Models) -> None:
    def loud(page: Case, _wanted: list[str]) -> list[dict[str, Any]]:
        return [
            *knowing(page, ["link_purpose"]),
            {"barrier": "page_title", "elements": ["e2"]},
            {"barrier": "heading_text", "elements": []},
        ]

    tally = asked(models, loud)
    titles = sum("page_title" in page.labels for page in PAGES)
    assert (tally.right["page_title"], tally.missed["page_title"]) == (titles, 0)
    assert tally.wrong == {"page_title": len(PAGES) - titles}
    assert tally.dropped == {"citing nothing": len(PAGES)}
    row = next(line for line in table(tally, PAGES) if line.startswith("page_title"))
    assert row.split()[-2:] == [f"{titles / len(PAGES):.2f}", "1.00"]


def test_one_class_a_question_asks_each_for_itself(models: Models) -> None:
    models.asked.clear()
    few = [page for page in PAGES if page.labels][:2]
    asked(models, knowing)
    models.asked.clear()
    tally = measure(few, judged.caller(Kind.COMPATIBLE, None, f"{models.base}/v1", "m").ask, each=True)
    assert len(models.asked) == len(few) * len(CLASSES)
    assert tally.right.total() == sum(len(page.labels) for page in few)


def test_without_anybody_to_ask_there_are_no_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setattr("sys.argv", ["judged"])
    assert judged.main() == 2
    told = capsys.readouterr()
    assert (told.out, "no figures" in told.err) == ("", True)
