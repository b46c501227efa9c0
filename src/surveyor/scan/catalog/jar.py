"""Java archives: Maven coordinates from pom.properties or pom.xml, else a cautious guess; archives inside them too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError, Unsupported
from surveyor.scan.formats import java_names, maven
from surveyor.scan.formats.licence import spdx
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Tier
from surveyor.scan.patterns import regex
from surveyor.scan.tree.zip import Member, Zip
from surveyor.scan.vocabulary import counted

#: Libraries, applications, resource adapters, plugins of Jenkins, features of Karaf and Felix, packages of Liferay.
_KINDS = ("jar", "war", "ear", "par", "sar", "rar", "aar", "hpi", "jpi", "kar", "far", "lpkg")
_ARCHIVES = tuple(f".{kind}".encode() for kind in _KINDS)
_UPPER = tuple(name.upper() for name in _ARCHIVES)
_APPLICATIONS = (".war", ".ear", ".kar", ".lpkg", ".far", ".par", ".sar", ".rar")
_PLUGINS = "org.jenkins-ci.plugins"
#: The class that tells Log4j 2's core wherever it was copied to; its release stands in a manifest of its own.
_LOG4J = b"/log4j/core/lookup/JndiLookup.class"
_LOG4J_GROUP, _LOG4J_CORE, _LOG4J_RELEASE = "org.apache.logging.log4j", "log4j-core", "log4jreleaseversion"
_ENDINGS = (b"/pom.properties", b"/pom.xml", b"/MANIFEST.MF", *_ARCHIVES, *_UPPER)
_PROPERTIES = MIB
_CLASSES = 5_000  # of which the package they share is known
#: One of several licences, before what is said about it (OSGi Core, Bundle-License).
_CLAUSE = regex(r"(?:^|,)[\s\"]*([^,;\"]+)[^,]*")
_RAR = b"Rar!"  # the other format of that ending


@dataclass(slots=True)
class _Room:
    """What the archives inside one file may still cost: bytes inflated in all, and bytes held at once."""

    total: int
    held: int
    depth: int


@dataclass(slots=True)
class _Content:
    """What the directory of one archive shows, and what of it could not be read."""

    poms: dict[bytes, Member] = field(default_factory=dict)
    projects: dict[str, Member] = field(default_factory=dict)
    nested: list[Member] = field(default_factory=list)
    manifest: Member | None = None
    log4j: str = ""
    troubles: list[str] = field(default_factory=list)
    cut: bool = False

    def failed(self, name: str, error: ScanError, budget: Budget) -> None:
        """Keep what went wrong with one part, and go on unless time is up."""
        budget.check_time()
        self.cut = self.cut or isinstance(error, LimitExceeded)
        self.troubles.append(f"{name}: {error}")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """Records of this archive and of every archive inside it, with the path between them in ``inner``."""
    if bytes(file.data[:4]) == _RAR and file.path.endswith(".rar"):
        return
    limits = budget.limits
    room = _Room(total=8 * limits.file_bytes, held=limits.file_bytes, depth=limits.depth)
    yield from _archive(file.data, file.path.rpartition("/")[2], budget, room)


def _archive(data: memoryview, name: str, budget: Budget, room: _Room) -> Iterator[Record]:
    if room.depth < 0:
        raise LimitExceeded(f"archives nested more than {budget.limits.depth} deep")
    archive = Zip(data, budget)
    content = _content(archive, budget)
    facts = _facts(archive, content, budget)
    licenses = _bundles(facts.get("bundle-license", ""))
    coordinates = [one for member in content.poms.values() if (one := _pom(archive, member, content, budget))]
    itself = _itself(name, facts, coordinates, archive)
    for record in coordinates:
        budget.package()
        own = itself is not None and record.name == itself.name
        said = licenses if own or len(coordinates) == 1 else ()
        yield replace(record, licenses=said or _licences(archive, content, record, budget))
    # a shaded archive carries other projects' coordinates and often not its own
    named = {record.name for record in coordinates}
    if itself and itself.name not in named:
        budget.package()
        yield replace(itself, licenses=licenses)
    if content.log4j and _LOG4J_CORE not in named | {itself.name if itself else ""}:
        budget.package()
        yield _log4j(content.log4j, facts)
    yield from _nested(archive, content, budget, room)
    if content.troubles:
        many = counted(len(content.troubles), "part")
        raise (LimitExceeded if content.cut else Malformed)(
            f"{many} of the archive not read in full, first {content.troubles[0]}"
        )


def _bundles(said: str) -> tuple[str, ...]:
    """The licences of a bundle: one as people write it, else clauses of which one at least is certain."""
    known = [spdx(name.strip()) for name in _CLAUSE.findall(said[:1000])]
    found = tuple(dict.fromkeys(name for name in known if name))
    return found if found and not spdx(said) else licence(said)


def _content(archive: Zip, budget: Budget) -> _Content:
    content = _Content()
    try:
        # to ask each class of all archives for its name takes longer than everything else
        for member in archive.members((*_ENDINGS, _LOG4J) if archive.mentions(_LOG4J) else _ENDINGS):
            folder, _, last = member.name.rpartition(b"/")
            if folder.startswith(b"META-INF/maven/") and last in {b"pom.properties", b"pom.xml"}:
                if folder not in content.poms or last == b"pom.properties":
                    content.poms[folder] = member
                if last == b"pom.xml":
                    content.projects[text(folder)] = member
            elif member.name == b"META-INF/MANIFEST.MF":
                content.manifest = member
            elif member.name.endswith(_LOG4J):
                content.log4j = text(member.name)
            elif last.lower().endswith(_ARCHIVES):
                content.nested.append(member)
    except Malformed as error:
        content.failed("directory", error, budget)
    return content


def _facts(archive: Zip, content: _Content, budget: Budget) -> dict[str, str]:
    if content.manifest is None:
        return {}
    try:
        return java_names.main_section(bytes(archive.read(content.manifest, _PROPERTIES)))
    except ScanError as error:
        content.failed("META-INF/MANIFEST.MF", error, budget)
        return {}


def _pom(archive: Zip, member: Member, content: _Content, budget: Budget) -> Record | None:
    """What Maven left of one project; none when its template was not filled."""
    path = text(member.name)
    try:
        data = bytes(archive.read(member, _PROPERTIES))
    except ScanError as error:
        content.failed(path, error, budget)
        return None
    found = maven.coordinates(data) if path.endswith(".properties") else maven.project(data)
    if found is None or not (plausible(found[1]) and plausible(found[2])):
        return None
    group, artifact, version = found
    return Record(
        type="maven",
        namespace=group if plausible(group) else None,
        name=artifact,
        version=version,
        inner=path,
        evidence=quote(groupId=group, artifactId=artifact, version=version),
    )


def _licences(archive: Zip, content: _Content, record: Record, budget: Budget) -> tuple[str, ...]:
    """What the project's pom.xml says, in the folder of what named it; of name and address what is certain."""
    member = content.projects.get((record.inner or "").rpartition("/")[0])
    if member is None:
        return ()
    try:
        listed = maven.licences(bytes(archive.read(member, _PROPERTIES)))
    except ScanError as error:
        content.failed(text(member.name), error, budget)
        return ()
    found = ((spdx(name) or spdx(address) or name) for name, address in listed)
    return tuple(dict.fromkeys(one for name in found for one in licence(name)))


def _itself(name: str, facts: dict[str, str], coordinates: list[Record], archive: Zip) -> Record | None:
    """The archive itself: a plugin says what it is, any other is a guess by file name and manifest."""
    plugin = facts.get("short-name", ""), facts.get("plugin-version", "").partition(" ")[0]
    if all(plausible(value) for value in plugin):
        group = facts.get("group-id", "")
        return _named(name, facts, group if plausible(group) else _PLUGINS, *plugin, tier=Tier.CONFIRMED)
    # an application is somebody's, not a library that advisories know
    return None if name.lower().endswith(_APPLICATIONS) else _library(name, facts, coordinates, archive)


def _library(name: str, facts: dict[str, str], coordinates: list[Record], archive: Zip) -> Record | None:
    stem = name.rpartition(".")[0] or name
    names = {java_names.folded(one.name): one.name for one in coordinates}
    if own := names.get(java_names.folded(stem)):
        return _named(name, facts, None, own, "")  # Maven's own word on it stands, whatever looks like a version
    artifact, version = java_names.split(stem, facts)
    named = artifact != stem
    artifact = java_names.published(artifact, facts)
    if not plausible(artifact) or "${" in version or (version and not plausible(version)):
        return None
    if not named and coordinates and not java_names.speaks_of(stem, facts, exactly=True):
        return None  # a name without a version; the manifest's may be that of a project shaded into it
    if own := names.get(java_names.folded(artifact)):
        return _named(name, facts, None, own, version)  # Maven's own word on it stands
    if version:
        trusted = {} if java_names.is_foreign(artifact, version, facts) else facts
        owner = java_names.group(artifact, trusted, lambda: java_names.common_package(_classes(archive)))
        return _named(name, facts, owner, artifact, version)
    if coordinates or next(iter(_classes(archive)), None) is None:
        return None
    if bundle := java_names.bundled(facts):
        return _named(name, facts, *bundle)  # what the archive was before more was shaded into it
    return _named(name, facts, java_names.group(artifact, facts, str), artifact, "")


def _log4j(path: str, facts: dict[str, str]) -> Record:
    """Log4j's core, shaded without its coordinates; the release is known where one of its manifests was kept."""
    version = facts.get(_LOG4J_RELEASE, "")
    return Record(
        type="maven",
        namespace=_LOG4J_GROUP,
        name=_LOG4J_CORE,
        version=version if plausible(version) else "",
        tier=Tier.HEURISTIC,
        inner=path,
        evidence=quote(**{"class": path, "Log4jReleaseVersion": version}),
    )


def _named(
    name: str, facts: dict[str, str], group: str | None, artifact: str, version: str, tier: Tier = Tier.HEURISTIC
) -> Record:
    stated = {key: facts.get(key.lower()) for key in ("Implementation-Version", "Bundle-SymbolicName")}
    return Record(
        type="maven",
        namespace=group,
        name=artifact,
        version=version,
        tier=tier,
        evidence=quote(file=name, **stated),
    )


def _classes(archive: Zip) -> Iterator[bytes]:
    try:
        yield from islice((name for name, _ in archive.names((b".class",))), _CLASSES)
    except Malformed:
        return  # told where the directory was read first


def _nested(archive: Zip, content: _Content, budget: Budget, room: _Room) -> Iterator[Record]:
    for member in content.nested:
        path = text(member.name)
        try:
            data = archive.read(member, min(room.held, room.total))
            if bytes(data[:4]) == _RAR:
                continue
            cost = 0 if member.stored else len(data)
            inside = _Room(total=room.total - cost, held=room.held - cost, depth=room.depth - 1)
            for record in _archive(data, path.rpartition("/")[2], budget, inside):
                yield replace(record, inner=f"{path}!/{record.inner}" if record.inner else path)
            room.total = inside.total
        except (Malformed, Unsupported, LimitExceeded) as error:
            content.failed(path, error, budget)


CATALOGER = Cataloger(
    id="jar",
    version=8,
    summary="Java archives by Maven's pom.properties, else by manifest and file name; nested archives too",
    endings=rb"[jwekpsrf]ar|aar|[hj]pi|lpkg|JAR|WAR|EAR",
    paths=regex(rb"\.(?:[jwekpsrf]ar|aar|[hj]pi|lpkg|JAR|WAR|EAR)$"),
    parse=parse,
    limit=64 * MIB,
    random=True,
)
