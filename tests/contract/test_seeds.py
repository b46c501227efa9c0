"""Every sentence of the seeds is proved by a test that exists, or owed by a part that is known to owe it."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/seeds.md"
PROOF = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
#: What each part may still owe, as it is named in its row.
OWED = {
    "owed: advisory part": re.compile(r"`(nvd|redhat)\.\*`"),
}
#: How many rows each seed has: a sentence that is dropped from the page is noticed.
ROWS = {"P": 65, "J": 36}


class Row(NamedTuple):
    """One line of a table."""

    number: str
    says: str
    here: str
    proof: str


def rows_of(text: str) -> list[Row]:
    """The rows of all tables, without their heads."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert all(len(row) == len(Row._fields) for row in cells), [row for row in cells if len(row) != len(Row._fields)]
    return [Row(*row) for row in cells if row[0] != "no." and set(row[0]) != {"-"}]


ALL = rows_of(PAGE.read_text("utf-8"))


@functools.cache
def functions_of(path: Path) -> dict[str, list[str]]:
    """The tests of a file with their decorators, as source."""
    tree = ast.parse(path.read_text("utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return {node.name: [ast.unparse(mark) for mark in node.decorator_list] for node in found}


def problem_of(row: Row) -> str | None:
    """What is wrong with a row, if anything."""
    if not all(row):
        return "empty"
    if row.proof in OWED:
        return None if OWED[row.proof].search(row.says) else "owed by a part that cannot owe it"
    if PROOF.sub("", row.proof).strip():
        return "neither tests nor a part"
    for path, name in PROOF.findall(row.proof):
        file = ROOT / path
        if not file.is_file() or name not in functions_of(file):
            return f"no test {path}::{name}"
        if not file.name.startswith("test_"):
            return f"{path} is not collected"
        if any(re.search(r"\bmark\.(skip|xfail)", mark) for mark in functions_of(file)[name]):
            return f"{path}::{name} is skipped"
    return None


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.number)
def test_a_row_is_proved_or_owed(row: Row) -> None:
    assert problem_of(row) is None


@pytest.mark.parametrize(("seed", "count"), ROWS.items())
def test_numbers_have_no_gap(seed: str, count: int) -> None:
    numbers = [row.number for row in ALL if row.number.startswith(seed)]
    assert numbers == [f"{seed}{number}" for number in range(1, count + 1)]


def test_there_are_no_other_rows() -> None:
    assert len(ALL) == sum(ROWS.values())


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (("says", "here", ""), "empty"),
        (("says", "", "`tests/contract/test_seeds.py::test_numbers_have_no_gap`"), "empty"),
        (("says", "here", "`tests/contract/test_seeds.py::test_nothing`"), "no test"),
        (("says", "here", "`tests/contract/test_gone.py::test_nothing`"), "no test"),
        (("says", "here", "by inspection"), "neither"),
        (("reports", "here", "owed: reports part"), "neither"),
        (("reports", "here", "owed: artifact part"), "neither"),
        (("reports", "here", "owed: advisory part"), "cannot owe"),
        (("says", "here", "`tests/contract/test_seeds.py::test_numbers_have_no_gap` later"), "neither"),
    ],
)
def test_what_is_no_proof_is_seen(cells: tuple[str, str, str], problem: str) -> None:
    assert problem in str(problem_of(Row("P1", *cells)))
