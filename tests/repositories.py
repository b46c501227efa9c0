"""Writes what package repositories say of their packages, for tests."""

from __future__ import annotations

from collections.abc import Iterable

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="{}">
"""


def element(
    name: str, version: str, *, arch: str = "x86_64", vendor: str = "", source: str = "", licence: str = "MIT"
) -> str:
    """One package as createrepo writes it; ``version`` as ``EPOCH:VERSION-RELEASE``."""
    epoch, _, rest = version.partition(":")
    number, _, release = rest.rpartition("-")
    return f"""<package type="rpm">
  <name>{name}</name>
  <arch>{arch}</arch>
  <version epoch="{epoch}" ver="{number}" rel="{release}"/>
  <checksum type="sha256" pkgid="YES">{"0" * 64}</checksum>
  <summary>Tools &amp; more</summary>
  <description>Says &lt;name&gt;x&lt;/name&gt;</description>
  <location href="Packages/{name}.rpm"/>
  <format>
    <rpm:license>{licence}</rpm:license>
    <rpm:vendor>{vendor}</rpm:vendor>
    <rpm:sourcerpm>{source}</rpm:sourcerpm>
    <rpm:header-range start="4504" end="49012"/>
    <rpm:provides>
      <rpm:entry name="{name}" flags="EQ" epoch="{epoch}" ver="{number}" rel="{release}"/>
    </rpm:provides>
    <file>/usr/bin/{name}</file>
  </format>
</package>
"""


def primary(elements: Iterable[str]) -> bytes:
    """The primary metadata of a repository."""
    found = list(elements)
    return (_HEAD.format(len(found)) + "".join(found) + "</metadata>\n").encode()


def index(*packages: tuple[str, str, str]) -> bytes:
    """A ``Packages`` index of names, versions and sources."""
    return "\n".join(
        f"Package: {name}\n{f'Source: {source}' + chr(10) if source else ''}Version: {version}\nArchitecture: amd64\n"
        f"Description: x\n more\nFilename: pool/{name}.deb\n"
        for name, version, source in packages
    ).encode()
