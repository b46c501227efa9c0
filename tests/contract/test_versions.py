"""Every version order against the public ordering files, and every registry entry against hostile text."""

from __future__ import annotations

import importlib
import re
import time
from pathlib import Path

import pytest

from surveyor.scan.advise.versions import SCHEMES, VERSIONS, order_of
from surveyor.scan.errors import Malformed

FAMILIES = {
    "alpine": "apk",
    "cran": "dotted",
    "debian": "dpkg",
    "hackage": "dotted",
    "maven": "maven",
    "nuget": "nuget",
    "packagist": "packagist",
    "pub": "pub",
    "pypi": "pep440",
    "redhat": "rpm",
    "rubygems": "gem",
    "semver": "semver",
}

#: Lines on which we knowingly differ. Maven since 3.9.2 treats ``.rc`` as ``-rc`` and drops zeros before both; the
#: files still hold the older order. Composer evens out 4.4 and 4.4.0 before it compares; PHP alone does not.
DIFFER = {
    "maven-versions-generated": {
        "1.0.0-RC16 < 1.0.0.RC8-beta",
        "2.9.0-1 < 2.9.0.RC1",
        "7.0.0pre3 < 7.0.0.pre4",
        "1.0.0rc0 < 1.0.beta8",
        "1.5.9.RC1 < 1.5.9-RC0",
    },
    "packagist-versions-generated": {
        "v4-beta4 < v4.0-alpha",
        "v4.4 < v4.4.0-beta",
        "v6.5 < v6.5.0-beta-0",
        "v6.6 < v6.6.0-beta",
    },
}
FILES = [f"{family}-versions{kind}" for family in FAMILIES for kind in ("", "-generated")]
ABSENT = {f"{family}-versions-generated" for family in ("hackage", "nuget", "pub", "redhat", "semver")}


@pytest.mark.parametrize("name", [name for name in FILES if name not in ABSENT])
def test_public_order(shared_dir: Path, name: str) -> None:
    key = SCHEMES[FAMILIES[name.partition("-")[0]]]
    wrong, lines = set(), 0
    for line in (shared_dir / "fixtures/version-order" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("//"):
            continue
        match = re.fullmatch(r"(\S+) ([<=>]) (\S+)", line)
        assert match, line
        left, right = key(match[1]), key(match[3])
        lines += 1
        if {-1: "<", 0: "=", 1: ">"}[(left > right) - (left < right)] != match[2]:
            wrong.add(line)
    assert lines >= 4
    assert wrong == DIFFER.get(name, set())


@pytest.mark.parametrize("name", SCHEMES)
def test_scheme_is_its_file(name: str) -> None:
    module = importlib.import_module(f"surveyor.scan.advise.versions.{name}")
    assert SCHEMES[name] is module.key
    assert module.__doc__
    assert module.key.__doc__


def test_every_ecosystem_has_a_scheme_of_the_registry() -> None:
    assert set(VERSIONS.values()) == set(SCHEMES.values())
    assert order_of("Debian:12") is SCHEMES["dpkg"]
    assert order_of("Ubuntu:22.04:LTS") is SCHEMES["dpkg"]
    assert order_of("ConanCenter") is None


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
def test_hostile_versions_are_quick_and_raise_only_malformed(name: str, version: str) -> None:
    start = time.thread_time()
    try:
        key = SCHEMES[name](version)
    except Malformed:
        key = None
    # microseconds; what backtracks takes minutes
    assert time.thread_time() - start < 2
    if key is not None:
        hash(key)
        assert key == SCHEMES[name](version)


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
