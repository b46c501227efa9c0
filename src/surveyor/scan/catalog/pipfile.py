"""Pipenv's lock file (Pipfile specification)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.formats.json import load_object, mapping, string
from surveyor.scan.formats.requirement import normal, pinned
from surveyor.scan.limits import Budget
from surveyor.scan.model import Presence

_REPOSITORIES = frozenset({"bzr", "git", "hg", "svn"})


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package of each category; one from a repository has no version."""
    for category, packages in load_object(file.data).items():
        if category == "_meta":
            continue
        for name, value in mapping(packages).items():
            entry = mapping(value)
            version = pinned(string(entry.get("version")))
            local = "path" in entry or (entry.get("editable") is True and not _REPOSITORIES & entry.keys())
            if local or not plausible(name) or (version and not plausible(version)):
                continue
            budget.package()
            yield Record(
                type="pypi",
                name=normal(name),
                version=version,
                presence=Presence.DECLARED,
                evidence=quote(
                    name=name,
                    version=string(entry.get("version")),
                    ref=string(entry.get("ref")),
                    scope=None if category == "default" else category[:40],
                ),
            )


CATALOGER = Cataloger(
    id="pipfile",
    version=2,
    summary="Python packages that Pipfile.lock pins",
    names=rb"Pipfile\.lock",
    paths=declares(rb"Pipfile\.lock"),
    parse=parse,
)
