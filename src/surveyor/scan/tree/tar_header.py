"""What a header of a tar says: its name, its size however that is written, and whether its checksum is right.

Layout (POSIX.1-2017 pax; GNU tar manual, "Basic Tar Format"): name 0:100, size 124:136, checksum 148:156, type 156,
link 157:257, magic 257:263, prefix 345:500.
"""

from __future__ import annotations

from surveyor.scan.errors import Malformed

SPACE = ord(" ")
_ADLER = 65521


class Sums(dict[bytes, int]):
    """What the low half of a header's Adler-32 is, by its checksum as written; below zero when that must be asked.

    Adler-32's low half is one more than the sum of all bytes, and a checksum counts its own eight as spaces. Few
    checksums are those of most headers.
    """

    MOST = 1 << 14

    def __missing__(self, check: bytes) -> int:
        """Digits with whatever writers put around them."""
        try:
            found = 1 + int(check.strip(b"\0 "), 8) - 8 * SPACE + sum(check)
        except ValueError:
            found = -1
        found = found if found < _ADLER else -1
        if len(self) < self.MOST:
            self[check] = found
        return found


SUMS = Sums()


def prefixed(header: bytes) -> bytes:
    """A name with what stands before it; GNU's magic is "ustar  ", and keeps times where POSIX keeps the prefix."""
    name = header[:100].partition(b"\0")[0]
    if not header[345] or header[257:263] != b"ustar\0":
        return name
    return header[345:500].partition(b"\0")[0] + b"/" + name


def size_of(header: bytes) -> int:
    """The size in a header however it is written, once the checksum is right; below zero for the end marker."""
    if not header[0] and not any(header):
        return -1
    try:
        # six digits, a zero byte and a space; Rust's writers have seven digits
        expected = int(header[148:154], 8) if header[154] <= SPACE else _number(header[148:156])
    except ValueError:
        expected = _number(header[148:156])
    found = sum(header) - sum(header[148:156]) + 8 * SPACE
    if found != expected and not _signed_sum_is(header, expected):
        raise Malformed("tar header has a wrong checksum")
    try:
        size = int(header[124:135], 8) if header[135] <= SPACE else _number(header[124:136])
    except ValueError:
        size = _number(header[124:136])
    if size < 0:
        raise Malformed("tar header has a negative size")
    return size


def _signed_sum_is(header: bytes, expected: int) -> bool:
    """Whether the sum fits when bytes count as signed, as some old writers did."""
    sums = (byte - 256 if byte > 127 else byte for byte in header[:148] + b" " * 8 + header[156:])
    return sum(sums) == expected


def _number(field: bytes) -> int:
    """A number field: octal digits, or base 256 when its first bit is set (GNU)."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        if field[0] & 0x40:
            raise Malformed("tar header has a negative number")
        return value
    digits = field.partition(b"\0")[0].strip()
    if digits.strip(b"01234567"):
        raise Malformed("tar header has a field that is no number")
    return int(digits or b"0", 8)
