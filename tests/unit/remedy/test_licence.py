"""Licences against what a team permits: expressions, patterns, and what nobody knows."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.remedy.licence import read
from tests.reports import package

PACKAGE = package("pkg:npm/a@1")


def permitted(licences: tuple[str, ...], *, allow: tuple[str, ...] = (), deny: tuple[str, ...] = ()) -> bool | None:
    return read(allow, deny).permits(replace(PACKAGE, licenses=licences))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT", True),
        ("mit", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only OR GPL-2.0-only", False),
        ("(MIT OR GPL-3.0-only) AND Apache-2.0", True),
        ("MIT AND (GPL-3.0-only OR GPL-2.0-only)", False),
        ("MIT OR GPL-3.0-only AND GPL-2.0-only", True),
        ("mit or gpl-3.0-only", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("MIT OR", False),
        ("(MIT", False),
        ("MIT)", False),
        ("MIT MIT", False),
        ("OR", False),
        ("WITH", False),
        ("MIT WITH", False),
        ("", None),
        ("NOASSERTION", None),
    ],
)
def test_of_an_allow_list(text: str, expected: bool | None) -> None:
    assert permitted((text,), allow=("MIT", "Apache-2.0")) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("LGPL-2.1-only", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("MIT OR GPL-3.0-only", True),
        ("GNU General Public License", True),
    ],
)
def test_of_a_deny_list(text: str, expected: bool) -> None:
    assert permitted((text,), deny=("GPL-*", "AGPL-*")) is expected


def test_what_is_denied_stays_denied_though_it_is_allowed() -> None:
    assert permitted(("GPL-3.0-only",), allow=("*",), deny=("GPL-*",)) is False


def test_every_licence_of_a_package_counts() -> None:
    assert permitted(("MIT", "GPL-3.0-only"), deny=("GPL-*",)) is False


@pytest.mark.parametrize(
    ("allow", "deny", "expected"),
    [(("MIT",), (), None), (("MIT", "unknown"), (), True), (("MIT",), ("unknown",), False), ((), ("unknown",), False)],
)
def test_no_known_licence_is_neither_unless_somebody_said(
    allow: tuple[str, ...], deny: tuple[str, ...], expected: bool | None
) -> None:
    assert permitted((), allow=allow, deny=deny) is expected


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "MIT OR " * 50_000 + "MIT", "(MIT OR " * 200 + "MIT" + ")" * 200, "A" * 10**6]
)
def test_hostile_expressions_end_soon(text: str) -> None:
    begin = time.process_time()
    assert permitted((text,), allow=("MIT",)) in {True, False}
    assert time.process_time() - begin < 2


_WORDS = st.lists(st.sampled_from(["MIT", "GPL-3.0-only", "AND", "OR", "WITH", "(", ")"]), max_size=9)


@given(_WORDS)
def test_is_what_the_boolean_expression_says(words: list[str]) -> None:
    text = " ".join(words)
    found = permitted((text,), allow=("MIT",))
    python = " ".join(
        {"MIT": "True", "GPL-3.0-only": "False", "AND": "and", "OR": "or"}.get(word, word) for word in words
    )
    try:
        expected = eval(python) if words and "WITH" not in words else None
    except (SyntaxError, TypeError):
        expected = None
    if isinstance(expected, bool):
        assert found is expected
    else:
        assert found in {True, False, None}
