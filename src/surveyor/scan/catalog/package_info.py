"""Package files of Alpine and Arch Linux as records, by the ``.PKGINFO`` that both begin with."""

from __future__ import annotations

from surveyor.scan.catalog.interface import Record, licence, plausible, quote, text
from surveyor.scan.errors import Malformed
from surveyor.scan.formats import pkginfo
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.model import Distro, SourcePackage
from surveyor.scan.patterns import regex
from surveyor.scan.tree.members import first

_INFO = regex(rb"\.PKGINFO")
_INFO_BYTES = 2 * MIB
_LICENCES = 5


def record_of(data: memoryview, budget: Budget, *, type_: str, source: str, distro: str) -> Record:
    """The record of one file, which is ``distro``'s own when somebody of DISTROlinux.org packed it.

    ``source`` is the key of the package that it was built from.
    """
    info = first(data, _INFO, budget, _INFO_BYTES)
    if info is None:
        raise Malformed("package without .PKGINFO")
    fields = pkginfo.fields(info)
    name, version, arch, base, packager = (
        text(fields.get(key, [b""])[0]) for key in ("pkgname", "pkgver", "arch", source, "packager")
    )
    if not (plausible(name) and plausible(version)):
        raise Malformed(".PKGINFO has no usable name or version")
    return Record(
        type=type_,
        name=name,
        version=version,
        arch=arch or None,
        licenses=tuple(one for line in fields.get("license", [])[:_LICENCES] for one in licence(text(line))),
        source=SourcePackage(name=base, version=version) if plausible(base) else None,
        distro=Distro(id=distro) if packager.endswith(f"{distro}linux.org>") else None,
        evidence=quote(pkgname=name, pkgver=version, arch=arch, **{source: base}),
    )
