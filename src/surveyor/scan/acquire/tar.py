"""A tar with a tree in it: an exported root filesystem, a source archive, or a package that is a tar."""

from __future__ import annotations

import re
from dataclasses import dataclass

from surveyor.scan.acquire.interface import RELEASES, Acquirer, Artifact, Image, Origin, Store
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import Budget
from surveyor.scan.tree.file import named
from surveyor.scan.tree.tar import TarLayer


@dataclass(frozen=True, slots=True)
class _Type:
    """A kind of package: a name matches each of the ``signs``, and all lie in one folder when ``one`` is set.

    ``suffix`` is how the names of such files end, for kinds whose cataloger reads the file as a whole.
    """

    id: str
    signs: tuple[str, ...]
    one: bool = True
    suffix: str = ""


#: The first that fits; anything else is somebody's tree.
_TYPES = (
    _Type("arch-package", (r"\.PKGINFO", r"\.MTREE"), one=False, suffix=".pkg.tar"),
    _Type("alpine-apk", (r"\.PKGINFO",), one=False, suffix=".apk"),
    _Type("conda", (r"info/index\.json", r"info/(?:files|paths\.json)"), one=False),
    _Type("npm", (r"package/package\.json",)),
    _Type("crate", (r"[^/]+/Cargo\.toml", r"[^/]+/Cargo\.toml\.orig"), suffix=".crate"),
    _Type("sdist", (r"[^/]+-[0-9][^/]*/PKG-INFO",)),
)


def detect(origin: Origin) -> bool:
    """The file was a tar, and no image."""
    return origin.blob is not None and origin.store is not None


def read(origin: Origin, _budget: Budget) -> Artifact:
    """The whole tar as one layer. Whether it is a root filesystem shows at the latest when its os-release is met."""
    if origin.blob is None or origin.store is None:
        raise Malformed("no bytes")
    tree = Image(layers=(TarLayer(blob=origin.blob),))
    kind = _type(origin.store)
    if kind is None:
        system = not RELEASES.isdisjoint(origin.store.names())
        if origin.packed is not None:
            # a tree needs to be passed once only, in the order it is stored
            tree = Image(layers=(TarLayer(blob=origin.packed),))
        type_ = "rootfs" if system else "source"
        return Artifact(type=type_, images=(tree,), streamed=origin.packed is not None)
    images = (Image(layers=(named(origin.blob, origin.name, kind.suffix),)), tree) if kind.suffix else (tree,)
    return Artifact(type=f"archive/{kind.id}", images=images)


def _type(store: Store) -> _Type | None:
    names = store.names()
    tops = {name.partition("/")[0] for name in names}
    for kind in _TYPES:
        if (len(tops) == 1 or not kind.one) and all(_any(sign, names) for sign in kind.signs):
            return kind
    return None


def _any(sign: str, names: list[str]) -> bool:
    match = re.compile(sign).fullmatch
    return any(match(name) for name in names)


ACQUIRER = Acquirer(
    id="tar",
    version=2,
    summary="tar of a root filesystem, a source tree, or an Alpine, Arch, npm, Rust or Python package",
    detect=detect,
    read=read,
    endings=rb"tar|t(?:gz|bz2?|xz|zst|lz|aZ|Z)|tar\.(?:gz|bz2|xz|zst|lzma|lz|lz4|lzo|Z)|crate",
)
