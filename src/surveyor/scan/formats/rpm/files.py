"""The files that a package's header lists."""

from __future__ import annotations

from collections.abc import Iterator
from stat import S_IFMT, S_IFREG

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats.rpm import header as tags
from surveyor.scan.formats.rpm.header import Header
from surveyor.scan.values import frozen

_FILES = 1_000_000


@frozen
class PackagedFile:
    """One file: ``stored`` is how many bytes of it the payload has, which come with the last of its hard links."""

    path: bytes
    mode: int
    stored: int


def files_of(header: Header) -> Iterator[PackagedFile]:
    """The files in the order of the header; raises when its lists do not fit each other."""
    names, folders = header.texts(tags.BASE_NAMES), header.texts(tags.DIR_NAMES)
    indexes, modes = header.numbers(tags.DIR_INDEXES), header.numbers(tags.FILE_MODES)
    sizes = header.numbers(tags.LONG_FILE_SIZES) or header.numbers(tags.FILE_SIZES)
    if len(names) > _FILES:
        raise LimitExceeded(f"RPM header lists {len(names):,} files")
    if not len(names) == len(indexes) == len(modes) == len(sizes) or max(indexes, default=-1) >= len(folders):
        raise Malformed("RPM header's lists of files do not fit each other")
    nodes = list(zip(header.numbers(tags.FILE_DEVICES), header.numbers(tags.FILE_INODES), strict=False))
    last = {node: number for number, node in enumerate(nodes)}
    for number, (name, index, mode, size) in enumerate(zip(names, indexes, modes, sizes, strict=True)):
        linked = S_IFMT(mode) == S_IFREG and number < len(nodes) and last[nodes[number]] != number
        yield PackagedFile(path=folders[index] + name, mode=mode, stored=0 if linked else size)


def paths_of(header: Header, most: int) -> bytes:
    """The absolute paths of all files, one a line; raises when they take more bytes than that."""
    names, folders = header.texts(tags.BASE_NAMES), header.texts(tags.DIR_NAMES)
    indexes = header.numbers(tags.DIR_INDEXES)
    if not names:
        names, folders = header.texts(tags.OLD_FILE_NAMES), [b""]
        indexes = (0,) * len(names)
    if len(names) != len(indexes) or max(indexes, default=-1) >= len(folders):
        raise Malformed("RPM header's lists of files do not fit each other")
    # one long folder may be named by many files
    if sum(len(folders[index]) for index in indexes) + sum(map(len, names)) > most:
        raise LimitExceeded(f"RPM header lists files in more than {most:,} bytes")
    return b"\n".join([folders[index] + name for index, name in zip(indexes, names, strict=True)])
