"""What tells of packages and is not read yet: known by its name, so that its packages are missed aloud.

One rule for all. What is *installed* and not read makes a scan partial, wherever it lies. What only *declares*
packages (manifests that no lock file answers for) is the point of a source tree and makes that partial; beside
installed packages, in an image or a root filesystem, it is told and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from types import MappingProxyType

from surveyor.scan.catalog.interface import declares
from surveyor.scan.values import frozen


@frozen
class Unread:
    """A format that is not read: all as a cataloger has it, and ``detail`` a sentence."""

    id: str
    paths: re.Pattern[bytes]
    detail: str
    names: bytes = b""
    endings: bytes = b""
    places: tuple[bytes, ...] = ()
    installed: bool = True


def _any_of(names: Iterable[str]) -> bytes:
    """One pattern of many literal names, grouped by their first letter: the regex engine skips a group at a glance."""
    groups = groupby(sorted(set(names)), key=lambda name: name[0])
    parts = (f"{re.escape(first)}(?:{'|'.join(re.escape(name[1:]) for name in found)})" for first, found in groups)
    return "|".join(parts).encode()


_PYTHON = ("conda_lock", "pipfile", "python_lock", "requirements")
#: Manifests that are not read themselves, and the units whose lock file of the same folder, or of one above it, answers
#: for each: it says with versions what the manifest asks for. What was installed beside it is an answer too.
_MANIFESTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Cargo.toml": ("cargo_lock",),
        "Gemfile": ("gemfile_lock",),
        "Package.swift": ("swift",),
        "Pipfile": ("pipfile",),
        "Podfile": ("cocoapods",),
        "build.gradle": ("gradle",),
        "build.gradle.kts": ("gradle",),
        "build.sbt": (),
        "composer.json": ("composer", "composer_lock"),
        "conanfile.py": ("conan",),
        "mix.exs": ("hex_lock",),
        "pixi.toml": ("conda_lock",),
        "package.json": ("bun", "bun_lockb", "npm", "npm_lock", "pnpm", "yarn"),
        "pubspec.yaml": ("pub",),
        "pyproject.toml": _PYTHON,
        "requirements.in": ("requirements",),
        "setup.py": _PYTHON,
        "stack.yaml": ("hackage",),
    }
)
_DECLARED = _any_of(_MANIFESTS) + rb"|requirements[-_.][^/]*\.in"


def answering(name: bytes) -> tuple[str, ...]:
    """The units that answer for a manifest of this name."""
    last = name.rpartition(b"/")[2]
    if last.endswith(b".gemspec"):
        return ("gemfile_lock",)
    return _MANIFESTS.get(last.decode("utf-8", "replace"), ("requirements",) if last.endswith(b".in") else ())


#: The folders, beside a manifest, in which units find what was installed for it.
INSTALLED: Mapping[str, bytes] = MappingProxyType({"composer": b"vendor/composer/", "npm": b"node_modules/"})
#: All units that answer for some manifest.
LOCKS = frozenset(unit for units in _MANIFESTS.values() for unit in units)

UNREAD = (
    Unread(
        id="declared",
        names=_DECLARED,
        endings=rb"gemspec",
        paths=declares(_DECLARED + rb"|[^/]+\.gemspec"),
        detail="dependencies that manifests declare without a lock file are not read",
        installed=False,
    ),
)
