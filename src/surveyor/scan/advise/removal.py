"""What one upgrade of a package would do: the version that ends most of its flaws, which those are, how many stay."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from surveyor.scan.advise.hit import Flaw, Subject
from surveyor.scan.advise.ranges import Keys, judge
from surveyor.scan.model import Upgrade

#: Titles that one upgrade lists; a kernel has thousands.
_LISTED = 1_000


def upgrades(flaws: Sequence[Flaw]) -> tuple[Upgrade, ...]:
    """One for each package that has a fix for anything, those that end most first."""
    by_package: dict[Subject, list[Flaw]] = {}
    for flaw in flaws:
        if flaw.aside:
            continue
        by_package.setdefault(flaw.subject, []).append(flaw)
    made = (_upgrade(subject, some) for subject, some in by_package.items())
    return tuple(sorted((one for one in made if one), key=lambda one: (-len(one.removes), one.package)))


def _upgrade(subject: Subject, flaws: Sequence[Flaw]) -> Upgrade | None:
    """To the highest of the nearest upgrades: what mends a flaw anew is above what mended the ones before."""
    keys = flaws[0].ruling.hits[0].keys
    targets = {(key, version) for flaw in flaws for version in flaw.fixes.targets if (key := keys[version]) is not None}
    if not targets:
        return None
    _, version = max(targets)
    removed = {flaw.ids[0]: flaw for flaw in flaws if _mends(version, flaw, keys)}
    present = dict.fromkeys(match.version for flaw in flaws for match in flaw.ruling.hits)
    return Upgrade(
        package=f"pkg:{subject.path}",
        present=tuple(present),
        version=version,
        removes=tuple(flaw.title for flaw in islice(removed.values(), _LISTED)),
        leaves=len({flaw.ids[0] for flaw in flaws}) - len(removed),
    )


def _mends(version: str, flaw: Flaw, keys: Keys) -> bool:
    """Whether no source whose word counted calls that version affected."""
    hits = flaw.ruling.hits
    if len(hits) == 1 and hits[0].verdict.fixed == version:
        return True
    rows = {match.advisory: match.row for match in flaw.ruling.hits}
    return not any(
        (not row.ranges and not row.versions) or judge(version, row.ranges, row.versions, keys).affected
        for row in rows.values()
    )
