"""A system package that is given as a file: what lies in it is its own, as it would be where it is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from surveyor.scan.engine.inventory import Found
from surveyor.scan.model import Distro

_TYPES = frozenset({"archive/alpine-apk", "archive/arch-package", "archive/deb", "archive/rpm"})
#: Catalogers of the file itself, which is the first image of such an artifact.
_FILES = frozenset({"alpine_package", "arch_package", "deb_package", "rpm_package"})
_SOURCE = "src"  # instead of an architecture: what lies in a source package is installed nowhere


class Packed:
    """The package that an artifact of this type is, once its own record was seen."""

    def __init__(self, type_: str) -> None:
        self._may_be = type_ in _TYPES
        self._whole: tuple[Found, Distro | None] | None = None

    def own(self, found: Iterable[tuple[Found, Distro | None]]) -> Iterator[tuple[Found, Distro | None]]:
        """The same, with the package as the owner of what it holds, and its distribution where that says none."""
        for one, distro in found:
            if self._may_be and one.cataloger.id in _FILES:
                self._may_be = False  # any other is one that lies in it
                self._whole = (one, one.record.distro) if one.record.arch != _SOURCE else None
                yield one, distro
            else:
                yield self._owned(one, distro, *self._whole) if self._whole else (one, distro)

    @staticmethod
    def _owned(one: Found, distro: Distro | None, whole: Found, whose: Distro | None) -> tuple[Found, Distro | None]:
        """What is of a system itself (a licence, a list) has no owner."""
        owned = one.cataloger.system or one.owner or one.cataloger.id in _FILES
        name = f"{whole.record.type}/{whole.record.name}"
        return one if owned else replace(one, owner=name), distro or whose
