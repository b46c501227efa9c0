"""npm packages that yarn keeps zipped (Plug'n'Play, ``.yarn/cache``): they are used from there, never unpacked."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.json import load_object, mapping, string
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex
from surveyor.scan.tree.zip import Zip

_MANIFEST = regex(rb"node_modules/(?:@[^/]+/)?[^/@][^/]*/package\.json")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a zip: the manifest that stands right inside its folder of node_modules."""
    archive = Zip(file.data, budget)
    member = next((one for one in archive.members((b"/package.json",)) if _MANIFEST.fullmatch(one.name)), None)
    if member is None:
        raise Malformed("zip of yarn's cache without a package.json")
    manifest = load_object(archive.read(member, MIB))
    name, version = string(manifest.get("name")), string(manifest.get("version"))
    scope, _, own = name.lower().rpartition("/")
    if not (plausible(name) and plausible(version) and own):
        raise Malformed("package.json has no usable name or version")
    budget.package()
    license_ = manifest.get("license")
    yield Record(
        type="npm",
        namespace=scope or None,
        name=own,
        version=version,
        licenses=licence(string(mapping(license_).get("type")) or string(license_)),
        inner=text(member.name),
        evidence=quote(name=name, version=version),
    )


CATALOGER = Cataloger(
    id="pnp",
    version=1,
    summary="npm packages in yarn's cache of zips (Plug'n'Play)",
    endings=rb"zip",
    paths=regex(rb"(?:^|/)\.yarn/(?:berry/)?cache/[^/]+-npm-[^/]+\.zip$"),
    parse=parse,
    limit=64 * MIB,
    random=True,
)
