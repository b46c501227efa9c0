"""Bills of materials as others write them: the components that one names, whatever its format.

CycloneDX 1.0 to 1.7 as JSON and XML, SPDX 2.2 and 2.3 as JSON and tag-value, SPDX 3.0 as JSON-LD, and Syft's own JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.formats import purl as purls
from surveyor.scan.formats.json import load_object, mapping, sequence
from surveyor.scan.formats.xml import elements

_HEAD = 64 << 10
_DEPTH = 50
_NOTHING = frozenset({"", "NOASSERTION", "NONE"})
#: What tells a format, in the order they are tried: a word near the beginning, or the key that only it has.
_SIGNS = (
    ("cyclonedx-json", re.compile(rb'"bomFormat"\s*:\s*"CycloneDX"')),
    ("spdx-3", re.compile(rb'"@context"\s*:\s*\[?\s*"https://spdx\.org/rdf/3')),
    ("spdx-json", re.compile(rb'"spdxVersion"\s*:\s*"SPDX-2')),
    ("cyclonedx-xml", re.compile(rb"<(?:\w+:)?bom\b[^<>]*cyclonedx\.org/schema/bom")),
    ("spdx-tag-value", re.compile(rb"^SPDXVersion: ?SPDX-2", re.MULTILINE)),
    ("syft-json", re.compile(rb'^\s*\{\s*"artifacts"\s*:\s*\[')),
)
#: What may stand between licences that all hold, and what holds others together.
_JOINTS = re.compile(r"[()]|\s+AND\s+")
_CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])")  # operatingSystem
_OUTER = re.compile(r"\(([^()]*)\)")
_PATHS = frozenset({"syft:location:0:path", "aquasecurity:trivy:FilePath"})
_OWNER, _TIER = frozenset({"surveyor:owner"}), frozenset({"surveyor:tier"})
_CERTAIN = re.compile(
    r"\w{1,40}, confirmed_installed, by "
)  # as Surveyor begins what SPDX calls the source of a package
_HEX = re.compile(r"[0-9a-f]+")
_DIGESTS = {"sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
_SYSTEMS = frozenset({"alpm", "apk", "deb", "opkg", "rpm"})
_MOST = 200  # of a list of digests or dependencies
#: Relationships that others say the other way round.
_TURNED = {"dependency_of": "depends_on", "contained_by": "contains"}
_SYFT = {"dependency-of": "dependency_of", "ownership-by-file-overlap": "contains"}
_TOOL = re.compile(rb'anchore/syft|"name"\s*:\s*"syft"')


@dataclass(slots=True, kw_only=True)
class Component:
    """One thing that a bill names. ``kind`` is CycloneDX's type of it; ``reference`` its id inside the document.

    ``owner`` is the system package whose file it is, as ``deb/python3-idna``; ``needs`` are references of others,
    ``hashes`` digests as ``sha256:<hex>``. ``certain`` says that a bill of Surveyor's calls it confirmed.
    """

    name: str = ""
    version: str = ""
    purl: str = ""
    kind: str = "library"
    reference: str = ""
    where: str = ""
    licenses: tuple[str, ...] = ()
    owner: str = ""
    needs: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    certain: bool = False


def format_of(data: memoryview) -> str | None:
    """The format of a bill by what it says of itself; nothing for any other document."""
    head, tail = bytes(data[:_HEAD]), bytes(data[-_HEAD:])
    for name, sign in _SIGNS:
        # keys of a JSON object have no order: some writers put the format last
        if sign.search(head) or (name.endswith("json") and head.lstrip()[:1] == b"{" and sign.search(tail)):
            return name if name != "syft-json" or _TOOL.search(tail) or _TOOL.search(head) else None
    return None


def components(data: memoryview) -> Iterator[Component]:
    """Every component, the operating system too; raises ``Unsupported`` for what is no bill that is read."""
    match format_of(data):
        case "cyclonedx-json":
            document = load_object(data)
            graph = map(mapping, sequence(document.get("dependencies")))
            needs = {_text(one.get("ref")): _strings(one.get("dependsOn")) for one in graph}
            yield from _cyclonedx(sequence(document.get("components")), needs)
        case "cyclonedx-xml":
            yield from _cyclonedx_xml(data)
        case "spdx-json":
            yield from _spdx(load_object(data))
        case "spdx-3":
            yield from _spdx_graph(sequence(load_object(data).get("@graph")))
        case "spdx-tag-value":
            yield from _tag_value(bytes(data))
        case "syft-json":
            yield from _syft(load_object(data))
        case _:
            raise Unsupported("no bill of materials in a format that is read")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _strings(value: object) -> tuple[str, ...]:
    return tuple(text for one in sequence(value)[:_MOST] if (text := _text(one)))


def _cyclonedx(found: list[object], needs: dict[str, tuple[str, ...]], depth: int = 0) -> Iterator[Component]:
    if depth > _DEPTH:
        raise LimitExceeded(f"components nested more than {_DEPTH} deep")
    for one in found:
        part = mapping(one)
        group, name = _text(part.get("group")), _text(part.get("name"))
        yield Component(
            name=f"{group}/{name}" if group else name,
            version=_text(part.get("version")),
            purl=_text(part.get("purl")),
            kind=_text(part.get("type")) or "library",
            reference=_text(part.get("bom-ref")),
            where=_where(part),
            owner=_property(part, _OWNER),
            certain=_property(part, _TIER) == "confirmed_installed",
            needs=needs.get(_text(part.get("bom-ref")), ()),
            hashes=_digests(part.get("hashes"), "alg", "content"),
            licenses=tuple(filter(None, map(_licence, sequence(part.get("licenses"))))),
        )
        yield from _cyclonedx(sequence(part.get("components")), needs, depth + 1)


def _property(part: dict[str, object], names: frozenset[str]) -> str:
    """The first of a component's properties that has one of these names."""
    pairs = map(mapping, sequence(part.get("properties")))
    return next((_text(pair.get("value")) for pair in pairs if _text(pair.get("name")) in names), "")


def _digests(listed: object, kind: str, value: str) -> tuple[str, ...]:
    """Digests of a component, by the keys that a format has for algorithm and value: those of SHA-1 and SHA-2."""
    told = ((_text(one.get(kind)), _text(one.get(value)).lower()) for one in map(mapping, sequence(listed)[:_MOST]))
    named = ((name.lower().replace("-", ""), digest) for name, digest in told)
    return tuple(f"{name}:{digest}" for name, digest in named if is_digest(name, digest))


def is_digest(kind: str, text: str) -> bool:
    """Whether a text is a digest in hexadecimal digits by an algorithm that bills name: SHA-1 or one of SHA-2."""
    return len(text) == _DIGESTS.get(kind) and _HEX.fullmatch(text) is not None


def _relate(parts: list[Component], links: Iterator[tuple[str, str, str]]) -> None:
    """Give components what relationships say: what they need, and which package of a system put them there."""
    known = {part.reference: part for part in parts}
    for told, left, right in links:
        turned = _TURNED.get(told)
        kind, of, to = (turned, right, left) if turned else (told, left, right)
        one, other = known.get(of), known.get(to)
        if one is None or other is None:
            continue
        if kind == "depends_on":
            one.needs = (*one.needs, to) if len(one.needs) < _MOST else one.needs
        elif kind == "contains" and (purl := purls.parse(one.purl)) and purl.type in _SYSTEMS:
            other.owner = f"{purl.type}/{purl.name}"


def _where(part: dict[str, object]) -> str:
    """The path that a tool kept among its properties, or among the evidence."""
    if kept := _property(part, _PATHS):
        return kept
    places = sequence(mapping(part.get("evidence")).get("occurrences"))
    return _text(mapping(places[0]).get("location")) if places else ""


def _licence(choice: object) -> str:
    told = mapping(choice)
    licence = mapping(told.get("license"))
    return _text(told.get("expression")) or _text(licence.get("id")) or _text(licence.get("name"))


_FIELDS = {"name": "name", "version": "version", "purl": "purl"}


def _cyclonedx_xml(data: memoryview) -> Iterator[Component]:
    """Components end before what holds them: what is told of one is kept until it ends."""
    open_: dict[int, Component] = {}
    groups: dict[int, str] = {}
    for element in elements(data):
        path = element.path
        if path[:2] == ("bom", "metadata") or "component" not in path:
            continue
        depth, last = len(path), path[-1]
        if last == "component":
            done = open_.pop(depth, Component())
            done.kind = element.attributes.get("type", "library")
            done.reference = element.attributes.get("bom-ref", "")
            if group := groups.pop(depth, ""):
                done.name = f"{group}/{done.name}"
            yield done
        elif path[-2] == "component":
            part = open_.setdefault(depth - 1, Component())
            if last == "group":
                groups[depth - 1] = element.text
            elif last in _FIELDS:
                setattr(part, _FIELDS[last], element.text)
        elif path[-3:-1] == ("licenses", "license") and last in {"id", "name"}:
            _add_licence(open_.setdefault(depth - 3, Component()), element.text)
        elif path[-2:] == ("licenses", "expression"):
            _add_licence(open_.setdefault(depth - 2, Component()), element.text)


def _add_licence(part: Component, text: str) -> None:
    if text and len(part.licenses) < 10:
        part.licenses = (*part.licenses, text)


def _spdx(document: dict[str, object]) -> Iterator[Component]:
    links = [mapping(one) for one in sequence(document.get("relationships"))]
    about = {_text(one) for one in sequence(document.get("documentDescribes"))} | {
        _text(one.get("relatedSpdxElement"))
        for one in links
        if one.get("spdxElementId") == "SPDXRef-DOCUMENT" and one.get("relationshipType") == "DESCRIBES"
    }
    texts = map(mapping, sequence(document.get("hasExtractedLicensingInfos")))
    named = {_text(one.get("licenseId")): _text(one.get("name")) or _text(one.get("extractedText")) for one in texts}
    parts = [_spdx_package(one, named) for one in sequence(document.get("packages"))]
    ends = ("relationshipType", "spdxElementId", "relatedSpdxElement")
    told = (tuple(_text(link.get(key)) for key in ends) for link in links)
    _relate(parts, ((kind.lower(), of, to) for kind, of, to in told))
    yield from _subject_apart(parts, about)


def _conjuncts(expression: str, named: dict[str, str]) -> tuple[str, ...]:
    """The licences that all hold, of an SPDX expression; references of the document by what it calls them."""
    parts: list[str] = []
    depth, begin = 0, 0
    for joint in _JOINTS.finditer(expression):
        depth += {"(": 1, ")": -1}.get(joint[0], 0)
        if depth == 0 and joint[0] not in {"(", ")"}:
            parts.append(expression[begin : joint.start()])
            begin = joint.end()
    parts.append(expression[begin:])
    bare = [found[1] if (found := _OUTER.fullmatch(part.strip())) else part.strip() for part in parts]
    return tuple(dict.fromkeys(text for one in bare if (text := named.get(one) or one)))[:10]


def _subject_apart(parts: list[Component], about: set[str]) -> Iterator[Component]:
    """The packages of a bill; the only one of several that it describes is its subject, and an application at least."""
    for part in parts:
        if len(parts) > 1 and about == {part.reference} and part.kind == "library":
            part.kind = "application"
        yield part


def _spdx_package(value: object, named: dict[str, str]) -> Component:
    part = mapping(value)
    references = map(mapping, sequence(part.get("externalRefs")))
    purls = (_text(one.get("referenceLocator")) for one in references if one.get("referenceType") == "purl")
    licenses = (_text(part.get(key)) for key in ("licenseConcluded", "licenseDeclared"))
    purpose = _text(part.get("primaryPackagePurpose")).lower().replace("_", "-")
    return Component(
        name=_text(part.get("name")),
        version=_known(_text(part.get("versionInfo"))),
        purl=next(purls, ""),
        kind=purpose or "library",
        reference=_text(part.get("SPDXID")),
        certain=_CERTAIN.match(_text(part.get("sourceInfo"))) is not None,
        hashes=_digests(part.get("checksums"), "algorithm", "checksumValue"),
        licenses=_conjuncts(next((text for text in licenses if text not in _NOTHING), ""), named),
    )


def _known(text: str) -> str:
    return "" if text in _NOTHING else text


def _spdx_graph(graph: list[object]) -> Iterator[Component]:
    elements_ = [mapping(one) for one in graph]
    parts = [_spdx_element(one) for one in elements_ if _text(one.get("type")) == "software_Package"]
    roots = {_text(root) for one in elements_ for root in sequence(one.get("rootElement"))}
    _relate(parts, _links(elements_))
    licences = _licences_of(elements_)
    for part in parts:
        part.licenses = licences.get(part.reference, ())
    yield from _subject_apart(parts, roots & {part.reference for part in parts})


def _links(elements_: list[dict[str, object]]) -> Iterator[tuple[str, str, str]]:
    kinds = {"dependsOn": "depends_on", "contains": "contains"}
    for one in elements_:
        if kind := kinds.get(_text(one.get("relationshipType"))):
            yield from ((kind, _text(one.get("from")), _text(to)) for to in sequence(one.get("to")))


def _licences_of(elements_: list[dict[str, object]]) -> dict[str, tuple[str, ...]]:
    """The licences that packages of a graph declare, else those that somebody concluded, by the package's id."""
    ids = {_text(one.get("spdxId")): one for one in elements_}
    found: dict[str, tuple[str, ...]] = {}
    for kind in ("hasConcludedLicense", "hasDeclaredLicense"):
        for one in elements_:
            if one.get("relationshipType") == kind and (told := _texts(sequence(one.get("to")), ids)):
                found[_text(one.get("from"))] = told
    return found


def _texts(names: list[object], ids: dict[str, dict[str, object]]) -> tuple[str, ...]:
    told: list[str] = []
    for name in names:
        licence = ids.get(_text(name), {})
        custom = map(mapping, sequence(licence.get("simplelicensing_customIdToUri")))
        named = {_text(one.get("key")): _text(ids.get(_text(one.get("value")), {}).get("name")) for one in custom}
        told += _conjuncts(_text(licence.get("simplelicensing_licenseExpression")), named)
    return tuple(dict.fromkeys(told))[:10]


def _spdx_element(part: dict[str, object]) -> Component:
    outside = map(mapping, sequence(part.get("externalIdentifier")))
    purls = (_text(i.get("identifier")) for i in outside if i.get("externalIdentifierType") == "packageUrl")
    return Component(
        name=_text(part.get("name")),
        version=_text(part.get("software_packageVersion")),
        purl=_text(part.get("software_packageUrl")) or next(purls, ""),
        kind=_CAPITALS.sub("-", _text(part.get("software_primaryPurpose"))).lower() or "library",
        reference=_text(part.get("spdxId")),
        certain=_CERTAIN.match(_text(part.get("software_sourceInfo"))) is not None,
        hashes=_digests(part.get("verifiedUsing"), "algorithm", "hashValue"),
    )


def _tag_value(data: bytes) -> Iterator[Component]:
    """Packages begin with PackageName; texts between <text> marks may go over many lines and say nothing here."""
    part: Component | None = None
    parts: list[Component] = []
    about: set[str] = set()
    links: list[tuple[str, str, str]] = []
    inside = False
    for raw in data.splitlines():
        if inside or b"<text>" in raw:
            inside = b"</text>" not in raw
            continue
        tag, colon, rest = raw.decode("utf-8", "replace").partition(":")
        if not colon:
            continue
        text = rest.strip()
        if tag in {"PackageName", "FileName", "SnippetSPDXID"}:
            part = Component(name=text) if tag == "PackageName" and text else None
            parts += [part] if part else []
        elif tag == "Relationship":
            of, kind, to = [*text.split(), "", "", ""][:3]
            about |= {to} if (of, kind) == ("SPDXRef-DOCUMENT", "DESCRIBES") else set()
            links.append((kind.lower(), of, to))
        elif part is not None:
            _tag(part, tag, text)
    _relate(parts, iter(links))
    yield from _subject_apart(parts, about)
    if inside:
        raise Malformed("bill of materials ends inside a text")


def _tag(part: Component, tag: str, text: str) -> None:
    if tag == "PackageVersion":
        part.version = _known(text)
    elif tag == "SPDXID":
        part.reference = text
    elif tag == "PrimaryPackagePurpose":
        part.kind = text.lower().replace("_", "-")
    elif tag in {"PackageLicenseConcluded", "PackageLicenseDeclared"} and text not in _NOTHING and not part.licenses:
        part.licenses = _conjuncts(text, {})
    elif tag == "PackageChecksum" and len(part.hashes) < _MOST:
        kind, _, value = text.partition(":")
        part.hashes += _digests([{"kind": kind, "value": value.strip()}], "kind", "value")
    elif tag == "ExternalRef" and not part.purl:
        fields = text.split()
        if len(fields) > 2 and fields[1].lower() == "purl":
            part.purl = fields[2]


def _syft(document: dict[str, object]) -> Iterator[Component]:
    distro = mapping(document.get("distro"))
    if identity := _text(distro.get("id")):
        yield Component(name=identity, version=_text(distro.get("versionID")), kind="operating-system")
    parts = [_syft_part(mapping(one)) for one in sequence(document.get("artifacts"))]
    links = map(mapping, sequence(document.get("artifactRelationships")))
    told = (tuple(_text(link.get(key)) for key in ("type", "parent", "child")) for link in links)
    _relate(parts, ((_SYFT.get(kind, kind), of, to) for kind, of, to in told))
    yield from parts


def _syft_part(part: dict[str, object]) -> Component:
    places = [_text(mapping(place).get("path")) for place in sequence(part.get("locations"))]
    return Component(
        name=_text(part.get("name")),
        version=_text(part.get("version")),
        purl=_text(part.get("purl")),
        reference=_text(part.get("id")),
        where=places[0] if places else "",
        licenses=tuple(filter(None, map(_syft_licence, sequence(part.get("licenses")))))[:10],
    )


def _syft_licence(value: object) -> str:
    told = mapping(value)
    return _text(told.get("spdxExpression")) or _text(told.get("value")) or _text(value)
