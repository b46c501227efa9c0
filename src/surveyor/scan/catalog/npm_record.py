"""npm packages as records: one shape for what the lock files of npm, pnpm, yarn and bun say."""

from __future__ import annotations

import re

from surveyor.scan.catalog.interface import Record, plausible
from surveyor.scan.model import Presence

_NAME = re.compile(r"(?:(?P<scope>@[^/@\s]+)/)?(?P<name>[^/@:\s]+)")
_LOCAL = ("workspace:", "link:", "portal:", "file:", "root:", ".", "/", "~/")


def split(specifier: str) -> tuple[str, str]:
    """``@scope/name@target`` as name and target: a version, a range, or where it is from."""
    at = specifier.find("@", 1)
    return (specifier[:at], specifier[at + 1 :]) if at > 0 else (specifier, "")


def is_local(target: str) -> bool:
    """Whether a target is a folder or a file: a part of the project."""
    return target.startswith(_LOCAL)


def record_of(name: str, version: str, evidence: str, licenses: tuple[str, ...] = ()) -> Record | None:
    """The record of one package, scope and name in lower case as PURL has them; nothing without a name of npm's.

    What comes from a repository may have no version.
    """
    found = _NAME.fullmatch(name)
    if not (found and plausible(name)) or (version and not plausible(version)):
        return None
    return Record(
        type="npm",
        namespace=found["scope"].lower() if found["scope"] else None,
        name=found["name"].lower(),
        version=version,
        presence=Presence.DECLARED,
        licenses=licenses,
        evidence=evidence,
    )
