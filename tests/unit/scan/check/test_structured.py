"""Structured fields as RFC 9651 writes them, and what is none."""

from __future__ import annotations

import pytest

from surveyor.scan.check.structured import Member, dictionary

SELF = Member(tokens=("self",), listed=True)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), {}),
        (("",), {}),
        (("a",), {"a": Member()}),
        (("a;x=1, b",), {"a": Member(), "b": Member()}),
        (("a=()",), {"a": Member(listed=True)}),
        (("a=(self)",), {"a": SELF}),
        (("a=( self )",), {"a": SELF}),
        (('a=(self "https://x.example" 1.5 ?1);r=*, b="q\\"\\\\"',), {
            "a": Member(("self",), ("https://x.example",), listed=True), "b": Member((), ('q"\\',)),
        }),
        (("a=*",), {"a": Member(tokens=("*",))}),
        (("a=(self)", "b"), {"a": SELF, "b": Member()}),
        (("a=1 \t,\t b=:YQ==:, c=@12",), {"a": Member(), "b": Member(), "c": Member()}),
        (("a=x, a=()",), {"a": Member(listed=True)}),
        (("A=1",), None),
        (("a=",), None),
        (("a=(",), None),
        (("a=(self",), None),
        (('a=("x""y")',), None),
        (("a=1,",), None),
        (("a=1,,b",), None),
        (("a='self'",), None),
        (('a="é"',), None),
        (("a b",), None),
        (("a=(self)) ",), None),
    ],
)  # fmt: skip
def test_dictionaries(values: tuple[str, ...], expected: dict[str, Member] | None) -> None:
    assert dictionary(values) == expected


def test_a_long_header_is_read_in_time_of_its_length() -> None:
    assert len(dictionary((", ".join(f"k{at}=(a{' b' * 50})" for at in range(2_000)),)) or ()) == 2_000
    assert dictionary(("a=(" + " " * 50_000,)) is None
    assert dictionary(("a" + ";b" * 50_000 + "=",)) is None
