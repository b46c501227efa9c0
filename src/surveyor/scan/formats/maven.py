"""Coordinates that Maven and Gradle leave in archives: ``pom.properties``, files of such lines, and ``pom.xml``."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.patterns import regex

#: One tag and the text behind it; nothing here looks at a byte twice, whatever is missing.
_TAG = regex(rb"<(/?)([A-Za-z][\w.-]*+)([^<>]*+)>([^<]*+)")
_DEPTH = 64
_LICENCES = 10


def properties(data: bytes) -> dict[str, str]:
    """The pairs of a properties file, one a line; comments and lines without a value are none."""
    found: dict[str, str] = {}
    for line in data.splitlines():
        key, equals, value = line.partition(b"=")
        if equals and not line.startswith(b"#"):
            found[_text(key)] = _text(value)
    return found


def coordinates(data: bytes) -> tuple[str, str, str] | None:
    """Group, artifact and version; none where a template was left unfilled, for ``${version}`` is nobody's version."""
    found = properties(data)
    group, artifact, version = (found.get(key, "") for key in ("groupId", "artifactId", "version"))
    if not artifact or not version or "${" in group + artifact + version:
        return None
    return group, artifact, version


def project(data: bytes) -> tuple[str, str, str] | None:
    """Group, artifact and version of a pom.xml, or of its parent's; none where the value of a property is meant."""
    found: dict[tuple[bytes, ...], str] = {}
    for path, value in _elements(data):
        found.setdefault(path, _text(value))

    def own(key: bytes) -> str:
        return found.get((b"project", key), "")

    def parents(key: bytes) -> str:
        return found.get((b"project", b"parent", key), "")

    group, version = own(b"groupId") or parents(b"groupId"), own(b"version") or parents(b"version")
    artifact = own(b"artifactId")
    if not artifact or not version or "${" in group + artifact + version:
        return None
    return group, artifact, version


def licences(data: bytes) -> list[tuple[str, str]]:
    """Name and address of each licence that a pom.xml says its project is under; plugins have such lists too."""
    before, _, listed = _without_comments(data).partition(b"<licenses>")
    if before.rfind(b"<build>") > before.rfind(b"</build>"):
        return []
    found: list[tuple[str, str]] = []
    for one in listed.partition(b"</licenses>")[0].split(b"</license>")[:_LICENCES]:
        said = {key: _text(value) for close, key, _, value in _TAG.findall(one) if not close}
        found.append((said.get(b"name", ""), said.get(b"url", "")))
    return found


def _elements(data: bytes) -> Iterator[tuple[tuple[bytes, ...], bytes]]:
    """The elements of the upper three levels by their path, each with the text that it begins with."""
    stack: list[bytes] = []
    for close, name, rest, value in _TAG.findall(_without_comments(data)):
        if close:
            if stack and stack[-1] == name:
                stack.pop()
            continue
        if len(stack) < 3:
            yield (*stack, name), value
        if not rest.endswith(b"/"):
            stack.append(name)
            if len(stack) > _DEPTH:
                return


def _without_comments(data: bytes) -> bytes:
    first, *others = data.split(b"<!--")
    return first + b"".join(part.partition(b"-->")[2] for part in others)


def _text(value: bytes) -> str:
    found = value.decode("utf-8", "backslashreplace").strip()
    return found if found.isprintable() else "".join(char for char in found if char.isprintable())
