"""Every version order against the public ordering files, and every registry entry against hostile text."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import time
from pathlib import Path

import pytest

from surveyor.scan.advise import keys
from surveyor.scan.advise.versions import SCHEMES, VERSIONS, Order, order_of
from surveyor.scan.errors import Malformed
from tests.orders import FAMILIES, MISSED, lines, sign

#: Lines of each family, so that a file that is not there is not taken for a file without a miss.
LINES = {
    "alpine": 7_453,
    "cran": 41,
    "debian": 7_205,
    "hackage": 4,
    "maven": 7_403,
    "nuget": 14,
    "packagist": 5_361,
    "pub": 45,
    "pypi": 6_126,
    "redhat": 67,
    "rubygems": 1_981,
    "semver": 38,
}


@pytest.mark.parametrize("family", FAMILIES)
def test_public_order(shared_dir: Path, family: str) -> None:
    key = SCHEMES[FAMILIES[family]]
    read = [*lines(shared_dir, family)]
    missed = {str(line) for line in read if sign(key(line.left), key(line.right)) != line.sign}
    assert len(read) == LINES[family]
    assert missed == set(MISSED.get(family, ()))


@pytest.mark.parametrize("name", SCHEMES)
def test_scheme_is_its_file(name: str) -> None:
    module = importlib.import_module(f"surveyor.scan.advise.versions.{name}")
    assert SCHEMES[name] is module.key
    assert module.__doc__
    assert module.key.__doc__


def test_every_ecosystem_has_a_scheme_of_the_registry() -> None:
    assert {order.__module__ for order in VERSIONS.values()} == {order.__module__ for order in SCHEMES.values()}
    assert order_of("Debian:12") is SCHEMES["dpkg"]
    assert order_of("Ubuntu:22.04:LTS") is SCHEMES["dpkg"]
    assert order_of("Azure Linux:3") is SCHEMES["rpm"]
    assert order_of("GHC") is SCHEMES["dotted"]
    assert order_of("OSS-Fuzz") is None


HOSTILE = [
    "",
    " ",
    "\0",
    "1\n2",
    "9" * 10_000,
    "." * 10_000,
    "-" * 10_000,
    "a" * 10_000,
    "1." * 5_000,
    "~" * 10_000,
    "a1" * 5_000,
    "9" * 1024,
    "." * 1024,
    "1.0-" * 256,
    "1a" * 512,
    "-a" * 512,
    "_p" * 512,
    "0." * 511 + "a",
    "0." * 511 + "!",
    "1.0+" + "a." * 500 + "!",
    "1-" + "a-" * 500 + "!",
    "1" + "_alpha" * 170,
    "1" + ".dev" * 250,
    "\u0663.\u0661",
    "\u00b2",
    "1.\u0130",
    "\ud800",
    ":" * 1024,
    "1:" * 512,
]


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("version", HOSTILE, ids=[f"{text[:6]!r}x{len(text)}" for text in HOSTILE])
def test_hostile_versions_raise_only_malformed(name: str, version: str) -> None:
    try:
        key = SCHEMES[name](version)
    except Malformed:
        return
    hash(key)
    assert key == SCHEMES[name](version)


#: What repeats in a hostile version, and what stands at its end to make a backtracking reader come back.
REPEATED = [
    "1.",
    "0.",
    "-",
    "a-",
    "1-",
    "a1",
    "_p",
    "~",
    "^",
    "1.0-",
    ".a",
    "1_alpha",
    ".dev",
    "+a.",
    ":",
    "1:",
    "-rc.",
]
ENDINGS = ["", "!", "\u0661", ".", "-", "a"]


@pytest.mark.parametrize("name", SCHEMES)
def test_keys_take_time_in_proportion_to_the_length(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times the length takes eight times as long, not 64; the bound on the length is lifted to see it."""
    monkeypatch.setattr(keys, "MAX_LENGTH", 1 << 20)
    for repeated, ending in itertools.product(REPEATED, ENDINGS):
        # measured anew where it seems not to: a neighbour on the machine slows one of the two, and a square slows each
        measured = (both(SCHEMES[name], repeated, ending, attempt) for attempt in range(6))
        # what is quicker than a millisecond is too small to compare, and quick
        assert any(long < max(24 * short, 1e-3) for short, long in measured), (repeated, ending)


def both(order: Order, repeated: str, ending: str, attempt: int) -> tuple[float, float]:
    """The seconds that a version takes, and one of eight times its length."""
    short, long = (seconds(order, repeated, count + 3 * attempt, ending) for count in (1_000, 8_000))
    return short, long


def seconds(order: Order, repeated: str, count: int, ending: str) -> float:
    """The quickest of three; the versions differ so that nothing kept answers for one."""
    found = []
    for extra in range(3):
        version = "1" + repeated * (count + extra) + ending
        start = time.thread_time()
        with contextlib.suppress(Malformed):
            order(version)
        found.append(time.thread_time() - start)
    return min(found)


def test_a_branch_of_composer_lies_in_no_range() -> None:
    order = order_of("Packagist")
    assert order
    assert order("v1.2") == SCHEMES["packagist"]("1.2.0")
    assert order("1.x-dev") > order("1.9")
    with pytest.raises(Malformed):
        order("dev-main")


def test_loosely_written_semantic_versions() -> None:
    key = SCHEMES["semver"]
    assert key("1.0.0.beta.3") == key("1.0.0-beta.3") < key("1.0.0")
    assert key("1.9.0b1") < key("1.9.0rc1") < key("1.9")
    for text in ("latest", "1.3.0-*", "file:../x", "^1.0.0"):
        with pytest.raises(Malformed):
            key(text)


@pytest.mark.parametrize("name", SCHEMES)
def test_over_long_versions_are_malformed(name: str) -> None:
    for text in ("9" * 10_240, "." * 10_240, ""):
        with pytest.raises(Malformed):
            SCHEMES[name](text)
