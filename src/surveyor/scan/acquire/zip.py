"""The zip family given alone: what kind of package it is by what it holds, and its trees.

A zip may stand behind a launcher script, a program or the header of a CRX; then that file is a tree of its own too.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from surveyor.scan.acquire.interface import Acquirer, Artifact, Image, Origin, mapping
from surveyor.scan.errors import LimitExceeded, Malformed, ScanError
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.patterns import regex
from surveyor.scan.tree.entry import Blob, Layer
from surveyor.scan.tree.file import named
from surveyor.scan.tree.tar import TarLayer
from surveyor.scan.tree.zip import Member, Zip, ZipLayer, ends_as_zip

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
#: Google's extension, versions 2 and 3 (a zip after keys and signatures); a module of the JDK (JEP 261).
_WRAPPED = {b"Cr24": "browser-extension", b"JM\x01\x00": "java-jmod"}
_MANIFEST = MIB


@dataclass(frozen=True, slots=True)
class _Type:
    """A kind of zip: all of its ``signs`` are there. ``suffix`` is how the names of such files end.

    ``file`` when a cataloger reads the file as a whole, ``tree`` when what it holds is walked as well.
    """

    id: str
    signs: tuple[str, ...]
    suffix: str = ""
    file: bool = False
    tree: bool = True


#: The first that fits. A Java archive is one file for its cataloger, which looks inside by itself.
_TYPES = (
    _Type("android-aab", ("bundle_config",), ".aab", file=True),
    _Type("android-aar", ("android", "classes_jar"), ".aar", file=True, tree=False),
    _Type("android-apk", ("android",), ".apk", file=True),
    _Type("ios-ipa", ("payload",), ".ipa"),
    _Type("vscode-extension", ("vsix", "vscode"), ".vsix"),
    _Type("visual-studio-extension", ("vsix",), ".vsix"),
    _Type("nuget", ("nuspec",), ".nupkg", file=True),
    _Type("python-wheel", ("wheel",), ".whl"),
    _Type("python-egg", ("egg",), ".egg"),
    _Type("conda", ("conda_metadata", "conda_content"), ".conda"),
    _Type("java-ear", ("ear",), ".ear", file=True, tree=False),
    _Type("java-war", ("war",), ".war", file=True, tree=False),
    _Type("spring-boot", ("spring_boot",), ".jar", file=True, tree=False),
    _Type("browser-extension", ("install_rdf",), ".xpi"),
    _Type("browser-extension", ("web_extension",), ".xpi"),
    _Type("java-jar", ("jar",), ".jar", file=True, tree=False),
    _Type("java-jar", ("maven",), ".jar", file=True, tree=False),
)
_OTHER = _Type("zip", ())
#: Classes and no manifest: nothing but its name says what it is.
_BARE_JAR = _Type("java-jar", (), ".jar", file=True, tree=False)
_SIGNS = regex(
    rb"(?P<bundle_config>BundleConfig\.pb)\Z"
    rb"|(?P<android>AndroidManifest\.xml)\Z|(?P<classes_jar>classes\.jar)\Z|(?P<payload>Payload/[^/]+\.app/)"
    rb"|(?P<vsix>extension\.vsixmanifest)\Z|(?P<vscode>extension/package\.json)\Z|(?P<nuspec>[^/]+\.nuspec)\Z"
    rb"|(?P<wheel>[^/]+\.dist-info/WHEEL)\Z|(?P<egg>EGG-INFO/PKG-INFO)\Z|(?P<conda_metadata>metadata\.json)\Z"
    rb"|(?P<conda_content>pkg-[^/]+\.tar\.[a-z0-9]+)\Z|(?P<ear>META-INF/application\.xml)\Z|(?P<war>WEB-INF/)"
    rb"|(?P<spring_boot>BOOT-INF/(?:classes|lib)/)|(?P<install_rdf>install\.rdf)\Z"
    rb"|(?P<extension_manifest>manifest\.json)\Z|(?P<jar>META-INF/MANIFEST\.MF)\Z|(?P<maven>META-INF/maven/)"
)
_CONDA = regex(rb"(?:info|pkg)-[^/]+\.tar\.[a-z0-9]+")


def detect(origin: Origin) -> bool:
    """A file that begins as a zip does, or holds something else first and ends as one."""
    if origin.blob is None:
        return False
    head = origin.blob.head(4)
    return head in _MAGIC or head in _WRAPPED or (origin.store is None and ends_as_zip(origin.blob.view()))


def read(origin: Origin, budget: Budget) -> Artifact:
    """The file for the catalogers that read such files, and the tree of what it holds."""
    if origin.blob is None:
        raise Malformed("no bytes")
    archive = Zip(origin.blob.view(), budget.ahead())
    kind = _type(origin.blob, archive, budget)
    if kind is _OTHER and origin.name.lower().endswith(".jar"):
        kind = _BARE_JAR
    layers: list[Layer] = []
    coverage: tuple[Coverage, ...] = ()
    if kind.file:
        layers.append(named(origin.blob, origin.name, kind.suffix))
    if origin.blob.head(4) not in (*_MAGIC, *_WRAPPED):
        layers.append(named(origin.blob, origin.name, ""))
    images = [Image(layers=(layer,)) for layer in layers]
    if kind.id == "conda":
        inside, coverage = _conda(origin.blob, archive, budget)
        images += [Image(layers=(layer,)) for layer in inside]
    elif kind.tree:
        images.append(Image(layers=(ZipLayer(blob=origin.blob),)))
    return Artifact(type=f"archive/{kind.id}", images=tuple(images), coverage=coverage)


def _type(blob: Blob, archive: Zip, budget: Budget) -> _Type:
    wrapped = _WRAPPED.get(blob.head(4))
    if wrapped:
        return _Type(wrapped, (), ".jmod" if wrapped == "java-jmod" else ".crx")
    signs: dict[str, Member] = {}
    try:
        for member in archive.members():
            if sign := _SIGNS.match(member.name):
                signs.setdefault(str(sign.lastgroup), member)
    except (LimitExceeded, Malformed):
        budget.check_time()  # who walks it says so; what was seen tells the kind
    manifest = signs.get("extension_manifest")
    if manifest and _is_extension(archive, manifest):
        signs["web_extension"] = manifest
    return next((kind for kind in _TYPES if all(sign in signs for sign in kind.signs)), _OTHER)


def _is_extension(archive: Zip, member: Member) -> bool:
    try:
        document = mapping(orjson.loads(bytes(archive.read(member, _MANIFEST))))
    except (ScanError, orjson.JSONDecodeError):
        return False
    return isinstance(document.get("manifest_version"), int)


def _conda(blob: Blob, archive: Zip, budget: Budget) -> tuple[list[TarLayer], tuple[Coverage, ...]]:
    """The two tars of a conda package (conda's package specification, version 2): what it is, and its files."""
    found: list[TarLayer] = []
    missed: list[Coverage] = []
    for member in archive.members():
        if not _CONDA.fullmatch(member.name):
            continue
        place = member.name.decode("utf-8", "backslashreplace")
        try:
            found.append(TarLayer(blob=_bytes(blob, archive, member, budget), place=place))
        except ScanError as error:
            state = CoverageState.PARTIAL if isinstance(error, LimitExceeded) else CoverageState.FAILED
            missed.append(
                Coverage(what="acquire.zip", state=state, reason=error.code, detail=str(error)[:300], path=place)
            )
    return found, tuple(missed)


def _bytes(blob: Blob, archive: Zip, member: Member, budget: Budget) -> Blob:
    if member.stored:
        return blob.part(*archive.place(member))
    data = bytes(archive.read(member, budget.limits.file_bytes))
    return Blob(buffer=data, start=0, end=len(data))


ACQUIRER = Acquirer(
    id="zip",
    version=3,
    summary="zip: JAR, APK, wheel, NuGet and conda packages, extensions, or just a zip",
    detect=detect,
    read=read,
    endings=rb"zip|whl|egg|apk|aab|ipa|nupkg|vsix|xpi|crx|conda",
)
