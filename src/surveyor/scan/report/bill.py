"""What bills of materials have in common and none of them is: licences as SPDX writes them, names of what is listed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from surveyor.scan.formats.licence import IDENTIFIERS, spdx
from surveyor.scan.formats.sbom.component import is_digest
from surveyor.scan.model import Package, Report, Target
from surveyor.scan.patterns import regex
from surveyor.scan.report import interface as shared

_NEVER, _NOBODY = datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0)
_PLACES = 20
_REFERENCE = regex(r"LicenseRef-[\w.-]+")
_NOT_IN_IDS = regex(r"[^A-Za-z0-9.]+")
#: Kinds of targets in CycloneDX's words, which SPDX nearly shares; what is none of these is one file.
_KINDS = {"container": "container", "rootfs": "container", "source": "source", "manifest": "source"}


def encode(report: Report, document: Callable[[Report, UUID], object]) -> bytes:
    """A document that is named by all that it says, its times apart; ``document`` writes it with a given name."""
    timeless = replace(report, started_at=_NEVER, finished_at=_NEVER)
    name = shared.identity(shared.dumps(document(timeless, _NOBODY), indent=False).decode())
    return shared.dumps(document(report, name))


def kind_of(target: Target) -> str:
    """``container``, ``source``, ``application`` or ``file``."""
    if target.type.startswith("binary/") or target.type == "url":
        return "application"
    return _KINDS.get(target.type, "file")


def names(package: Package) -> list[str]:
    """The licences of a package, each once, in characters that show."""
    return list(dict.fromkeys(text for text in map(shared.line, package.licenses) if text))


def expression_of(name: str) -> str | None:
    """A licence as an SPDX expression that stands alone; nothing for a mere name, or what names another document."""
    told = spdx(name)
    return told if told and "DocumentRef-" not in told else None


def identifier_of(name: str) -> str | None:
    """A licence as one entry of the SPDX licence list."""
    told = spdx(name)
    return told if told in IDENTIFIERS else None


@dataclass(slots=True)
class Licences:
    """The licences of a document: expressions, and what the references in them stand for."""

    named: dict[str, str] = field(default_factory=dict)

    def expression(self, package: Package) -> str | None:
        """All licences of a package in one expression, since all were found; nothing when there are none."""
        told = [self._one(name) for name in names(package)]
        several = len(told) > 1
        return " AND ".join(f"({one})" if several and " " in one else one for one in told) or None

    def _one(self, name: str) -> str:
        known = expression_of(name)
        if known is None:
            reference = f"LicenseRef-{short(name)}"
            self.named[reference] = name
            return reference
        for reference in references(known):
            self.named.setdefault(reference, reference)
        return known


def hashes(package: Package) -> list[tuple[str, str]]:
    """Algorithm (``sha256``) and digest in hexadecimal digits of what a package is distributed as."""
    parts = (text.partition(":") for text in package.hashes)
    return [(kind, digest) for kind, _, digest in parts if is_digest(kind, digest)]


def dependencies(package: Package, packages: Mapping[str, Package]) -> list[str]:
    """What a package needs, as far as that is in the same document."""
    return [purl for purl in dict.fromkeys(package.dependencies) if purl in packages and purl != package.purl]


def owned(packages: Mapping[str, Package]) -> Iterator[tuple[Package, Package]]:
    """System packages with each package of another kind that they put where it is."""
    owners = {name: one for one in packages.values() for name in [f"{one.type}/{one.name}"]}
    for package in packages.values():
        if package.owner and (owner := owners.get(package.owner)) and owner is not package:
            yield owner, package


def references(expression: str) -> list[str]:
    """The references in an expression, each once."""
    return list(dict.fromkeys(_REFERENCE.findall(expression)))


def source_of(package: Package) -> str:
    """How a package is known to be there, in words: how sure that is, by whom, where it was found."""
    places = [shared.line(place.path, 300) for place in package.locations[:_PLACES]]
    more = len(package.locations) - len(places)
    where = ", ".join(places) + (f" and {more} more" if more > 0 else "")
    by = f"{package.presence}, {package.tier}, by {shared.line(package.found_by) or 'an unnamed unit'}"
    return f"{by}: {where}" if where else by


def short(text: str, *, of: str = "") -> str:
    """An id for a name: what is plain of it and, since others may look alike then, some of the digest of ``of``."""
    plain = _NOT_IN_IDS.sub("-", text).strip("-.")[:60]
    digest = hashlib.sha256((of or text).encode("utf-8", "replace")).hexdigest()[:12]
    return f"{plain}-{digest}" if plain else digest


def notes(report: Report) -> list[str]:
    """What a reader of the document has to know: every gap, in a sentence each."""
    status = f"The scan is {report.scan_status}" + (f": {shared.line(report.error)}" if report.error else "")
    return [status, *map(shared.told, shared.gaps(report))]
