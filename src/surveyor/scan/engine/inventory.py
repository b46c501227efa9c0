"""Records become packages: stamped with their distribution, duplicate evidence merged, versions never."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from surveyor.scan.catalog.interface import Cataloger, Record
from surveyor.scan.catalog.purl import SYSTEMS, namespace_of, purl
from surveyor.scan.model import Distro, Evidence, Location, Package, Presence, Tier
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

T = TypeVar("T")

#: One package may lie in thousands of places; these are enough to find it.
_LOCATIONS = 100
_EVIDENCE = 10
_LICENSES = 10
_HASHES = 10
#: The module stream of an RPM package among a PURL's qualifiers.
_MODULE = regex(r"(?<=[?&])rpmmod=[^&#]*&?|&rpmmod=[^&#]*$")
#: The cataloger of bills of materials, and what follows the version in a PURL.
_BILLS, _PLAIN = "sbom", regex(r"[?#]")
#: Types of which the same name with another source is another package.
_APART = frozenset({"cargo"})
#: What a PURL says beyond a build: where that belongs.
_ORIGIN = regex(r"(?<=[?&])(?:distro|upstream)=[^&#]*&?")

_Scope = tuple[str, str | bytes, str]


@frozen
class Found:
    """One record with where it was found and by whom.

    ``instruction`` made its layer; ``owner`` is the system package whose file this is.
    """

    record: Record
    cataloger: Cataloger
    path: str
    root: bytes = b""
    layer: str | None = None
    instruction: str | None = None
    owner: str | None = None

    @property
    def scope(self) -> _Scope:
        """In what a record's needs are looked for: the system, or the file."""
        unit = self.cataloger
        return (unit.id, self.root, "") if unit.system else (unit.id, self.path, self.layer or "")

    @property
    def where(self) -> str:
        """The path, and what follows it inside an archive."""
        return f"{self.path}!/{self.record.inner}" if self.record.inner else self.path


#: A package whatever its version: type, namespace, name, and the root of its system.
_Name = tuple[str, str | None, str, bytes]


def _plainly(found: Found) -> tuple[str, str, str, str | None]:
    """A build by all but its distribution."""
    return found.record.type, found.record.name, found.record.version, found.record.arch


def _is_own(found: Sequence[Found]) -> bool:
    """Whether all that is told of a package stands in files of the very package."""
    return all(one.owner == f"{one.record.type}/{one.record.name}" for one in found)


def _build(identity: str) -> str:
    """A PURL without distribution and source: the same for one build, whoever tells of it."""
    return _ORIGIN.sub("", identity).rstrip("?&")


class _Called:
    """What packages are called by those that need them: of one name the first, others by their architecture."""

    __slots__ = ("_first", "_others")

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._others: dict[tuple[str, str | None], str] = {}

    def add(self, record: Record, identity: str) -> None:
        """Take the names of a package."""
        for name in record.called:
            if self._first.setdefault(name, identity) is not identity:
                self._others.setdefault((name, record.arch), identity)

    def needed(self, record: Record) -> Iterator[str]:
        """The packages that a record needs; of alternatives the first that is there."""
        first, others, arch = self._first, self._others, record.arch
        for need in record.needs:
            if known := (others and others.get((need, arch))) or first.get(need):
                yield known
            elif "|" in need:
                yield from islice((first[name] for name in need.split("|") if name in first), 1)


class Inventory:
    """Everything found in one target, by PURL; merged only at the end, since most packages are found once."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Distro | None, list[Found]]] = {}
        self._open: dict[_Name, tuple[Distro | None, list[Found]]] = {}
        self._offers: dict[_Name, list[Found]] = {}

    def add(self, found: Found, distro: Distro | None) -> None:
        """Take one record; ``distro`` is that of the system it was found in."""
        distro = found.record.distro or (distro if found.cataloger.system else None)
        if found.record.version and found.record.remark:
            self._offers.setdefault(_name(found, distro), []).append(found)
        elif found.record.version:
            self._found.setdefault(purl(found.record, distro), (distro, []))[1].append(found)
        else:
            self._open.setdefault(_name(found, distro), (distro, []))[1].append(found)

    def packages(self) -> tuple[Package, ...]:
        """What was found, in the order of PURLs; the inventory is empty afterwards, so that nothing is held twice."""
        self._settle()
        said = self._join() if self._open else {}
        called = self._called()
        return tuple(
            _package(identity, *self._found.pop(identity), said.get(identity, ()), called)
            for identity in sorted(self._found)
        )

    def _called(self) -> dict[_Scope, _Called]:
        """The packages that others may need, by the system or file in which they are called so."""
        found = ((one, identity) for identity, (_, found) in self._found.items() for one in found)
        called: dict[_Scope, _Called] = {}
        for one, identity in found:
            if one.record.called:
                called.setdefault(one.scope, _Called()).add(one.record, identity)
        return called

    def _settle(self) -> None:
        """Give what does not know its release, or not its distribution, to the same build where they are known.

        A package file seldom names a release; the index of the disc that it lies on does. The bills of materials that
        Wolfi installs beside its packages do not even name the distribution, and in an image of Chainguard's another.
        """
        self._label()
        self._reconcile()
        loose = [
            identity
            for identity, (distro, found) in self._found.items()
            if found[0].record.type in SYSTEMS and not (distro and distro.version)
        ]
        if not loose:
            return
        released = {
            _build(identity): identity for identity, (distro, _) in self._found.items() if distro and distro.version
        }
        own = {_plainly(self._found[identity][1][0]): identity for identity in released.values()}
        for identity in loose:
            found = self._found[identity][1]
            known = released.get(_build(identity)) or (own.get(_plainly(found[0])) if _is_own(found) else None)
            if known:
                self._found[known][1].extend(self._found.pop(identity)[1])

    def _reconcile(self) -> None:
        """Give what only a bill tells, of a file or a part of a package, to that package where it lies.

        Wheels carry bills that name the wheel itself, with the name of its file, and each of its extension modules.
        """
        for identity in [one for one in self._found if "?" in one or "#" in one]:
            plain = _PLAIN.split(identity, 1)[0]
            _, there = self._found.get(plain, (None, []))
            if (
                any(one.cataloger.id != _BILLS for one in there)
                and all(one.cataloger.id == _BILLS for one in self._found[identity][1])
                and there[0].record.type not in _APART
            ):
                there.extend(self._found.pop(identity)[1])

    def _label(self) -> None:
        """Give what a repository lists to the very build that lies there: its index names no module stream."""
        for identity in [one for one in self._found if "rpmmod=" in one]:
            plain = _MODULE.sub("", identity).rstrip("?")
            _, found = self._found.get(plain, (None, []))
            if found and all(one.record.presence is Presence.DECLARED for one in found):
                self._found[identity][1].extend(found)
                del self._found[plain]

    def _join(self) -> dict[str, list[Found]]:
        """Give what names no version to the versions of that name.

        What nobody takes is a package of the versions that other files offer for it, else one without a version.
        """
        said: dict[str, list[Found]] = {}
        taken: set[_Name] = set()
        for identity, (distro, found) in self._found.items():
            for name in {_name(one, distro) for one in found} & self._open.keys():
                said.setdefault(identity, []).extend(self._open[name][1])
                taken.add(name)
        for name in self._open.keys() - taken:
            distro, found = self._open[name]
            alone = [one for one in found if not one.record.remark]
            offers = self._offers.get(name, [])
            for version in dict.fromkeys(offer.record.version for offer in offers) if offers else ("",):
                taking = [replace(one, record=replace(one.record, version=version)) for one in alone]
                if taking:
                    identity = purl(taking[0].record, distro)
                    self._found.setdefault(identity, (distro, []))[1].extend(taking)
                    said[identity] = [offer for offer in offers if offer.record.version == version]
        self._open.clear()
        return said


def _name(found: Found, distro: Distro | None) -> _Name:
    record = found.record
    return record.type, namespace_of(record, distro), record.name, found.root


def _package(
    identity: str,
    distro: Distro | None,
    found: list[Found],
    said: Sequence[Found],
    called: dict[_Scope, _Called],
) -> Package:
    """One package from its records and from what ``said`` no version: that adds licences and evidence, no place."""
    # a name of no ecosystem that anything only suspects is asked about, whoever else is sure of it
    enough = all if found[0].record.type == "generic" else any
    confirmed = enough(one.record.tier is Tier.CONFIRMED for one in found)
    # what is really there says more than a file that asks for it
    found.sort(key=lambda one: one.record.presence is Presence.DECLARED)
    record = found[0].record
    return Package(
        purl=identity,
        type=record.type,
        namespace=namespace_of(record, distro),
        name=record.name,
        version=record.version,
        licenses=_distinct([name for one in (*found, *said) for name in one.record.licenses], _LICENSES),
        locations=_distinct(
            [Location(path=one.where, layer=one.layer, instruction=one.instruction) for one in found], _LOCATIONS
        ),
        evidence=_distinct([_evidence(one) for one in (*found, *said)], _EVIDENCE),
        tier=Tier.CONFIRMED if confirmed else Tier.HEURISTIC,
        presence=record.presence,
        found_by=found[0].cataloger.stamp,
        source=record.source,
        distro=distro,
        state=record.state,
        owner=next((owner for one in found if (owner := one.owner or one.record.owner)), None),
        dependencies=_dependencies(identity, found, called),
        hashes=_distinct([told for one in found for told in one.record.hashes], _HASHES),
    )


def _dependencies(identity: str, found: list[Found], called: dict[_Scope, _Called]) -> tuple[str, ...]:
    """What the records of a package need and what is there: by the file, or of the system, that each is from."""
    told: dict[str, None] = {}
    for one in found:
        if one.record.needs and (names := called.get(one.scope)):
            told.update(dict.fromkeys(names.needed(one.record)))
    told.pop(identity, None)
    return tuple(told)


def _evidence(found: Found) -> Evidence:
    return Evidence(kind="package_record", value=found.record.evidence, where=found.where)


def _distinct(values: list[T], limit: int) -> tuple[T, ...]:
    """The first different values, in their order; most often there is one."""
    return tuple(values if len(values) < 2 else islice(dict.fromkeys(values), limit))
