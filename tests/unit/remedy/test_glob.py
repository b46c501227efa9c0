"""Patterns of paths: what the wildcards mean, against an oracle, and in time that no path can stretch."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.remedy.glob import Glob
from surveyor.scan.errors import LimitExceeded


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("app/a.py", "app/a.py", True),
        ("app/*.py", "app/a.py", True),
        ("app/*.py", "app/b/a.py", False),
        ("app/**", "app/b/a.py", True),
        ("app/", "app/b/a.py", True),
        ("app/", "app", False),
        ("/app/a.py", "app/a.py", True),
        ("./app/a.py", "app/a.py", True),
        ("**/tests/*", "tests/x", True),
        ("**/tests/*", "a/b/tests/x", True),
        ("**/tests/*", "latests/x", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/xb", False),
        ("**/**/b", "b", True),
        ("a.jar!/**", "a.jar!/b.jar", True),
        ("a.jar", "a.jar!/b.jar", False),
        ("li?", "lib", True),
        ("li?", "li/", False),
        ("a[b].c", "a[b].c", True),
        ("**", "", True),
        ("*", "", True),
        ("lodash", "lodash-es", False),
    ],
)
def test_means(pattern: str, text: str, expected: bool) -> None:
    assert Glob(pattern).matches(text) is expected


_PARTS = st.lists(st.sampled_from(["a", "b", "/", "*", "?", "**", "**/", "!"]), max_size=8).map("".join)
_TEXTS = st.text(alphabet="ab/!", max_size=12)


def _oracle(pattern: str) -> re.Pattern[str]:
    """The same by a regular expression, which backtracks."""
    pattern = pattern.removeprefix("./").lstrip("/")
    pattern += "**" if pattern.endswith("/") else ""
    out, place, begin = "", 0, True
    while place < len(pattern):
        if begin and pattern.startswith("**/", place):
            out, place = out + "(?:.*/)?", place + 3
        elif stars := re.compile(r"\*+").match(pattern, place):
            out, place, begin = out + (".*" if len(stars[0]) > 1 else "[^/]*"), stars.end(), False
        else:
            letter = pattern[place]
            out, place, begin = out + ("[^/]" if letter == "?" else re.escape(letter)), place + 1, letter == "/"
    return re.compile(out, re.DOTALL)


@given(_PARTS, _TEXTS)
def test_is_what_a_regular_expression_would_say(pattern: str, text: str) -> None:
    assert Glob(pattern).matches(text) is bool(_oracle(pattern).fullmatch(text))


def test_no_path_makes_it_slow() -> None:
    pattern, path = Glob("**a*" * 200 + "b"), "a" * 4_000
    begin = time.process_time()
    assert not pattern.matches(path)
    assert time.process_time() - begin < 1


def test_a_pattern_without_end_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        Glob("*a" * 1_000)
