"""How a package's name is written as a key, so that a feed and an inventory meet whatever their spelling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from surveyor.scan.patterns import regex

_SEPARATORS = regex(r"[-_.]+")
_SCHEME = regex(r"[a-z+]+://(?:[^/@]*@)?")


def _pep503(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


def _repository(name: str) -> str:
    """A repository by host and path: feeds write its address with or without scheme and ``.git``."""
    return _SCHEME.sub("", name.lower(), count=1).rstrip("/").removesuffix(".git")


#: Ecosystems whose registries take several spellings for one package, or whose PURLs keep no case; everywhere else a
#: name is case-sensitive.
_FOLDED: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "GitHub Actions": str.lower,
        "Go": str.lower,
        "NuGet": str.lower,
        "Packagist": str.lower,
        "Pub": str.lower,
        "PyPI": _pep503,
        "SwiftURL": _repository,
        "VSCode": str.lower,
        "npm": str.lower,
    }
)


def folding(ecosystem: str) -> Callable[[str], str]:
    """How an ecosystem, given with or without its release, makes the key of a name."""
    return _FOLDED.get(ecosystem.partition(":")[0], str)


def canonical(ecosystem: str, name: str) -> str:
    """The key of a name in an ecosystem, given with or without its release."""
    return folding(ecosystem)(name)
