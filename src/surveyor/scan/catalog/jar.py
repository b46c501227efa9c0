"""Java archives: Maven coordinates from pom.properties, else a cautious guess; archives inside them too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Tier
from surveyor.scan.tree.zip import Member, Zip

_ARCHIVES = (b".jar", b".war", b".ear", b".par", b".sar", b".rar", b".hpi", b".jpi")
_ENDINGS = (b"/pom.properties", b"/MANIFEST.MF", *_ARCHIVES, *(ending.upper() for ending in _ARCHIVES))
_PROPERTIES = MIB
_SNAPSHOT = re.compile(r"-(?P<version>\d[\w.]*-\d{8}\.\d{6}-\d+)$")
_VERSION = re.compile(r"-(?=v?\d)")
_GROUP = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)+")


@dataclass(slots=True)
class _Room:
    """What the archives inside one file may still cost: bytes inflated in all, and bytes held at once."""

    total: int
    held: int
    depth: int


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """Records of this archive and of every archive inside it, with the path between them in ``inner``."""
    limits = budget.limits
    room = _Room(total=8 * limits.file_bytes, held=limits.file_bytes, depth=limits.depth)
    yield from _archive(file.data, file.path.rpartition("/")[2], budget, room)


def _archive(data: memoryview, name: str, budget: Budget, room: _Room) -> Iterator[Record]:
    if room.depth < 0:
        raise LimitExceeded(f"archives nested more than {budget.limits.depth} deep")
    archive = Zip(data, budget)
    coordinates: list[Record] = []
    nested: list[Member] = []
    manifest: Member | None = None
    for member in archive.members(_ENDINGS):
        if member.name.endswith(b"/pom.properties") and member.name.startswith(b"META-INF/maven/"):
            coordinates.extend(_properties(archive, member, budget))
        elif member.name == b"META-INF/MANIFEST.MF":
            manifest = member
        elif member.name.lower().endswith(_ARCHIVES):
            nested.append(member)
    facts = _manifest(archive, manifest) if manifest else {}
    licenses = licence(facts.get("bundle-license", ""))
    itself = _guess(name, facts)
    for record in coordinates:
        own = itself is not None and record.name == itself.name
        yield replace(record, licenses=licenses) if own or len(coordinates) == 1 else record
    # a shaded archive carries other projects' coordinates and often not its own
    if itself and itself.name not in {record.name for record in coordinates} and not _is_container(name, nested):
        budget.package()
        yield replace(itself, licenses=licenses)
    yield from _nested(archive, nested, budget, room)


def _nested(archive: Zip, members: list[Member], budget: Budget, room: _Room) -> Iterator[Record]:
    troubles: list[str] = []
    cut = False
    for member in members:
        path = text(member.name)
        try:
            data = archive.read(member, min(room.held, room.total))
            cost = 0 if member.method == 0 else len(data)
            inside = _Room(total=room.total - cost, held=room.held - cost, depth=room.depth - 1)
            for record in _archive(data, path.rpartition("/")[2], budget, inside):
                yield replace(record, inner=f"{path}!/{record.inner}" if record.inner else path)
            room.total = inside.total
        except (Malformed, Unsupported, LimitExceeded) as error:
            budget.check_time()
            cut = cut or isinstance(error, LimitExceeded)
            troubles.append(f"{path}: {error}")
    if troubles:
        raise (LimitExceeded if cut else Malformed)(
            f"{len(troubles)} nested archives not read in full, first {troubles[0]}"
        )


def _properties(archive: Zip, member: Member, budget: Budget) -> Iterator[Record]:
    fields: dict[str, str] = {}
    for line in bytes(archive.read(member, _PROPERTIES)).splitlines():
        key, equals, value = line.partition(b"=")
        if equals and not line.startswith(b"#"):
            fields[text(key)] = text(value)
    group, artifact, version = (fields.get(key, "") for key in ("groupId", "artifactId", "version"))
    # an unfiltered template says ${project.version}, which is nobody's version
    if plausible(artifact) and plausible(version) and "${" not in version + artifact + group:
        budget.package()
        yield Record(
            type="maven",
            namespace=group if plausible(group) else None,
            name=artifact,
            version=version,
            inner=text(member.name),
            evidence=quote(groupId=group, artifactId=artifact, version=version),
        )


def _manifest(archive: Zip, member: Member) -> dict[str, str]:
    """The main section of a manifest, keys in lower case, continued lines joined (JAR file specification)."""
    data = bytes(archive.read(member, _PROPERTIES)).replace(b"\r\n", b"\n").replace(b"\n ", b"")
    main = data.partition(b"\n\n")[0]
    pairs = (line.partition(b":") for line in main.split(b"\n")[:500])
    return {text(key).lower(): text(value) for key, colon, value in pairs if colon}


def _guess(name: str, facts: dict[str, str]) -> Record | None:
    """The archive itself by file name and manifest; never more than a guess."""
    stem = name.rpartition(".")[0] or name
    artifact, version = _split(stem, facts)
    if not (plausible(artifact) and plausible(version)) or "${" in version:
        return None
    return Record(
        type="maven",
        namespace=_group(artifact, facts),
        name=artifact,
        version=version,
        tier=Tier.HEURISTIC,
        evidence=quote(
            file=name, **{key: facts.get(key.lower()) for key in ("Implementation-Version", "Bundle-SymbolicName")}
        ),
    )


def _split(stem: str, facts: dict[str, str]) -> tuple[str, str]:
    """Artifact and version of ``ARTIFACT-VERSION``; a version in the manifest decides where it begins, when it fits.

    Artifacts may hold numbers (``log4j-1.2-api-2.14.1``, ``module-scala_2.12-2.13.3``), so it is sought from the right.
    """
    stated = [
        facts[key] for key in ("implementation-version", "bundle-version", "specification-version") if facts.get(key)
    ]
    for version in stated:
        if stem.endswith(f"-{version}"):
            return stem[: -len(version) - 1], version
    if snapshot := _SNAPSHOT.search(stem):
        return stem[: snapshot.start()], snapshot["version"]
    splits = [(stem[: at.start()], stem[at.end() :]) for at in _VERSION.finditer(stem)]
    dotted = [split for split in splits if "." in split[1]]
    if splits:
        return (dotted or splits)[-1]
    return stem, stated[0] if stated else ""


def _group(artifact: str, facts: dict[str, str]) -> str | None:
    """A group id that the manifest suggests: the vendor's id, or the bundle's name without the artifact at its end."""
    vendor = facts.get("implementation-vendor-id", "")
    if _GROUP.fullmatch(vendor):
        return vendor
    bundle = facts.get("bundle-symbolicname", "").partition(";")[0].strip()
    if not _GROUP.fullmatch(bundle):
        return None
    last = bundle.rpartition(".")[2]
    return bundle.rpartition(".")[0] if artifact.endswith(last) and bundle.count(".") > 1 else bundle


def _is_container(name: str, nested: list[Member]) -> bool:
    """A WAR or EAR is somebody's application, not a library that advisories know."""
    return bool(nested) and name.lower().endswith((".war", ".ear", ".hpi", ".jpi"))


CATALOGER = Cataloger(
    id="jar",
    version=2,
    summary="Java archives by Maven's pom.properties, else by manifest and file name; nested archives too",
    endings=rb"[jwe]ar|[hj]pi|JAR|WAR|EAR",
    paths=re.compile(rb"\.(?:[jwe]ar|[hj]pi|JAR|WAR|EAR)$"),
    parse=parse,
    limit=64 * MIB,
    random=True,
)
