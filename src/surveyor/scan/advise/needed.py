"""Leaves out what an advisory lists one by one although its ranges say it already: most lists say nothing more.

The verdict on every version is the same without: one in a range is found by the range. What cannot be ordered stays
listed, and so does everything where a range is more than a beginning and a fix. A list of a hundred would be unpacked
in every scan, and each of its versions read, only to learn that the installed one is not among them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from surveyor.scan.advise.ranges import Keys, spans
from surveyor.scan.advise.record import Advisory, Affected
from surveyor.scan.advise.versions import order_of

#: Spans of one package that are looked at for each version: the product of two long lists is not worth it.
_MOST: Final = 32


class Needed:
    """What decides of advisories; keeps versions parsed as long as it lives."""

    def __init__(self) -> None:
        self._keys: dict[str, Keys] = {}

    def of(self, advisory: Advisory) -> Advisory:
        """The same, without the versions that are in its ranges."""
        if not any(item.versions and item.ranges for item in advisory.affected):
            return advisory
        return replace(advisory, affected=tuple(map(self._without, advisory.affected)))

    def _without(self, item: Affected) -> Affected:
        base = item.ecosystem.partition(":")[0]
        if base not in self._keys:
            self._keys[base] = Keys(order_of(base))
        keys = self._keys[base]
        known = spans(item.ranges, keys) if item.versions else None
        if not known or len(known) > _MOST:
            return item
        kept = []
        for version in item.versions:
            key = keys[version]
            if key is None or not any(start <= key < end for start, end, *_ in known):
                kept.append(version)
        return replace(item, versions=tuple(kept))
