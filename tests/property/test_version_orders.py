"""Laws that every version order keeps, and second opinions: packaging on Python, univers on the rest."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from surveyor.scan.advise.versions import SCHEMES
from surveyor.scan.errors import Malformed

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from univers import versions as univers

NUMBER = st.integers(0, 12).map(str) | st.sampled_from(["00", "01", "010", "20240101", "99999999999999999999"])
WORD = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "p",
        "r",
        "m",
        "x",
        "rc",
        "RC",
        "alpha",
        "beta",
        "pre",
        "dev",
        "post",
        "final",
        "ga",
        "sp",
        "SNAPSHOT",
        "deb",
        "el",
    ]
)
SIGN = st.sampled_from([".", "-", "_", "+", "~", "^", ":", ""])
#: Anything that looks at all like a version, in every scheme at once.
ANY = st.lists(st.one_of(NUMBER, WORD, SIGN), min_size=1, max_size=9).map("".join)


def keys(name: str, versions: list[str]) -> list[Any]:
    out = []
    for version in versions:
        try:
            out.append(SCHEMES[name](version))
        except Malformed:
            continue
    return out


@pytest.mark.parametrize("name", SCHEMES)
@given(versions=st.lists(ANY | st.text(max_size=12), min_size=3, max_size=5))
@settings(max_examples=150, deadline=None)
def test_order_is_total(name: str, versions: list[str]) -> None:
    found = keys(name, versions)
    for a, b in itertools.product(found, repeat=2):
        assert (a < b) + (a == b) + (a > b) == 1
        assert (a < b) == (b > a)
    for a, b, c in itertools.permutations(found, 3):
        if a <= b <= c:
            assert a <= c


@pytest.mark.parametrize("name", SCHEMES)
@given(numbers=st.lists(st.integers(0, 99), min_size=1, max_size=4), at=st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_a_higher_number_is_newer(name: str, numbers: list[int], at: int) -> None:
    raised = list(numbers)
    raised[at % len(raised)] += 1
    older, newer = (SCHEMES[name](".".join(map(str, parts))) for parts in (numbers, raised))
    assert older < newer


PEP440 = st.builds(
    lambda epoch, release, pre, post, dev, local: f"{epoch}{release}{pre}{post}{dev}{local}",
    st.sampled_from(["", "1!", "0!"]),
    st.lists(st.integers(0, 3), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts))),
    st.sampled_from(["", "a1", "b", "rc2", ".c3", "-alpha-4", "_pre0"]),
    st.sampled_from(["", ".post1", "-2", "rev", ".r4"]),
    st.sampled_from(["", ".dev0", "dev3", "-dev"]),
    st.sampled_from(["", "+local", "+1", "+1.local.2", "+ubuntu-1"]),
)


@given(left=PEP440, right=PEP440)
@settings(max_examples=600, deadline=None)
def test_python_agrees_with_packaging(left: str, right: str) -> None:
    key = SCHEMES["pep440"]
    assert (key(left) < key(right)) == (Version(left) < Version(right))
    assert (key(left) == key(right)) == (Version(left) == Version(right))


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


RELEASE = st.lists(st.integers(0, 4), min_size=3, max_size=3).map(lambda parts: ".".join(map(str, parts)))
DEBIAN = joined(
    st.sampled_from(["", "1:", "0:"]),
    RELEASE,
    st.sampled_from(["", "~rc1", "+dfsg", "a", "+b~"]),
    st.sampled_from(["", "-1", "-1+deb12u1", "-0", "-1~bpo12+1"]),
)
RPM = joined(
    st.sampled_from(["0:", "1:"]),
    RELEASE,
    st.sampled_from(["", "~rc1", "a", ".x"]),
    st.sampled_from(["-1.el9", "-2.el9_1", "-10.el9"]),
)
SEMVER = joined(
    RELEASE,
    st.sampled_from(["", "-alpha", "-alpha.1", "-alpha.beta", "-1", "-rc.10", "-rc.9"]),
    st.sampled_from(["", "+b1"]),
)
GEM = joined(RELEASE, st.sampled_from(["", ".a", ".a1", ".rc2", ".b.0.1", ".0", ".0.a"]))
MAVEN = joined(RELEASE, st.sampled_from(["", "-alpha-1", "-beta-2", "-rc1", "-SNAPSHOT", "-1", "-sp", "-x", ".Final"]))
APK = joined(RELEASE, st.sampled_from(["", "a", "_alpha1", "_rc2", "_p3"]), st.sampled_from(["-r0", "-r1", "-r12"]))

ORACLES: dict[str, tuple[st.SearchStrategy[str], Callable[[str], Any]]] = {
    "dpkg": (DEBIAN, univers.DebianVersion),
    "rpm": (RPM, univers.RpmVersion),
    "semver": (SEMVER, univers.SemverVersion),
    "gem": (GEM, univers.RubygemsVersion),
    "maven": (MAVEN, univers.MavenVersion),
    "apk": (APK, univers.AlpineLinuxVersion),
}


@pytest.mark.parametrize("name", ORACLES)
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_agrees_with_univers(name: str, data: st.DataObject) -> None:
    texts, oracle = ORACLES[name]
    left, right = data.draw(texts), data.draw(texts)
    key = SCHEMES[name]
    assert (key(left) < key(right)) == (oracle(left) < oracle(right))
