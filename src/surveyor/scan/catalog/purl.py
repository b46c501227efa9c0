"""Package URLs as the purl specification writes them, one per package record."""

from __future__ import annotations

import re
from urllib.parse import quote

from surveyor.scan.catalog.interface import Record
from surveyor.scan.model import Distro

_SAFE = ":"
_PLAIN = re.compile(r"[A-Za-z0-9_.~:-]*").fullmatch
#: Types whose namespace is the distribution.
SYSTEMS = frozenset({"alpm", "apk", "deb", "opkg", "rpm"})
#: Vendors of RPM packages that are called otherwise than their distributions, which the qualifier still tells apart.
_VENDORS = {"rhel": "redhat", "opensuse-leap": "opensuse", "opensuse-tumbleweed": "opensuse"}


def purl(record: Record, distro: Distro | None) -> str:
    """The identity of a package: type, namespace, name, version and the qualifiers that tell builds apart."""
    namespace = _namespace(record, distro)
    path = f"pkg:{record.type}/"
    if namespace:
        path += "/".join(_quoted(part) for part in namespace.split("/") if part) + "/"
    path += _quoted(record.name)
    if record.version:
        path += f"@{_quoted(record.version)}"
    qualifiers = "&".join(f"{key}={_quoted(value)}" for key, value in sorted(_qualifiers(record, distro).items()))
    if qualifiers:
        path += f"?{qualifiers}"
    return f"{path}#{quote(record.subpath, safe=_SAFE + '/')}" if record.subpath else path


def _quoted(text: str) -> str:
    """A part with what is not its own percent-encoded; the library goes letter by letter, and few parts need it."""
    return text if _PLAIN(text) else quote(text, safe=_SAFE)


def namespace_of(record: Record, distro: Distro | None) -> str | None:
    """The namespace part: the distribution for system packages, scope or group for others."""
    return _namespace(record, distro)


def _namespace(record: Record, distro: Distro | None) -> str | None:
    if record.type in SYSTEMS and not record.namespace:
        vendor = _VENDORS.get(distro.id) if distro and record.type == "rpm" else None
        return vendor or (distro.id if distro else None)
    return record.namespace


def _qualifiers(record: Record, distro: Distro | None) -> dict[str, str]:
    found = dict(record.qualifiers)
    if record.arch:
        found["arch"] = record.arch
    if distro and "distro" not in found and record.type in SYSTEMS:
        found["distro"] = f"{distro.id}-{distro.version}" if distro.version else distro.id
    source = record.source
    if "upstream" not in found and source and (source.name, source.version) != (record.name, record.version):
        own = source.version in {"", record.version}
        found["upstream"] = source.name if own else f"{source.name}@{source.version}"
    return found
