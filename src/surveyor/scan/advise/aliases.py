"""Brings together what several advisories call by different names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

from surveyor.scan.patterns import regex

_CVE = regex(r"CVE-([0-9]+)-([0-9]+)")


class Named(Protocol):
    """Something with names of one flaw, or of several flaws that it mends together."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Its own id, then its aliases."""

    @property
    def errata(self) -> tuple[str, ...]:
        """The flaws of an erratum."""


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True)
class Group(Generic[T]):
    """One flaw: every name of it, the preferred one first, and the members that speak of it."""

    ids: tuple[str, ...]
    members: tuple[T, ...]


@lru_cache(maxsize=16_384)
def preference(name: str) -> tuple[int, int, int, str]:
    """Sort key of names: CVE (oldest first), then GHSA, then the rest by name."""
    if match := _CVE.fullmatch(name):
        return 0, int(match[1]), int(match[2]), name
    return (1 if name.startswith("GHSA-") else 2), 0, 0, name


def related(chosen: Sequence[T], others: Iterable[T]) -> list[T]:
    """Those of the others that speak of a flaw of the chosen ones, be it by way of each other."""
    names = {name for member in chosen for name in (*member.ids, *member.errata)}
    left = list(others)
    out: list[T] = []
    while True:
        found = [member for member in left if not (names.isdisjoint(member.ids) and names.isdisjoint(member.errata))]
        if not found:
            return out
        out += found
        for member in found:
            # what an erratum mends besides is another flaw
            names.update(() if member.errata else member.ids)
        kept = set(map(id, found))
        left = [member for member in left if id(member) not in kept]


def group(members: Sequence[T]) -> tuple[Group[T], ...]:
    """Unite members over shared names, transitively; an erratum is a member of each flaw that it mends.

    Groups come in the order of their preferred names.
    """
    own = [name for member in members for name in member.ids]
    if len(set(own)) == len(own) and not any(member.errata for member in members):
        # nearly always: no two speak of one flaw
        return _in_order(Group(_sorted(member.ids), (member,)) for member in members)
    parents: dict[str, str] = {}

    def find(name: str) -> str:
        root = name
        while parents.setdefault(root, root) != root:
            root = parents[root]
        while parents[name] != root:
            parents[name], name = root, parents[name]
        return root

    for member in members:
        if not member.errata:
            root = find(member.ids[0])
            for alias in member.ids[1:]:
                parents[find(alias)] = root
    found: dict[str, tuple[dict[str, None], list[T]]] = {}
    for member in members:
        # an erratum's own id is a name of none of its flaws, so it joins their lists without uniting them
        for root in dict.fromkeys(find(name) for name in member.errata or member.ids[:1]):
            names, within = found.setdefault(root, ({}, []))
            names.update(dict.fromkeys([root, *member.ids]))
            within.append(member)
    return _in_order(Group(_sorted(names), tuple(within)) for names, within in found.values())


def _sorted(names: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=preference) if len(names) > 1 else names)


def _in_order(groups: Iterable[Group[T]]) -> tuple[Group[T], ...]:
    return tuple(sorted(groups, key=lambda item: preference(item.ids[0])))
