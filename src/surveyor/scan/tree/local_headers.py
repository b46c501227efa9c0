"""A central directory for a zip that has lost its own: made of what stands before each entry (APPNOTE.TXT 6.3.10).

A local header (4.3.7) may leave the sizes to a descriptor behind the data (4.3.9); that is found by its signature and
by the size in it, which has to be how far it stands from the header. Modes are in a directory only: there are none.
"""

from __future__ import annotations

from struct import Struct

from surveyor.scan.formats.layout import find
from surveyor.scan.limits import MIB, Budget

_SIGNED = b"PK"
_LOCAL, _CENTRAL, _DESCRIPTOR = b"PK\x03\x04", b"PK\x01\x02", b"PK\x07\x08"
#: Flags, method, packed size, size, lengths of name and extra field.
_HEADER = Struct("<6xHH8xIIHH")
#: As a directory has it: magic, flags, method, sizes, lengths of name and extra field, offset.
_ENTRY = Struct("<4s4xHH8xIIHH10xI")
_LARGE = Struct("<HHQQQ")  # its extra field: tag, length, size, packed size, offset
_TAG, _WIDE = Struct("<HH"), Struct("<4xQQ")  # a local one's, without the offset
_SIZES = (Struct("<4xII"), Struct("<4xQQ"))  # of a descriptor: checksum, packed size, size
_DESCRIBED = 8  # of the flags: a descriptor follows
_MAX32 = 0xFFFFFFFF
_LISTED = 16 * MIB  # of a directory that is made
#: Where the first entry stands: at the beginning, or behind what wraps a zip as an extension or a module.
_WRAPPED = (b"Cr24", b"JM\x01\x00")
_HEAD = MIB
_STEP = 4096  # bytes in which a descriptor is sought first


def directory_of(data: memoryview, budget: Budget) -> tuple[bytes, int]:
    """The directory and how many entries it has: all from the first on, up to one without a name or cut short."""
    listing, count, position = bytearray(), 0, _first(data)
    while 0 <= position <= len(data) - 30 and data[position : position + 4] == _LOCAL and len(listing) < _LISTED:
        budget.entry()
        budget.check_time()
        flags, method, packed, size, name_bytes, extra_bytes = _HEADER.unpack_from(data, position)
        start = position + 30 + name_bytes + extra_bytes
        name = bytes(data[position + 30 : position + 30 + name_bytes])
        if start > len(data) or not name:
            break
        if _MAX32 in (packed, size):
            packed, size = _wide(bytes(data[start - extra_bytes : start]), packed, size)
        end = start + packed
        if flags & _DESCRIBED and not packed:
            packed, size, end = _described(data, start, budget)
        extra = _LARGE.pack(1, 24, size, packed, position)
        listing += _ENTRY.pack(_CENTRAL, flags, method, _MAX32, _MAX32, name_bytes, len(extra), _MAX32) + name + extra
        count, position = count + 1, _behind(data, end)
    return bytes(listing), count


def _first(data: memoryview) -> int:
    return find(data[:_HEAD], _LOCAL) if bytes(data[:4]) in _WRAPPED else 0


def _wide(extra: bytes, packed: int, size: int) -> tuple[int, int]:
    """Both sizes from the extra field of a header that says they do not fit; both stand there (4.5.3)."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = _TAG.unpack_from(extra, at)
        if tag == 1 and at + _WIDE.size <= len(extra):
            size, packed = _WIDE.unpack_from(extra, at)
            return packed, size
        at += 4 + length
    return packed, size


def _described(data: memoryview, start: int, budget: Budget) -> tuple[int, int, int]:
    """Packed size, size and end of data whose descriptor follows; one byte more than there is, when none does."""
    first, step = start, _STEP
    while first < len(data):
        budget.check_time()
        window = bytes(data[first : first + step + 3])
        at = window.find(_DESCRIPTOR)
        while at >= 0:
            if found := _sizes(data, start, first + at):
                return found
            at = window.find(_DESCRIPTOR, at + 1)
        first, step = first + step, min(4 * step, MIB)
    left = len(data) - start + 1
    return left, left, start + left


def _sizes(data: memoryview, start: int, at: int) -> tuple[int, int, int] | None:
    """What a descriptor says, if it is one: of data that began at ``start``; rather one that something follows."""
    ends = [(sizes, at + 4 + sizes.size) for sizes in _SIZES if at + 4 + sizes.size <= len(data)]
    told = [(*sizes.unpack_from(data, at + 4), end) for sizes, end in ends]
    found = [(packed, size, end) for packed, size, end in told if packed == at - start]
    return next((one for one in found if data[one[2] : one[2] + 2] == _SIGNED), found[0] if found else None)


def _behind(data: memoryview, end: int) -> int:
    """Where the next entry begins: there, or behind a descriptor that repeats what the header said."""
    if bytes(data[end : end + 4]) == _DESCRIPTOR:
        return next((end + 4 + sizes.size for sizes in _SIZES if data[end + 4 + sizes.size :][:4] == _LOCAL), end)
    return end
