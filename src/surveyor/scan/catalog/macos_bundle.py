"""Bundles of macOS and iOS: applications, frameworks, plug-ins and kernel extensions, by their ``Info.plist``.

Read by Apple's Bundle Programming Guide, "Anatomy of a macOS application bundle" and of a framework, and by the
Information Property List Key Reference. They have no registry, so their PURL is ``generic``, named as people know them
(``CFBundleName``) and told apart by ``bundle_id``. Electron is also known to npm, where its advisories are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats import plist
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Tier
from surveyor.scan.patterns import regex

_NAME = 200
_ELECTRON = "com.github.Electron.framework"
_ENDINGS = (
    rb"app|appex|bundle|component|dext|driver|framework|kext|mdimporter|plugin|prefPane|qlgenerator|saver|service|"
    rb"systemextension|vst3?|xpc"
)
#: Where a bundle keeps it: on macOS, in a framework with versions, on iOS.
_INSIDE = rb"(?:Contents/|Versions/[^/]+/Resources/|Resources/)?"
_STEM = regex(r"([^/]+)\.[^./]+/(?:Contents/|Versions/[^/]+/Resources/|Resources/)?Info\.plist$")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record when the list has a version and names what runs; bundles of resources are a part of others."""
    info = plist.mapping(plist.load(file.data))
    identifier, name = plist.string(info.get("CFBundleIdentifier")).strip(), _name(info, file.path)
    version = _version(info)
    kind = plist.string(info.get("CFBundlePackageType"))
    runs = info.get("CFBundleExecutable") or kind in {"APPL", "FMWK", "KEXT"}
    if not (runs and version and name):
        return
    if not (_usable(name) and _usable(version) and len(identifier) <= _NAME and identifier.isprintable()):
        raise Malformed("Info.plist has no usable name or version")
    build = plist.string(info.get("CFBundleVersion")).strip()
    evidence = quote(CFBundleIdentifier=identifier, CFBundleName=name, Version=version, CFBundleVersion=build)
    budget.package()
    yield Record(
        type="generic",
        name=name,
        version=version,
        evidence=evidence,
        qualifiers=(("bundle_id", identifier),) if identifier else (),
    )
    if identifier == _ELECTRON:
        budget.package()
        yield Record(type="npm", name="electron", version=version, evidence=evidence, tier=Tier.HEURISTIC)


def _name(info: dict[str, plist.Value], path: str) -> str:
    """What the bundle is called: by itself, else by its folder; a name that is filled in later is none."""
    for key in ("CFBundleName", "CFBundleDisplayName", "CFBundleExecutable"):
        name = " ".join(plist.string(info.get(key)).split())
        if name and "$" not in name:
            return name
    found = _STEM.search(path)
    return found[1] if found else ""


def _version(info: dict[str, plist.Value]) -> str:
    for key in ("CFBundleShortVersionString", "CFBundleVersion"):
        version = " ".join(plist.string(info.get(key)).split())
        if version and "$" not in version:
            return version
    return ""


def _usable(value: str) -> bool:
    return len(value) <= _NAME and value.isprintable()


CATALOGER = Cataloger(
    id="macos_bundle",
    version=1,
    summary="macOS and iOS applications, frameworks and plug-ins by their Info.plist",
    names=rb"Info\.plist",
    paths=regex(rb"(?:^|/)[^/]+\.(?:" + _ENDINGS + rb")/" + _INSIDE + rb"Info\.plist$", re.DOTALL),
    parse=parse,
    limit=2 * MIB,
)
