"""LZFSE: blocks of literals and matches, both coded by finite state entropy (tANS), read from their end.

Block layouts as lzfse_internal.h of Apple's reference describes them (``bvx-`` stored, ``bvxn`` LZVN, ``bvx1`` and
``bvx2`` entropy coded with plain or packed tables, ``bvx$`` the end). Own and in Python, since it is met in small parts
only (chunks of disk images, compressed system files): 13 MB/s of output, and no native code sees hostile bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from surveyor.scan.errors import Malformed
from surveyor.scan.formats import lzvn
from surveyor.scan.formats.window import repeat
from surveyor.scan.limits import Budget
from surveyor.scan.values import frozen

_STORED, _LZVN, _PLAIN, _PACKED, _END = b"bvx-", b"bvxn", b"bvx1", b"bvx2", b"bvx$"
_HEADER1 = struct.Struct("<4x6Ii4Hi3H360H2x")
_HEADER2 = struct.Struct("<4xI3Q")
#: Symbols of lengths of literals, of matches, of distances, and of literals; and the states of each coder.
_SYMBOLS, _STATES = (20, 20, 64, 256), (64, 64, 256, 1024)
_L_BITS = (0,) * 16 + (2, 3, 5, 8)
_M_BITS = (0,) * 16 + (3, 5, 8, 11)
_D_BITS = tuple(number // 4 for number in range(64))
_REFILL = 64  # bytes taken into the accumulator at a time

#: One state of a coder: bits to pull, how many of them are the value's, what to add to the rest, to the value.
_State = tuple[int, int, int, int]


def decode(data: memoryview, size: int, budget: Budget) -> bytes:
    """At most ``size`` bytes; raises when the data is damaged."""
    out = bytearray()
    position = 0
    try:
        while len(out) < size and (magic := bytes(data[position : position + 4])) != _END:
            budget.check_time()
            position += _block(data[position:], magic, out, size)
    except (IndexError, ValueError, struct.error) as error:
        raise Malformed("LZFSE data is cut short or damaged") from error
    del out[size:]
    return bytes(out)


def _block(data: memoryview, magic: bytes, out: bytearray, size: int) -> int:
    """Decode one block behind what is there; returns how many bytes it took."""
    if magic == _STORED:
        end = 8 + int.from_bytes(data[4:8], "little")
        if end > len(data) or end == 8:
            raise Malformed("LZFSE data is cut short")
        out += data[8 : min(end, 8 + size - len(out))]
        return end
    if magic == _LZVN:
        end = 12 + int.from_bytes(data[8:12], "little")
        lzvn.decode(data[12:end], min(int.from_bytes(data[4:8], "little"), size - len(out)), out)
        return end
    block = _plain(data) if magic == _PLAIN else _packed(data) if magic == _PACKED else None
    if block is None:
        raise Malformed("LZFSE data has a block of unknown kind")
    middle = block.start + block.literal_bytes
    end = middle + block.match_bytes
    if end > len(data):
        raise Malformed("LZFSE data is cut short")
    literals = _literals(block, data[block.start : middle])
    _matches(block, data[middle:end], literals, out, size)
    return end


@frozen
class _Block:
    """A block's header: where its two streams lie, their coders' states at the end, and frequencies of all symbols."""

    start: int
    literals: int
    literal_bytes: int
    literal_bits: int
    literal_states: tuple[int, int, int, int]
    matches: int
    match_bytes: int
    match_bits: int
    match_states: tuple[int, int, int]
    frequencies: Sequence[int]

    def tables(self) -> Iterator[Sequence[int]]:
        """Frequencies for lengths of literals, of matches, of distances, and for literals."""
        start = 0
        for count, states in zip(_SYMBOLS, _STATES, strict=True):
            found = self.frequencies[start : start + count]
            if sum(found) > states:
                raise Malformed("LZFSE data has frequencies that add up to too much")
            yield found
            start += count


def _plain(data: memoryview) -> _Block:
    head = _HEADER1.unpack_from(data)
    return _Block(
        start=_HEADER1.size,
        literals=head[2],
        matches=head[3],
        literal_bytes=head[4],
        match_bytes=head[5],
        literal_bits=head[6],
        literal_states=head[7:11],
        match_bits=head[11],
        match_states=head[12:15],
        frequencies=head[15:],
    )


def _packed(data: memoryview) -> _Block:
    _, first, second, third = _HEADER2.unpack_from(data)
    size = third & 0xFFFFFFFF
    return _Block(
        start=size,
        literals=first & 0xFFFFF,
        literal_bytes=first >> 20 & 0xFFFFF,
        matches=first >> 40 & 0xFFFFF,
        literal_bits=(first >> 60 & 7) - 7,
        literal_states=(second & 1023, second >> 10 & 1023, second >> 20 & 1023, second >> 30 & 1023),
        match_bytes=second >> 40 & 0xFFFFF,
        match_bits=(second >> 60 & 7) - 7,
        match_states=(third >> 32 & 1023, third >> 42 & 1023, third >> 52 & 1023),
        frequencies=_frequencies(data[_HEADER2.size : size]),
    )


def _frequencies(data: memoryview) -> list[int]:
    """Frequencies in a prefix code of 2 to 14 bits, the lowest bit first; none at all when there are no bytes."""
    if len(data) > 2 * sum(_SYMBOLS):
        raise Malformed("LZFSE data has a header that is too long")
    bits, left, found = int.from_bytes(data, "little"), 8 * len(data), []
    for _ in range(sum(_SYMBOLS) if left else 0):
        value, used = _frequency(bits & 0x3FFF)
        bits >>= used
        left -= used
        found.append(value)
    if left < 0:
        raise Malformed("LZFSE data is cut short in its tables")
    return found or [0] * sum(_SYMBOLS)


def _frequency(bits: int) -> tuple[int, int]:
    """One frequency from the next 14 bits, and how many of them it took."""
    if not bits & 1:
        return bits >> 1 & 1, 2
    if not bits & 2:
        return 2 + (bits >> 2 & 1), 3
    if not bits & 4:
        return 4 + (bits >> 3 & 3), 5
    if not bits & 8:
        return 8 + (bits >> 4 & 15), 8
    return 24 + (bits >> 4 & 1023), 14


def _states(frequencies: Sequence[int], states: int, value_bits: Sequence[int]) -> list[_State]:
    """The states of a coder: each symbol has as many as its frequency, and pulls so many bits that all are reached."""
    found: list[_State] = []
    base = 0
    for frequency, extra in zip(frequencies, value_bits, strict=True):
        if frequency:
            bits = states.bit_length() - frequency.bit_length()
            few = (2 * states >> bits) - frequency
            for number in range(frequency):
                if number < few:
                    found.append((bits + extra, extra, ((frequency + number) << bits) - states, base))
                else:
                    found.append((bits - 1 + extra, extra, (number - few) << (bits - 1), base))
        base += 1 << extra
    return found


class _Bits:
    """A stream of bits read from its end; ``pull`` is written out in the loops, where calls would double the time."""

    __slots__ = ("count", "data", "held", "position")

    def __init__(self, data: memoryview, unused: int) -> None:
        self.data = bytes(data)
        self.position = len(data)
        self.held = self.count = 0
        self.refill()
        self.count += unused
        if not -8 < unused <= 0 or self.count < 0 or self.held >> self.count:
            raise Malformed("LZFSE data has a stream of an impossible length")

    def refill(self) -> None:
        """Take more bytes in front of those held."""
        start = max(0, self.position - _REFILL)
        taken = 8 * (self.position - start)
        self.held = (self.held & ((1 << self.count) - 1)) << taken | int.from_bytes(
            self.data[start : self.position], "little"
        )
        self.count += taken
        self.position = start


def _literals(block: _Block, data: memoryview) -> bytes:
    """All literals of a block: four coders take turns on one stream."""
    *_, frequencies = block.tables()
    states = _states(frequencies, _STATES[3], (0,) * 256)
    table = [(pulled, (1 << pulled) - 1, add, symbol) for pulled, _, add, symbol in states]
    bits, out = _Bits(data, block.literal_bits), bytearray()
    held, count, put = bits.held, bits.count, out.append
    one, two, three, four = block.literal_states
    for _ in range((block.literals + 3) // 4):
        if count < 64 and bits.position:
            bits.count = count
            bits.refill()
            held, count = bits.held, bits.count
        pulled, mask, add, symbol = table[one]
        count -= pulled
        one = add + (held >> count & mask)
        put(symbol)
        pulled, mask, add, symbol = table[two]
        count -= pulled
        two = add + (held >> count & mask)
        put(symbol)
        pulled, mask, add, symbol = table[three]
        count -= pulled
        three = add + (held >> count & mask)
        put(symbol)
        pulled, mask, add, symbol = table[four]
        count -= pulled
        four = add + (held >> count & mask)
        put(symbol)
    return bytes(out)


def _matches(block: _Block, data: memoryview, literals: bytes, out: bytearray, size: int) -> None:
    """Lay literals and matches behind what is there."""
    tables = [
        [(*state, (1 << state[0]) - 1, (1 << state[1]) - 1) for state in _states(found, states, extra)]
        for found, states, extra in zip(block.tables(), _STATES[:3], (_L_BITS, _M_BITS, _D_BITS), strict=False)
    ]
    bits = _Bits(data, block.match_bits)
    runs, matches, distances = tables
    first, second, third = block.match_states
    held, count = bits.held, bits.count
    taken = distance = 0
    for _ in range(block.matches):
        if count < 128 and bits.position:
            bits.count = count
            bits.refill()
            held, count = bits.held, bits.count
        pulled, extra, add, base, mask, low = runs[first]
        count -= pulled
        found = held >> count & mask
        first, run = add + (found >> extra), base + (found & low)
        pulled, extra, add, base, mask, low = matches[second]
        count -= pulled
        found = held >> count & mask
        second, match = add + (found >> extra), base + (found & low)
        pulled, extra, add, base, mask, low = distances[third]
        count -= pulled
        found = held >> count & mask
        third, far = add + (found >> extra), base + (found & low)
        distance = far or distance
        if run:
            out += literals[taken : taken + run]
            taken += run
        if match:
            start = len(out) - distance
            if match <= distance and start >= 0:
                out += out[start : start + match]  # what ``repeat`` does, without a call for the usual case
            else:
                repeat(out, distance, match)
        # a match may cost no bits at all
        if len(out) > size:
            return
    if taken > len(literals):
        raise Malformed("LZFSE data takes more literals than it has")
