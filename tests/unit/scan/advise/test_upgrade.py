"""Which versions mend a flaw, and in which order they are named."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyor.scan.advise.ranges import Keys, judge
from surveyor.scan.advise.upgrade import Claim, upgrades
from surveyor.scan.advise.versions import SCHEMES

#: Lines of one project that are kept alive, each with its fix.
LINES = ["i", "0", "f", "1.9.4", "i", "2.0.0", "f", "2.0.9", "i", "2.1.0", "f", "2.1.3", "i", "3.0.0", "f", "3.0.1"]


def of(scheme: str, installed: str | list[str], *ranges: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    claims = [Claim((flat,), ()) for flat in ranges]
    found = upgrades([installed] if isinstance(installed, str) else installed, claims, Keys(SCHEMES[scheme]))
    return found.targets, found.fixed


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ("1.2.0", ("1.9.4", "2.0.9", "2.1.3", "3.0.1")),
        ("2.0.3", ("2.0.9", "2.1.3", "3.0.1")),
        ("2.1.0", ("2.1.3", "3.0.1")),
        ("3.0.0", ("3.0.1",)),
    ],
)
def test_the_fix_of_the_installed_line_is_first_then_upward(installed: str, expected: tuple[str, ...]) -> None:
    assert of("semver", installed, LINES) == (expected[:1], expected)


def test_the_order_of_events_and_sources_does_not_count() -> None:
    later = ["i", "3.0.0", "f", "3.0.1", "i", "2.0.0", "f", "2.0.10"]
    assert of("semver", "2.0.3", later, LINES) == of("semver", "2.0.3", LINES, later)
    assert of("semver", "2.0.3", later, LINES)[1] == ("2.0.10", "2.1.3", "3.0.1")


def test_a_fix_that_another_source_calls_affected_is_none() -> None:
    assert of("pep440", "1.0", ["i", "0", "f", "2.5"], ["i", "0", "f", "2.6"]) == (("2.6",), ("2.6",))


def test_where_sources_leave_none_all_fixes_are_named() -> None:
    assert of("pep440", "1.0", ["i", "0", "f", "2.5"], ["i", "0"]) == (("2.5",), ("2.5",))
    assert of("pep440", "1.0", ["i", "0", "f", "2.5"], ["i", "0", "f", "3"], ["i", "0"])[1] == ("2.5", "3")


def test_a_listed_version_is_no_fix() -> None:
    claims = [Claim((["i", "0", "f", "1.1"],), ()), Claim((["i", "0", "f", "1.2"],), ("1.2",))]
    assert upgrades(["1.0"], claims, Keys(SCHEMES["pep440"])).fixed == ("1.1", "1.2")
    assert upgrades(["1.0"], [*claims, Claim((["i", "0", "f", "1.3"],), ())], Keys(SCHEMES["pep440"])).fixed == ("1.3",)


def test_every_installed_version_has_its_nearest() -> None:
    targets, fixed = of("semver", ["2.1.0", "1.2.0"], LINES)
    assert targets == ("1.9.4", "2.1.3")
    assert fixed == ("1.9.4", "2.1.3", "2.0.9", "3.0.1")


def test_nothing_below_is_an_upgrade() -> None:
    assert of("semver", "4.0.0", LINES) == ((), ())
    assert of("semver", "4.0.0", ["i", "0", "f", "tomorrow"]) == ((), ())


@pytest.mark.parametrize(
    ("scheme", "installed", "fixes", "expected"),
    [
        ("rpm", "1.2-1.el9", ["1.2-2.el8_8", "1.2-3.el9"], "1.2-3.el9"),
        ("rpm", "1.2-1.el9_2", ["1.2-2.el9", "1.2-2.el9_2.1", "1.2-3.el9_4"], "1.2-2.el9_2.1"),
        ("rpm", "1:1.2-1.el9", ["2.0-1.el9", "1:1.2-2.el9"], "1:1.2-2.el9"),
        ("dpkg", "1.2-1+deb12u1", ["1.2-1+deb13u1", "1.2-1+deb12u2"], "1.2-1+deb12u2"),
        ("dpkg", "1.2-1", ["1.2-1+deb13u1", "1.2-1+deb12u2"], "1.2-1+deb12u2"),
        ("dpkg", "1.2-1ubuntu0.22.04.1", ["1.2-1ubuntu0.24.04.1", "1.2-1ubuntu0.22.04.9"], "1.2-1ubuntu0.22.04.9"),
        ("dpkg", "1:1.2-1", ["2:1.0-1", "1.3-1"], "2:1.0-1"),
        ("apk", "1.2.3-r0", ["1.3.0-r0", "1.2.3-r4"], "1.2.3-r4"),
        ("maven", "5.0.0.RC1", ["5.0.1.RELEASE", "5.0.0.RELEASE"], "5.0.0.RELEASE"),
        ("semver", "0.0.0-20230101000000-abcdefabcdef", ["0.1.0", "0.0.0-20240101000000-abcdefabcdef"], None),
    ],
)
def test_lines_of_every_scheme(scheme: str, installed: str, fixes: list[str], expected: str | None) -> None:
    claim = Claim([["i", fix, "f", fix] for fix in fixes], ())
    assert upgrades([installed], [claim], Keys(SCHEMES[scheme])).targets == (expected or fixes[-1],)


def test_an_advisory_of_thousands_of_lines_is_cut_at_the_nearest() -> None:
    flat = [part for n in range(3_000) for part in ("i", f"{n}.0.0", "f", f"{n}.5.0")]
    targets, fixed = of("semver", "7.1.0", flat)
    assert targets == ("7.5.0",)
    assert fixed == tuple(f"{n}.5.0" for n in range(7, 27))


NUMBERS = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)).map(
    lambda parts: ".".join(map(str, parts))
)


@given(installed=NUMBERS, claims=st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=3), max_size=3))
@settings(max_examples=300, deadline=None)
def test_laws(installed: str, claims: list[list[tuple[str, str]]]) -> None:
    keys = Keys(SCHEMES["semver"])
    said = [Claim([["i", start, "f", end] for start, end in claim], ()) for claim in claims]
    targets, fixed = upgrades([installed], said, keys)
    parsed = [tuple(map(int, version.split("."))) for version in fixed]
    assert parsed == sorted(parsed)
    assert fixed[:1] == targets
    assert all(parts > tuple(map(int, installed.split("."))) for parts in parsed)
    affected = [version for version in fixed if any(judge(version, *claim, keys).affected for claim in said)]
    assert affected in ([], list(fixed))
    # nothing on the installed line stands behind something of another line
    same = [parts[:2] == tuple(map(int, installed.split(".")))[:2] for parts in parsed]
    assert same == sorted(same, reverse=True)
