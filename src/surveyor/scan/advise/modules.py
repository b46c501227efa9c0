"""Which advisories of RPM distributions speak of another module stream than the one that is installed.

A module has a package in several streams at once (nodejs:18, nodejs:20), each mended by advisories of its own, and the
distribution may have it outside of modules besides. Versions alone cannot tell them apart: any fix of a newer stream is
above everything in an older one. What is left out by this rule is counted in coverage, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from surveyor.scan.model import Package
from surveyor.scan.patterns import regex

#: What modules are built with stands in the release: ``2.module+el9.4.0+20787``, ``1.module_el8.6.0+2904``.
_BUILT = regex(r"[.+_]module[+_]")
_LABEL = regex(r"[?&]rpmmod=(?P<label>[^&#]+)")
#: In a sentence, so what stands behind may be its punctuation.
_STREAM = regex(r"(?<![\w.+:-])(?P<module>[\w.+-]+):(?P<stream>[\w.+-]*\w)")


def of_another_stream(package: Package, version: str, fixed: str | None, summary: Callable[[], str]) -> bool:
    """Whether a fix is for another stream, or for the package in a module while this one is in none, or the reverse.

    ``summary`` is the advisory's, which names the streams; asked only where the fix and the package are of modules.
    """
    if package.type != "rpm" or not fixed:
        return False
    modular = _BUILT.search(version) is not None
    if modular is not (_BUILT.search(fixed) is not None):
        return True
    label = _LABEL.search(package.purl) if modular else None
    if label is None:
        return False
    module, _, rest = unquote(label["label"]).partition(":")
    streams = {found["stream"] for found in _STREAM.finditer(summary()) if found["module"] == module}
    return bool(streams) and rest.partition(":")[0] not in streams
