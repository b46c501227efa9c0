"""xar archives, as Apple's flat installer packages are: a table of contents in XML, and a heap of files behind it.

Read by xar(1) and "The xar archive format" of its project. The head has big endian numbers; places in the heap are
counted from the end of the compressed table.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from struct import Struct

from isal import isal_zlib

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported
from surveyor.scan.formats.xml import Element, elements
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.tree.content import Content
from surveyor.scan.tree.entry import Blob, Entry, Kind, Names, Tally, Wanted
from surveyor.scan.tree.inflate import CHUNK, DECODERS, InflateError
from surveyor.scan.tree.names import clean
from surveyor.scan.values import frozen

MAGIC = b"xar!"
#: Magic, bytes of the head, version, bytes of the table compressed and as it is.
_HEAD = Struct(">4sHHQQ")
_FILES = 100_000  # about 120 MB while they are read
_NAMES = 32 * MIB  # of all files together: a folder's name is part of each inside
#: What is kept of what the table says of a file, and of its bytes.
_SAID, _DATA = frozenset({"name", "type", "link"}), frozenset({"size", "offset", "length", "encoding"})
#: How a file is kept in the heap, by the last part of its media type; zlib where it says gzip.
_STYLES = {
    "octet-stream": "plain",
    "x-gzip": "zlib",
    "x-bzip2": "bzip2",
    "x-lzma": "lzma",
    "x-xz": "xz",
}


@frozen
class Member:
    """One file of the table; ``style`` is the last part of its media type, ``start`` counted from the heap's."""

    name: bytes
    kind: Kind
    size: int = 0
    start: int = 0
    packed: int = 0
    style: str = "octet-stream"
    target: bytes = b""


@dataclass(slots=True)
class _Node:
    """A file whose element has not ended, with those inside it."""

    said: dict[str, str] = field(default_factory=dict)
    inside: list[_Node] = field(default_factory=list)


def members(blob: Blob, budget: Budget) -> tuple[tuple[Member, ...], int]:
    """The files of an archive in the order of its table, folders left out, and where the heap begins."""
    head = blob.head(_HEAD.size)
    if len(head) < _HEAD.size or head[:4] != MAGIC:
        raise Malformed("xar archive is cut short in its head")
    _, size, version, packed, length = _HEAD.unpack(head)
    if version != 1:
        raise Unsupported(f"xar archive of version {version}")
    limit = 4 * budget.limits.metadata_bytes
    if length > limit:
        raise LimitExceeded(f"xar archive has a table of contents of {length:,} bytes")
    table = blob.part(size, packed).view()
    if len(table) < packed:
        raise Malformed("xar archive is cut short in its table of contents")
    text = b"".join(_unzlib(table, budget, length))
    return tuple(_flat(_tree(memoryview(text), budget))), size + packed


def _tree(text: memoryview, budget: Budget) -> _Node:
    """The elements ``file`` as they hold each other; a name may come after what is inside."""
    open_: dict[int, _Node] = {}
    root, count = _Node(), 0
    for element in elements(text):
        path, depth = element.path, len(element.path)
        if path[-1] == "file" and path[:2] == ("xar", "toc"):
            count += 1
            budget.entry()
            if count > _FILES:
                raise LimitExceeded(f"xar archive with more than {_FILES:,} files")
            node = open_.pop(depth, None) or _Node()
            above = root if path[-2] != "file" else open_.setdefault(depth - 1, _Node())
            above.inside.append(node)
        elif depth > 2 and path[-2] == "file" and path[-1] in _SAID:
            open_.setdefault(depth - 1, _Node()).said[path[-1]] = _value(element)
        elif depth > 3 and path[-3:-1] == ("file", "data") and path[-1] in _DATA:
            value = element.attributes.get("style", "") if path[-1] == "encoding" else element.text
            open_.setdefault(depth - 2, _Node()).said[f"data.{path[-1]}"] = value
    return root


def _value(element: Element) -> str:
    if element.path[-1] == "name" and element.attributes.get("enctype") == "base64":
        try:
            return a2b_base64(element.text).decode("utf-8", "replace")
        except (Base64Error, ValueError) as error:
            raise Malformed("xar archive has a name that is no Base64") from error
    return element.text


def _flat(root: _Node) -> Iterator[Member]:
    """All files with their whole names; folders of the table nest as deep as its XML may."""
    stack, held = [(b"", node) for node in reversed(root.inside)], 0
    while stack:
        folder, node = stack.pop()
        name = folder + node.said.get("name", "").encode("utf-8", "replace")
        held += len(name)
        if held > _NAMES:
            raise LimitExceeded(f"xar archive with more than {_NAMES:,} bytes of names")
        inside = name + b"/"
        stack += [(inside, one) for one in reversed(node.inside)]
        kind = node.said.get("type", "file")
        if kind == "symlink":
            target = node.said.get("link", "").encode("utf-8", "replace")
            yield Member(name=name, kind=Kind.SYMLINK, target=target)
        elif kind == "file":
            size, start, packed = (_number(node.said.get(f"data.{key}", "0")) for key in ("size", "offset", "length"))
            style = node.said.get("data.encoding", "application/octet-stream").rpartition("/")[2]
            yield Member(name=name, kind=Kind.FILE, size=size, start=start, packed=packed, style=style)
        elif kind != "directory":
            yield Member(name=name, kind=Kind.OTHER)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Malformed("xar archive has a size that is no number")
    return int(text)


def _unzlib(data: memoryview, budget: Budget, size: int) -> Iterator[bytes]:
    """The chunks of a zlib stream, at most so many bytes in all."""
    inflater, produced = isal_zlib.decompressobj(15), 0
    step: memoryview | bytes = data
    while step and not inflater.eof and produced < size:
        try:
            chunk = inflater.decompress(step, min(CHUNK, size - produced))
        except InflateError as error:
            raise Malformed(f"xar archive is damaged: {error}") from error
        step = inflater.unconsumed_tail
        produced += len(chunk)
        budget.inflate(len(chunk), consumed=len(data), total=produced)
        yield chunk
    if produced < size:
        raise Malformed("xar archive is cut short")


@frozen
class XarLayer:
    """The files of an archive; ``heap`` is where theirs begin in it."""

    blob: Blob
    members: tuple[Member, ...]
    heap: int
    digest: str | None = None
    place: str | None = None
    form: str = "xar"

    def walk(self, wanted: Wanted, budget: Budget, names: Names | None = None) -> XarWalk:  # noqa: ARG002 - one layer hides nothing
        """Begin a pass."""
        return XarWalk(self, wanted, budget)

    def vouched(self, _budget: Budget) -> bool:
        """The table says what is in the archive."""
        return True


class XarWalk:
    """One pass over the table; files are inflated when they are asked for."""

    def __init__(self, layer: XarLayer, wanted: Wanted, budget: Budget) -> None:
        self.entries = 0
        self.climbing = Tally()
        self.closed = Tally()
        self.unmarked = False
        self._layer = layer
        self._wanted = wanted
        self._budget = budget

    def __iter__(self) -> Iterator[Entry]:
        for member in self._layer.members:
            self.entries += 1
            try:
                name = clean(member.name)
            except Malformed:
                self.climbing.add(member.name)
                continue
            if name and self._wanted.match(name, name.rfind(b"/") + 1):
                try:
                    yield self._entry(name, member)
                except (Malformed, Unsupported, LimitExceeded) as error:
                    self._budget.check_time()  # what one file takes too much of, another may not
                    self.closed.add(name, str(error))

    def _entry(self, name: bytes, member: Member) -> Entry:
        if member.kind is not Kind.FILE:
            return Entry(name=name, kind=member.kind, size=0, target=member.target)
        blob = self._layer.blob.part(self._layer.heap + member.start, member.packed)
        place = blob.part(0, member.size) if _STYLES.get(member.style) == "plain" else None
        content = Content(size=member.size, chunks=partial(_unpacked, blob, member, self._budget), place=place)
        return content.entry(name, self._budget)


def _unpacked(blob: Blob, member: Member, budget: Budget, count: int) -> Iterator[bytes]:
    """The first bytes of a file."""
    style, data = _STYLES.get(member.style), blob.view()
    if style is None:
        raise Unsupported(f"xar archive keeps a file as {member.style[:40]}, which is not read")
    if len(data) < member.packed:
        raise Malformed("xar archive is cut short in a file")
    for chunk in _unzlib(data, budget, count) if style == "zlib" else DECODERS[style](data, budget):
        yield chunk[:count]
        count -= len(chunk)
        if count <= 0:
            return
