"""What tells of packages and is not read yet: known by its name, so that its packages are missed aloud.

One rule for all. What is *installed* and not read makes a scan partial, wherever it lies. What only *declares*
packages (lock files, manifests) is the point of a source tree and makes that partial; beside installed packages, in an
image or a root filesystem, it is told and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from surveyor.scan.catalog.interface import declares


@dataclass(frozen=True, slots=True, kw_only=True)
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


#: Files that declare dependencies, by their whole name.
_DECLARATIONS = _any_of(
    (
        *("Cargo.lock", "Cargo.toml", "Gemfile", "Gemfile.lock", "Package.resolved", "Package.swift", "Pipfile"),
        *("Pipfile.lock", "Podfile", "Podfile.lock", "build.gradle", "build.gradle.kts", "build.sbt", "bun.lock"),
        *("bun.lockb", "composer.json", "composer.lock", "conanfile.py", "conanfile.txt", "conan.lock"),
        *("environment.yaml", "environment.yml", "go.mod", "gradle.lockfile", "mix.exs", "mix.lock"),
        *("npm-shrinkwrap.json", "package.json", "package-lock.json", "packages.config", "packages.lock.json"),
        *("pdm.lock", "pnpm-lock.yaml", "poetry.lock", "pom.xml", "pubspec.lock", "pubspec.yaml", "pyproject.toml"),
        *("renv.lock", "requirements.in", "requirements.txt", "setup.py", "stack.yaml", "uv.lock"),
        *("yarn.lock",),
    )
)
_DECLARED = _DECLARATIONS + rb"|requirements[-_.][^/]*\.(?:txt|in)"
_PROJECTS = rb"(?:cs|fs|vb)proj"

UNREAD = (
    Unread(
        id="declared",
        names=_DECLARED,
        endings=rb"gemspec|" + _PROJECTS,
        paths=declares(_DECLARED + rb"|[^/]+\.(?:gemspec|" + _PROJECTS + rb")"),
        detail="dependencies that lock files and manifests declare are not read yet",
        installed=False,
    ),
)
