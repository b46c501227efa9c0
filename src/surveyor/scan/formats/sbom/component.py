"""One thing that a bill of materials names, and what bills of every format say of things in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from surveyor.scan.formats import purl as purls
from surveyor.scan.formats.json import mapping, sequence
from surveyor.scan.patterns import regex

_HEX = regex(r"[0-9a-f]+")
_DIGESTS = {"sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
_SYSTEMS = frozenset({"alpm", "apk", "deb", "opkg", "rpm"})
MOST = 200  # of a list of digests or dependencies
#: Relationships that others say the other way round.
_TURNED = {"dependency_of": "depends_on", "contained_by": "contains", "generates": "generated_from"}
#: Relationships of what is there to what is not: the sources that it was built from, the recipe by which it was.
_ORIGINS = frozenset({"generated_from", "described_by"})


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


def string(value: object) -> str:
    """A text of a JSON document, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


def digests(listed: object, kind: str, value: str) -> tuple[str, ...]:
    """Digests of a component, by the keys that a format has for algorithm and value: those of SHA-1 and SHA-2."""
    told = ((string(one.get(kind)), string(one.get(value)).lower()) for one in map(mapping, sequence(listed)[:MOST]))
    named = ((name.lower().replace("-", ""), digest) for name, digest in told)
    return tuple(f"{name}:{digest}" for name, digest in named if is_digest(name, digest))


def is_digest(kind: str, text: str) -> bool:
    """Whether a text is a digest in hexadecimal digits by an algorithm that bills name: SHA-1 or one of SHA-2."""
    return len(text) == _DIGESTS.get(kind) and _HEX.fullmatch(text) is not None


def relate(parts: list[Component], links: Iterator[tuple[str, str, str]]) -> None:
    """Give components what relationships say: what they need, which package of a system put them there, and
    which are only what others were built from.
    """
    known = {part.reference: part for part in parts}
    for told, left, right in links:
        turned = _TURNED.get(told)
        kind, of, to = (turned, right, left) if turned else (told, left, right)
        one, other = known.get(of), known.get(to)
        if one is None or other is None:
            continue
        if kind == "depends_on":
            one.needs = (*one.needs, to) if len(one.needs) < MOST else one.needs
        elif kind in _ORIGINS and one is not other:
            other.kind = "source"
        elif kind == "contains" and (purl := purls.parse(one.purl)) and purl.type in _SYSTEMS:
            other.owner = f"{purl.type}/{purl.name}"
