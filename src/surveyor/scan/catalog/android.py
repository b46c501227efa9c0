"""Android application packages and bundles: the application by its manifest, and the libraries that left their names.

Libraries of AndroidX and Google leave ``META-INF/GROUP_ARTIFACT.version``, Kotlin's ``kotlinx_NAME.version``, Google's
services ``NAME.properties`` at the root, others Maven's pom.properties. A bundle keeps all of them in ``base/root``.
"""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, plausible, quote, text
from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.formats import axml, maven, protobuf
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex
from surveyor.scan.tree.zip import Member, Zip
from surveyor.scan.vocabulary import counted

_MANIFESTS = (b"AndroidManifest.xml", b"base/manifest/AndroidManifest.xml")
_ENDINGS = (b".version", b".properties", *_MANIFESTS)
_ROOT = rb"(?:base/root/)?"
_LIBRARY = regex(
    _ROOT + rb"META-INF/(?P<group>[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*)_(?P<artifact>[\w.-]+)\.version"
)
_POM = regex(_ROOT + rb"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_SERVICE = regex(_ROOT + rb"(?P<name>(?:play-services|firebase)-[a-z0-9-]+)\.properties")
_SERVICES = {"play-services": "com.google.android.gms", "firebase": "com.google.firebase"}
_KOTLINX = "kotlinx"
_SMALL = 64 << 10
_ZIP = b"PK"
_LEFT = "task ':"  # Gradle's own words, which a plugin wrote by mistake where the version belongs


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """The application and its libraries; what one file does not tell is counted, and the rest stands."""
    if bytes(file.data[:2]) != _ZIP:
        return  # Alpine's packages have the same ending
    archive = Zip(file.data, budget)
    troubles: list[str] = []
    for member in archive.members(_ENDINGS):
        try:
            record = _record(archive, member)
        except ScanError as error:
            budget.check_time()
            troubles.append(f"{text(member.name)}: {error}")
            continue
        if record is not None:
            budget.package()
            yield record
    if troubles:
        raise Malformed(f"{counted(len(troubles), 'file')} of the application not read, first {troubles[0]}")


def _record(archive: Zip, member: Member) -> Record | None:
    if member.name in _MANIFESTS:
        return _application(archive.read(member, 8 * MIB), text(member.name))
    if found := _LIBRARY.fullmatch(member.name):
        version = text(bytes(archive.read(member, _SMALL)))
        return _library(text(found["group"]), text(found["artifact"]), version, member)
    if found := _SERVICE.fullmatch(member.name):
        version = maven.properties(bytes(archive.read(member, _SMALL))).get("version", "")
        name = text(found["name"])
        group = next(group for prefix, group in _SERVICES.items() if name.startswith(prefix))
        return _maven(group, name, version, member)
    if _POM.fullmatch(member.name) and (coordinates := maven.coordinates(bytes(archive.read(member, _SMALL)))):
        return _maven(*coordinates, member)
    return None


def _application(data: memoryview, inner: str) -> Record:
    found = axml.root_attributes(data) if axml.is_axml(data) else _attributes(data)
    name, code = text(found.get("package", "").encode()), found.get("versionCode", "")
    version = text(found.get("versionName", "").encode())
    # a name may stand in the resources, which only the device resolves
    version = code if not plausible(version) or version.startswith("@") else version
    if not (plausible(name) and plausible(version)):
        raise Malformed("manifest has no usable package name or version")
    return Record(
        type="generic",
        name=name,
        version=version,
        inner=inner,
        evidence=quote(package=name, versionName=found.get("versionName"), versionCode=code),
    )


def _attributes(data: memoryview) -> dict[str, str]:
    """The attributes of the first element of a bundle's manifest (aapt2's Resources.proto, XmlNode and XmlElement)."""
    element = next((value for number, value in protobuf.fields(data) if number == 1), None)
    if element is None:
        raise Malformed("manifest without an element")
    found: dict[str, str] = {}
    for number, value in protobuf.fields(element):
        if number == 4:  # namespace 1, name 2, value 3
            parts = dict(protobuf.fields(value))
            found[_string(parts.get(2))] = _string(parts.get(3))
    return found


def _string(value: memoryview | None) -> str:
    return text(bytes(value[:4096])) if value is not None else ""


def _library(group: str, artifact: str, version: str, member: Member) -> Record | None:
    if group == _KOTLINX:
        return _maven("org.jetbrains.kotlinx", f"{group}-{artifact}".replace("_", "-"), version, member)
    return _maven(group, artifact, version, member) if "." in group else None


def _maven(group: str, artifact: str, version: str, member: Member) -> Record:
    if version.startswith(_LEFT):
        raise Malformed("the library was published without its version")
    if not (plausible(group) and plausible(artifact) and plausible(version)):
        raise Malformed("no usable name or version")
    return Record(
        type="maven",
        namespace=group,
        name=artifact,
        version=version,
        inner=text(member.name),
        evidence=quote(groupId=group, artifactId=artifact, version=version),
    )


CATALOGER = Cataloger(
    id="android",
    version=1,
    summary="Android applications (.apk, .aab) by their manifest, and the libraries that left their versions",
    endings=rb"apk|aab",
    paths=regex(rb"\.(?:apk|aab)$"),
    parse=parse,
    limit=64 * MIB,
    random=True,
)
