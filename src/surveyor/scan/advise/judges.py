"""Who speaks of language packages that a distribution built: it mends them in versions of its own.

A package belongs to the distribution when a system package lists its files, or when it lies where only system packages
are allowed to put something, which is known too where an image lacks the lists.
"""

from __future__ import annotations

from collections.abc import Sequence

from surveyor.scan.advise.ecosystems import lookup
from surveyor.scan.advise.snapshot import Snapshot
from surveyor.scan.model import Package, Presence

_SYSTEM = frozenset({"deb", "rpm", "apk"})
#: Folders that Debian's policies give to its packages alone; what people install goes below usr/local, or a home.
_FOLDERS = (
    "usr/lib/python3/dist-packages/",
    "usr/share/gems/",
    "usr/share/java/",
    "usr/share/maven-repo/",
    "usr/share/nodejs/",
    "usr/share/rubygems-integration/",
)


class Judges:
    """Whose advisories judge which package, in one inventory."""

    def __init__(self, packages: Sequence[Package], snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        owners = {package.owner for package in packages if package.owner}
        system = [package for package in packages if package.type in _SYSTEM]
        self._owners = {name: package for package in system if (name := f"{package.type}/{package.name}") in owners}
        self._debian = self._of_all([package for package in system if package.type == "deb"])

    def of(self, package: Package) -> str | None:
        """The distribution's ecosystem; ``None`` where it is not the distribution's, or nobody speaks of that."""
        if package.type in _SYSTEM or package.presence is Presence.DECLARED:
            return None
        if package.owner:
            owner = self._owners.get(package.owner)
            return self._ecosystem(owner) if owner else None
        if self._debian is None or not package.locations:
            return None
        return self._debian if all(place.path.startswith(_FOLDERS) for place in package.locations) else None

    def _of_all(self, packages: Sequence[Package]) -> str | None:
        """The one ecosystem of these packages; where there are several nobody knows whose a folder is."""
        found = {package.distro: package for package in packages if package.distro}
        ecosystems = {self._ecosystem(package) for package in found.values()}
        return ecosystems.pop() if len(ecosystems) == 1 else None

    def _ecosystem(self, package: Package) -> str | None:
        ecosystem = lookup(package, self._snapshot.ecosystems).ecosystem
        return ecosystem if ecosystem and self._snapshot.answering(ecosystem) else None
