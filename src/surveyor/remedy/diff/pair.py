"""Which finding of one report is which of another, and which of their assets.

A finding is its domain and title, as in the service's upsert key. Where the preferred id of a flaw has changed, the
title has: such findings are paired by what they are about and the ids they share. The order of the two reports makes no
difference to any pair.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from surveyor.scan.formats import purl
from surveyor.scan.model import Asset, Domain, Finding, Report

#: More findings of one package that share an id than any feed has. They are not compared each with each.
_CROWD = 30
Key = tuple[Domain, str]
Name = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Findings that only one report has, and those that both have."""

    before: tuple[Finding, ...]
    after: tuple[Finding, ...]
    both: tuple[tuple[Finding, Finding], ...]


@dataclass(frozen=True, slots=True)
class AssetPairs:
    """The same of one finding's assets."""

    before: tuple[Asset, ...]
    after: tuple[Asset, ...]
    both: tuple[tuple[Asset, Asset], ...]


def findings(before: Report, after: Report) -> Pairs:
    """Pair the findings of two reports."""
    old, new = _merged(before), _merged(after)
    both = [(old[key], new[key]) for key in old if key in new]
    alone = [[held[key] for key in held if key not in other] for held, other in ((old, new), (new, old))]
    renamed = list(_renamed(*alone))
    gone, come = ({id(pair[side]) for pair in renamed} for side in (0, 1))
    return Pairs(
        before=tuple(one for one in alone[0] if id(one) not in gone),
        after=tuple(one for one in alone[1] if id(one) not in come),
        both=(*both, *renamed),
    )


def _merged(report: Report) -> dict[Key, Finding]:
    """Two findings of one domain and title are one, with the assets of both."""
    found: dict[Key, Finding] = {}
    for finding in report.findings:
        key = finding.domain, finding.title
        first = found.get(key)
        found[key] = finding if first is None else replace(first, assets=(*first.assets, *finding.assets))
    return found


def _renamed(before: Sequence[Finding], after: Sequence[Finding]) -> Iterator[tuple[Finding, Finding]]:
    """Flaws under another preferred id: those that share most ids first."""
    earlier, later = _by_name(before), _by_name(after)
    shared = {
        (id(one), id(other)): (one, other)
        for key, held in earlier.items()
        if key in later and max(len(held), len(later[key])) <= _CROWD
        for one in held
        for other in later[key]
    }
    taken: set[int] = set()
    for old, new in sorted(shared.values(), key=_nearness):
        if not {id(old), id(new)} & taken:
            taken |= {id(old), id(new)}
            yield old, new


def _by_name(findings: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        for name in dict.fromkeys(finding.ids):
            found.setdefault((subject(finding), name), []).append(finding)
    return found


def _nearness(pair: tuple[Finding, Finding]) -> tuple[int, list[str]]:
    return -len({*pair[0].ids} & {*pair[1].ids}), sorted(one.title for one in pair)


def subject(finding: Finding) -> str:
    """The package path in a vulnerability's title, ``{id}: {type}/{namespace/}{name}``; empty for all else."""
    return finding.title.partition(": ")[2] if finding.domain is Domain.VULNERABILITY else ""


def assets(before: Finding, after: Finding) -> AssetPairs:
    """Pair assets by value and place, then by package and place, then by package: an upgrade may move a file."""
    old, new = _distinct(before.assets), _distinct(after.assets)
    both: list[tuple[Asset, Asset]] = []
    for key in (_exact, _placed, _named):
        old, new, found = _matched(old, new, key)
        both += found
    return AssetPairs(before=tuple(old), after=tuple(new), both=tuple(both))


def _distinct(given: Iterable[Asset]) -> list[Asset]:
    """Layers and digests differ with every build."""
    found = {_exact(asset): asset for asset in given}
    return [found[key] for key in sorted(found)]


def _exact(asset: Asset) -> tuple[str, str, str]:
    return asset.type, asset.value, asset.path or ""


def _placed(asset: Asset) -> Hashable:
    return name_of(asset.value) or asset.value, asset.path or ""


def _named(asset: Asset) -> Hashable:
    return name_of(asset.value) or asset.value


def _matched(
    before: Sequence[Asset], after: Sequence[Asset], key: Callable[[Asset], Hashable]
) -> tuple[list[Asset], list[Asset], list[tuple[Asset, Asset]]]:
    """Those of one key two by two, in the order of their values; and what is left on both sides."""
    waiting: dict[Hashable, deque[Asset]] = {}
    for asset in after:
        waiting.setdefault(key(asset), deque()).append(asset)
    left: list[Asset] = []
    both: list[tuple[Asset, Asset]] = []
    for asset in before:
        others = waiting.get(key(asset))
        if others:
            both.append((asset, others.popleft()))
        else:
            left.append(asset)
    rest = {id(asset) for others in waiting.values() for asset in others}
    return left, [asset for asset in after if id(asset) in rest], both


@lru_cache(maxsize=65_536)
def name_of(value: str) -> Name | None:
    """What a PURL names whatever its version: type, namespace, name; nothing for what is none."""
    found = purl.parse(value)
    return (found.type, (found.namespace or "").casefold(), found.name.casefold()) if found else None
