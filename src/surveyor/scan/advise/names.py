"""How a package's name is written as a key, so that a feed and an inventory meet whatever their spelling."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

_SEPARATORS = re.compile(r"[-_.]+")


def _pep503(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


#: Ecosystems whose registries take several spellings for one package; everywhere else a name is case-sensitive.
_FOLDED: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"PyPI": _pep503, "NuGet": str.lower, "Packagist": str.lower, "SwiftURL": str.lower}
)


def canonical(ecosystem: str, name: str) -> str:
    """The key of a name in an ecosystem, given with or without its release."""
    fold = _FOLDED.get(ecosystem.partition(":")[0])
    return fold(name) if fold else name
