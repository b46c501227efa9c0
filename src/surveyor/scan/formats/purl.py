"""Reads package URLs (the purl specification, "How to parse a purl string"): strict about parts, lenient about case."""

from __future__ import annotations

from urllib.parse import unquote

from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

_LONGEST = 4096
_TYPE = regex(r"[a-z][a-z0-9.+-]{0,63}")
_KEY = regex(r"[a-z][a-z0-9._-]*")


@frozen
class Purl:
    """The parts of one, decoded."""

    type: str
    namespace: str | None
    name: str
    version: str
    qualifiers: tuple[tuple[str, str], ...]
    subpath: str | None

    def qualifier(self, key: str) -> str:
        """The value of a qualifier, empty when there is none."""
        return dict(self.qualifiers).get(key, "")


def parse(text: str) -> Purl | None:
    """The parts of a package URL; nothing for what is none."""
    scheme, colon, rest = text.strip()[:_LONGEST].partition(":")
    if not colon or scheme.lower() != "pkg":
        return None
    rest, _, subpath = rest.partition("#")
    rest, _, query = rest.partition("?")
    type_, _, path = rest.strip("/").partition("/")
    # an npm scope begins with @: a version is behind the last one, and behind the last slash
    at = path.rfind("@")
    path, version = (path[:at], path[at + 1 :]) if at > path.rfind("/") and at > 0 else (path, "")
    namespace, _, name = path.strip("/").rpartition("/")
    type_ = type_.lower()
    name = _normal(type_, unquote(name))
    if not (_TYPE.fullmatch(type_) and name):
        return None
    pairs = (pair.partition("=") for pair in query.split("&"))
    # a key that can be none is dropped: it could not be written again
    known = ((key.lower(), unquote(value)) for key, equals, value in pairs if equals and value)
    return Purl(
        type=type_,
        namespace="/".join(unquote(part) for part in namespace.split("/") if part) or None,
        name=name,
        version=unquote(version),
        qualifiers=tuple((key, value) for key, value in known if _KEY.fullmatch(key)),
        subpath="/".join(unquote(part) for part in subpath.split("/") if part not in {"", ".", ".."}) or None,
    )


def _normal(type_: str, name: str) -> str:
    """A name as its type has it, whatever case and hyphens a writer left in it."""
    return name.lower().replace("_", "-") if type_ == "pypi" else name
