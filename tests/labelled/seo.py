"""The labelled cases of SEO rules, from the tests that judge them: for the page of documentation that counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One: the rule, the markup where that is all of it, and the outcomes that it has to give."""

    rule: str
    what: str
    expected: tuple[str, ...]


def cases(test: Callable[..., None]) -> list[tuple[Any, ...]]:
    """The rows of a test that is one table."""
    (mark,) = test.pytestmark  # type: ignore[attr-defined]
    return list(mark.args[1])


def labelled() -> list[Case]:
    """All of them."""
    return list(_labelled())


def _labelled() -> Iterator[Case]:
    from tests.unit.scan.check import test_seo, test_seo_around, test_seo_script

    for rule, markup, expected in test_seo.CASES:
        yield Case(f"seo_{rule}", markup or "nothing", tuple(expected))
    for rule, served, shown, expected in test_seo_script.CASES:
        yield Case(f"seo_script_{rule}", f"{served or 'nothing'} → {shown or 'nothing'}", tuple(expected))
    for row in cases(test_seo_script.test_pages_that_scripts_leave):
        yield Case("seo_script_redirect", "", tuple(row[-1]))
    for test, rule in (*test_seo.TABLES, *test_seo_around.TABLES):
        for row in cases(test):
            yield Case(f"seo_{rule}", "", tuple(row[-1]))
    for rule, _, by_key in cases(test_seo_around.test_pages_of_a_site_together):
        yield Case(f"seo_{rule}", "", tuple(by_key))
