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
from tests.orders import sign

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


def variants(version: str) -> list[str]:
    """A version, and others that nearly are it: where an order breaks, it breaks between such."""
    tails = (".0", "-0", ".1", "-1", "~", "^", "+1", "a", ".a", "-a", "_p1", "0")
    return [version, *(version + tail for tail in tails), version.replace(".", "-", 1), version.replace("-", ".", 1)]


@pytest.mark.parametrize("name", SCHEMES)
@given(versions=st.lists(ANY | st.text(max_size=12), min_size=3, max_size=5) | ANY.map(variants))
@settings(max_examples=200, deadline=None)
def test_order_is_total(name: str, versions: list[str]) -> None:
    """Any two are less, equal or greater, the same way round from both sides, and so for three in a row."""
    found = keys(name, versions)
    for a, b in itertools.product(found, repeat=2):
        assert (a < b) + (a == b) + (a > b) == 1
        assert (a < b) == (b > a)
    for a, b, c in itertools.permutations(found, 3):
        if a <= b <= c:
            assert a <= c
            assert (a == c) == (a == b == c)


@pytest.mark.parametrize("name", SCHEMES)
@given(version=ANY | st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_keys_are_stable(name: str, version: str) -> None:
    """Once more, with blanks around it, and after other versions have been through: the same key."""
    first = keys(name, [version])
    keys(name, variants(version))
    assert keys(name, [f" {version}\n"]) == first == keys(name, [version])
    assert [hash(key) for key in first] == [hash(key) for key in keys(name, [version])]


#: What each scheme says about how versions are written: all of one row are equal, and each row is below the next.
WRITTEN = {
    "apk": [["1.0_rc1"], ["1.0", "1.0"], ["1.0-r0", "1.0-r00"], ["1.0-r1"], ["1.0_p1"], ["1.0a"]],
    "conan": [
        ["1.0-a"],
        ["1.0-a.1"],
        ["1.0", "1", "1.0.0"],
        ["1+1", "1.0+1"],
        ["1.0.1"],
        ["1.0.1w"],
        ["1.0.10"],
        ["cci.20200101"],
        ["cci.20210101"],
    ],
    "cpe": [
        ["0", "0.0"],
        ["0.9.8"],
        ["0.9.8a"],
        ["0.9.8z"],
        ["0.9.8za"],
        ["1.0.0-beta1"],
        ["1.0", "1.0.0", "v1"],
        ["1.0.2-dev"],
        ["1.0.2-rc1", "1.0.2_RC1", "1.0.2rc1"],
        ["1.0.2", "1.0-2"],
        ["1.0.2a"],
        ["1.0.2zd"],
        ["1.0.10"],
        ["3.11.0a1", "3.11.0-alpha1"],
        ["3.11.0b1"],
        ["3.11"],
        ["4.2.8"],
        ["4.2.8-p10", "4.2.8p10"],
        ["4.2.8-p15"],
    ],
    "dotted": [["1.0", "1-0", "01.0"], ["1.0.0", "1.0-0"], ["1.0.1"]],
    "dpkg": [
        ["1.0~~"],
        ["1.0~"],
        ["1.0", "0:1.0", "1.0-0", "1.00-0", "1.0-"],
        ["1.0-1"],
        ["1.0a"],
        ["1.0+"],
        ["1:0.1"],
    ],
    "gem": [["1.a", "1.0.a", "1.0.0.a", "1..a"], ["1.b"], ["1", "1.0", "1.0.0"], ["1.0.1"]],
    "maven": [
        ["1-alpha-1", "1a1", "1.0.0-alpha1", "1-ALPHA-1"],
        ["1-rc", "1-cr", "1.RC", "1.0.rc"],
        ["1-SNAPSHOT"],
        ["1", "1.0", "1.0.0", "1-ga", "1.final", "1.0.RELEASE", "1-0"],
        ["1-sp"],
        ["1-x", "1.x"],
        ["1-1"],
        ["1.1"],
    ],
    "nuget": [["1.0-A", "1.0.0.0-a", "1.0-a+x"], ["1.0", "1.0.0.0", "1", "v1.0+y"], ["1.0.0.1"]],
    "packagist": [
        ["1.0-dev", "v1-dev"],
        ["1.0-alpha1", "1.0a1", "1.0-ALPHA.1"],
        ["1.0-beta2", "1.0.0b2"],
        ["1.0-RC1", "1.0rc1"],
        ["1.0", "v1.0.0.0", "1.0-stable", "1.0+7"],
        ["1.0-p1", "1.0.0-patch1", "1.0-pl1"],
        ["1.0.0.1"],
        ["1.0.x-dev", "v1.0.X-dev"],
        ["1.1"],
        ["1.x-dev", "1.x.x-dev", "1.*-dev"],
        ["2-dev"],
    ],
    "pep440": [
        ["1.0-bulbasaur"],
        ["1.0.dev1", "1.dev1", "1.0dev1", "1-dev1"],
        ["1.0a1.dev1"],
        ["1.0a1", "1.0-alpha-1", "1.0.ALPHA1", "v1a1", "0!1.0a01"],
        ["1.0c1", "1.0rc1", "1.0-pre1", "1.0.preview.1"],
        ["1.0", "1", "1.0.0"],
        ["1.0+a"],
        ["1.0+a.1", "1.0+a-1", "1.0+A_1"],
        ["1.0+1"],
        ["1.0.post1", "1-1", "1.0-r1", "1.0rev1"],
        ["1!0.1"],
    ],
    "pub": [["1.0.0-a"], ["1.0.0-a.1"], ["1.0.0", "v1.0", "1"], ["1.0.0+0"], ["1.0.0+1"], ["1.0.0+a"], ["1.0.1-a"]],
    "rpm": [
        ["1.0~rc1"],
        ["1.0", "0:1.0", "1.00", "1_0", "1.0-"],
        ["1.0-1", "01.0-1"],
        ["1.0^git1"],
        ["1.0a"],
        ["1.0.1"],
        ["1:0.1"],
    ],
    "semver": [
        # Go's pseudo-versions: behind a tag, before the first one of its kind
        ["0.0.0-20190101000000-abcdefabcdef", "v0.0.0-20190101000000-abcdefabcdef"],
        ["0.0.0-20200101000000-0123456789ab"],
        ["1.2.3"],
        ["1.2.4-0.20190101000000-abcdefabcdef"],
        ["1.2.4-pre"],
        ["1.2.4-pre.0.20190101000000-abcdefabcdef"],
        ["1.2.4", "1.2.4.0", "v1.2.4+incompatible"],
        # the Go toolchain, and where advisories on it begin
        ["1.22.0-0"],
        ["1.22beta1"],
        ["1.22rc1", "1.22.rc1", "1.22-rc1"],
        ["1.22", "1.22.0"],
    ],
}


@pytest.mark.parametrize("name", SCHEMES)
def test_how_versions_are_written(name: str) -> None:
    key = SCHEMES[name]
    for row in WRITTEN[name]:
        assert {key(version) for version in row} == {key(row[0])}, row
    ordered = [key(row[0]) for row in WRITTEN[name]]
    assert all(low < high for low, high in itertools.pairwise(ordered)), ordered


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

NUGET = joined(
    RELEASE,
    st.sampled_from(["", ".0", ".1", "-alpha", "-Beta", "-beta.2", "-rc.10", "-rc.9", "-1"]),
    st.sampled_from(["", "+x"]),
)
COMPOSER = joined(RELEASE, st.sampled_from(["", "-alpha1", "-beta2", "-rc1", "-rc2"]))

ORACLES: dict[str, tuple[st.SearchStrategy[str], Callable[[str], Any]]] = {
    "dpkg": (DEBIAN, univers.DebianVersion),
    "rpm": (RPM, univers.RpmVersion),
    "semver": (SEMVER, univers.SemverVersion),
    "gem": (GEM, univers.RubygemsVersion),
    "maven": (MAVEN, univers.MavenVersion),
    "apk": (APK, univers.AlpineLinuxVersion),
    "nuget": (NUGET, univers.NugetVersion),
    "packagist": (COMPOSER, univers.ComposerVersion),
}


@pytest.mark.parametrize("name", ORACLES)
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_agrees_with_univers(name: str, data: st.DataObject) -> None:
    texts, oracle = ORACLES[name]
    left, right = data.draw(texts), data.draw(texts)
    key = SCHEMES[name]
    assert (key(left) < key(right)) == (oracle(left) < oracle(right))


#: Where we differ from a second opinion, and why ours stands: two versions, and what each says of them.
DIFFERENCES = [
    ("packagist", "1.0-dev", "1.0-beta1", "<", ">", "PHP puts dev below every other word; univers compares letters"),
    ("packagist", "1.0-alpha1", "1.0-RC1", "<", ">", "Composer knows its words in any case; univers only small ones"),
    ("maven", "5.2.0", "5.2.0.RELEASE", "=", "<", "release is as good as no qualifier since Maven 3.6.2"),
    ("maven", "1.0.0-RC16", "1.0.0.RC8-beta", ">", "<", "a qualifier behind a dot is one behind a hyphen (3.8.7)"),
    ("maven", "1-1", "1-ga-1", "=", ">", "POM reference: null values before a hyphen are dropped"),
]
#: Versions that a second opinion refuses and that are out in the world.
REFUSED = [
    ("apk", univers.AlpineLinuxVersion, "6.6.2p1", "of Alpine 3.4"),
    ("gem", univers.RubygemsVersion, "1gamma", "RubyGems takes it"),
    ("pep440", Version, "0.9-eevee", "of before PEP 440"),
    ("rpm", univers.RpmVersion, "a:1", "rpm reads such an epoch as 0 or as a word; either way it says no error"),
]


@pytest.mark.parametrize(("name", "left", "right", "ours", "theirs", "why"), DIFFERENCES)
def test_where_a_second_opinion_differs(name: str, left: str, right: str, ours: str, theirs: str, why: str) -> None:
    key, oracle = SCHEMES[name], ORACLES[name][1]
    assert sign(key(left), key(right)) == ours, why
    assert sign(oracle(left), oracle(right)) == theirs, "no longer a difference: take it off the list"


@pytest.mark.parametrize(("name", "oracle", "version", "why"), REFUSED)
def test_what_a_second_opinion_refuses(name: str, oracle: Callable[[str], Any], version: str, why: str) -> None:
    assert SCHEMES[name](version), why
    with pytest.raises(ValueError, match=r"."):
        oracle(version)


PARTS = st.lists(st.integers(0, 12), min_size=1, max_size=5)


@given(left=PARTS, right=PARTS, separators=st.lists(st.sampled_from(".-"), min_size=8, max_size=8))
@settings(max_examples=200, deadline=None)
def test_numbers_alone_are_ordered_as_lists(left: list[int], right: list[int], separators: list[str]) -> None:
    """Data.Version of Haskell and package_version of R: the order of lists of numbers, whatever separates them."""
    key = SCHEMES["dotted"]
    written = [
        str(parts[0]) + "".join(f"{between}{part}" for between, part in zip(separators, parts[1:], strict=False))
        for parts in (left, right)
    ]
    assert sign(*map(key, written)) == sign(left, right)
