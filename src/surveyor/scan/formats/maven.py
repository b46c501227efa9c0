"""Coordinates that Maven and Gradle leave in archives: ``pom.properties`` and other files of ``key=value`` lines."""

from __future__ import annotations


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


def _text(value: bytes) -> str:
    found = value.decode("utf-8", "backslashreplace").strip()
    return found if found.isprintable() else "".join(char for char in found if char.isprintable())
