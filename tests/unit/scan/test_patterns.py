"""Patterns that are compiled when somebody first uses them are what ``re.compile`` makes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from surveyor.scan.patterns import regex

_TEXT = "aBab"


@pytest.mark.parametrize(
    "use",
    [
        lambda made: made.match(_TEXT, 1).span(),
        lambda made: made.fullmatch(_TEXT),
        lambda made: made.search(_TEXT)["one"],
        lambda made: [found.start() for found in made.finditer(_TEXT)],
        lambda made: made.findall(_TEXT),
        lambda made: made.split(_TEXT),
        lambda made: made.sub("x", _TEXT),
        lambda made: made.subn("x", _TEXT),
        lambda made: dict(made.groupindex),
        lambda made: made.pattern,
    ],
)
def test_a_pattern_does_what_a_compiled_one_does(use: Callable[[Any], object]) -> None:
    made, compiled = regex("(?P<one>b)", re.IGNORECASE), re.compile("(?P<one>b)", re.IGNORECASE)
    assert use(made) == use(compiled)
    assert use(made) == use(compiled)


def test_a_pattern_is_compiled_once_and_when_it_is_used() -> None:
    wrong = regex(b"(")
    with pytest.raises(re.error):
        wrong.match(b"")
    made = regex(b"a")
    assert made.match is made.match
    with pytest.raises(AttributeError):
        made.scanner  # noqa: B018 - asking is the test
