"""Bills of materials by SPDX 2.2 and 2.3, as JSON and as tags with values; and words that SPDX 3 shares."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.errors import Malformed
from surveyor.scan.formats.json import mapping, sequence
from surveyor.scan.formats.sbom.component import MOST, Component, digests, relate, string
from surveyor.scan.patterns import regex

_NOTHING = frozenset({"", "NOASSERTION", "NONE"})
#: What may stand between licences that all hold, and what holds others together.
_JOINTS = regex(r"[()]|\s+AND\s+")
_OUTER = regex(r"\(([^()]*)\)")
#: As Surveyor begins what SPDX calls the source of a package.
CERTAIN = regex(r"\w{1,40}, confirmed_installed, by ")


def of_json(document: dict[str, object]) -> Iterator[Component]:
    """Every package of a document."""
    links = [mapping(one) for one in sequence(document.get("relationships"))]
    about = {string(one) for one in sequence(document.get("documentDescribes"))} | {
        string(one.get("relatedSpdxElement"))
        for one in links
        if one.get("spdxElementId") == "SPDXRef-DOCUMENT" and one.get("relationshipType") == "DESCRIBES"
    }
    texts = map(mapping, sequence(document.get("hasExtractedLicensingInfos")))
    named = {string(one.get("licenseId")): string(one.get("name")) or string(one.get("extractedText")) for one in texts}
    parts = [_package(one, named) for one in sequence(document.get("packages"))]
    ends = ("relationshipType", "spdxElementId", "relatedSpdxElement")
    told = (tuple(string(link.get(key)) for key in ends) for link in links)
    relate(parts, ((kind.lower(), of, to) for kind, of, to in told))
    yield from subject_apart(parts, about)


def of_tags(data: bytes) -> Iterator[Component]:
    """Every package of a document, each from its PackageName on.

    Texts between <text> marks may go over many lines and say nothing here.
    """
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
    relate(parts, iter(links))
    yield from subject_apart(parts, about)
    if inside:
        raise Malformed("bill of materials ends inside a text")


def _package(value: object, named: dict[str, str]) -> Component:
    part = mapping(value)
    references = map(mapping, sequence(part.get("externalRefs")))
    purls = (string(one.get("referenceLocator")) for one in references if one.get("referenceType") == "purl")
    licenses = (string(part.get(key)) for key in ("licenseConcluded", "licenseDeclared"))
    purpose = string(part.get("primaryPackagePurpose")).lower().replace("_", "-")
    return Component(
        name=string(part.get("name")),
        version=_known(string(part.get("versionInfo"))),
        purl=next(purls, ""),
        kind=purpose or "library",
        reference=string(part.get("SPDXID")),
        certain=CERTAIN.match(string(part.get("sourceInfo"))) is not None,
        hashes=digests(part.get("checksums"), "algorithm", "checksumValue"),
        licenses=conjuncts(next((text for text in licenses if text not in _NOTHING), ""), named),
    )


def _tag(part: Component, tag: str, text: str) -> None:
    if tag == "PackageVersion":
        part.version = _known(text)
    elif tag == "SPDXID":
        part.reference = text
    elif tag == "PrimaryPackagePurpose":
        part.kind = text.lower().replace("_", "-")
    elif tag in {"PackageLicenseConcluded", "PackageLicenseDeclared"} and text not in _NOTHING and not part.licenses:
        part.licenses = conjuncts(text, {})
    elif tag == "PackageChecksum" and len(part.hashes) < MOST:
        kind, _, value = text.partition(":")
        part.hashes += digests([{"kind": kind, "value": value.strip()}], "kind", "value")
    elif tag == "ExternalRef" and not part.purl:
        fields = text.split()
        if len(fields) > 2 and fields[1].lower() == "purl":
            part.purl = fields[2]


def _known(text: str) -> str:
    return "" if text in _NOTHING else text


def subject_apart(parts: list[Component], about: set[str]) -> Iterator[Component]:
    """The packages of a bill; the only one of several that it describes is its subject, and an application at least."""
    for part in parts:
        if len(parts) > 1 and about == {part.reference} and part.kind == "library":
            part.kind = "application"
        yield part


def conjuncts(expression: str, named: dict[str, str]) -> tuple[str, ...]:
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
