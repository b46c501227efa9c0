"""PHP packages that Composer installed, by the list that it keeps in the vendor folder."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.json import load, mapping, sequence, string
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex
from surveyor.scan.vocabulary import counted


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record an entry: a list in Composer 1, ``packages`` with ``dev-package-names`` beside it in Composer 2."""
    document = load(file.data)
    packages = document if isinstance(document, list) else sequence(mapping(document).get("packages"))
    if not isinstance(document, list | dict):
        raise Malformed("Composer's list is neither a list nor an object")
    development = {string(name) for name in sequence(mapping(document).get("dev-package-names"))}
    broken = 0
    for package in map(mapping, packages):
        name, version = string(package.get("name")), string(package.get("version"))
        vendor, _, own = name.lower().rpartition("/")
        if not (plausible(name) and plausible(version) and own):
            broken += 1
            continue
        budget.package()
        licenses = [one for value in sequence(package.get("license"))[:5] for one in licence(string(value))]
        yield Record(
            type="composer",
            namespace=vendor or None,
            name=own,
            version=version,
            licenses=tuple(licenses),
            evidence=quote(name=name, version=version, scope="dev" if name in development else None),
        )
    if broken:
        raise Malformed(f"{counted(broken, 'package')} without a usable name or version")


CATALOGER = Cataloger(
    id="composer",
    version=1,
    summary="PHP packages installed by Composer",
    names=rb"installed\.json(?<=/composer/installed\.json)",
    paths=regex(rb"(?:^|/)composer/installed\.json$"),
    parse=parse,
    limit=32 * MIB,
)
