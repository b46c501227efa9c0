"""Which versions mend a flaw: those that no source calls affected, nearest upgrade on the same release line first.

A line of releases (2.2.x) is an unbroken piece of its scheme's order, so the lowest fixed version above the installed
one is on its line whenever one is. Only distributions build one version for several releases side by side; there the
line stands in the version as a tag (``.el9``, ``+deb12u``), and a fix of the same tag comes before all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from surveyor.scan.advise.keys import Key
from surveyor.scan.advise.ranges import Keys, judge
from surveyor.scan.advise.record import FIXED
from surveyor.scan.patterns import regex

#: Fixed versions that are considered, and shown. An advisory on every line that is kept alive has a dozen.
_CONSIDERED, _SHOWN = 100, 20
_TAG = regex(r"\.(?:amzn|azl|cm|el|fc|mga|oe|ph)[0-9]+(?:_[0-9]+)?|[+~]deb[0-9]+|ubuntu0\.[0-9]{2}\.[0-9]{2}")


class Claim(NamedTuple):
    """What one source calls affected: flat ranges, and versions listed one by one."""

    ranges: Sequence[Sequence[str]]
    versions: Sequence[str]


class Upgrades(NamedTuple):
    """``targets``: the nearest upgrade of each installed version; ``fixed``: those, then all others upward."""

    targets: tuple[str, ...]
    fixed: tuple[str, ...]


def upgrades(installed: Iterable[str], claims: Sequence[Claim], keys: Keys) -> Upgrades:
    """Order the fixed versions of all sources for what is installed; one below what is installed is none."""
    found = dict.fromkeys(version for claim in claims for version in _fixes(claim))
    ordered = sorted((key, version) for version in found if (key := keys[version]) is not None)
    own = sorted((key, version) for version in set(installed) if (key := keys[version]) is not None)
    above = [(key, version) for key, version in ordered if own and key > own[0][0]]
    kept = _mended(above[:_CONSIDERED], claims, keys)
    targets = dict.fromkeys(target for version in own if (target := _nearest(version, kept)))
    return Upgrades(tuple(targets), tuple(dict.fromkeys([*targets, *(version for _, version in kept)]))[:_SHOWN])


def _fixes(claim: Claim) -> Iterable[str]:
    for flat in claim.ranges:
        for at in range(0, len(flat) - 1, 2):
            if flat[at] == FIXED:
                yield flat[at + 1]


def _mended(fixes: Sequence[tuple[Key, str]], claims: Sequence[Claim], keys: Keys) -> Sequence[tuple[Key, str]]:
    """Those that no source calls affected; all of them where sources leave none."""
    if len(fixes) < 2:
        return fixes
    mended = [fix for fix in fixes if not any(judge(fix[1], *claim, keys).affected for claim in claims)]
    return mended or fixes


def _nearest(installed: tuple[Key, str], fixes: Sequence[tuple[Key, str]]) -> str | None:
    above = [version for key, version in fixes if key > installed[0]]
    line = _TAG.findall(installed[1])[-1:]
    return next((version for version in above if line and _TAG.findall(version)[-1:] == line), next(iter(above), None))
