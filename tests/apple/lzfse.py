"""Writes LZVN and LZFSE: whole formats, no care for size."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence

_LEAST = 4
_SYMBOLS = (20, 20, 64, 256)
_STATES = (64, 64, 256, 1024)
_L = (0,) * 16 + (2, 3, 5, 8)
_M = (0,) * 16 + (3, 5, 8, 11)
_D = tuple(number // 4 for number in range(64))

#: Literals, length of the match, distance.
Step = tuple[bytes, int, int]


def steps(data: bytes, *, far: int = 60_000, longest: int = 2_000) -> list[Step]:
    """Data as literals and matches, found by the last place of every four bytes."""
    found: list[Step] = []
    seen: dict[bytes, int] = {}
    at = start = 0
    while at < len(data):
        key = data[at : at + _LEAST]
        before = seen.get(key, -1) if len(key) == _LEAST else -1
        seen[key] = at
        if before < 0 or at - before > far:
            at += 1
            if at - start == 250:
                found.append((data[start:at], 0, 0))
                start = at
            continue
        count = _LEAST
        while at + count < len(data) and count < longest and data[before + count] == data[at + count]:
            count += 1
        found.append((data[start:at], count, at - before))
        at += count
        start = at
    if start < len(data):
        found.append((data[start:], 0, 0))
    return found


def lzvn(data: bytes) -> bytes:
    """An LZVN stream with its end."""
    out = bytearray(b"\x0e")
    last = 0
    for literals, count, distance in steps(data, longest=200):
        rest = literals
        while len(rest) > 3:
            part, rest = rest[:271], rest[271:]
            out += (bytes([0xE0 + len(part)]) if len(part) < 16 else bytes([0xE0, len(part) - 16])) + part
        if not count:
            out += (bytes([0xE0 + len(rest)]) + rest) if rest else b""
            continue
        # with more literals in front there is less room for the match: its bits would name another opcode
        short = (10, 8, 6, 4)[len(rest)]
        first = min(count, 34 if distance != last and 0x600 <= distance <= 0x3FFF else short)
        if distance == last and rest:
            out.append(len(rest) << 6 | (first - 3) << 3 | 6)
        elif distance < 0x600:
            out += bytes([len(rest) << 6 | (first - 3) << 3 | distance >> 8, distance & 0xFF])
        elif distance <= 0x3FFF:
            out += bytes([0xA0 | len(rest) << 3 | (first - 3) >> 2])
            out += (distance << 2 | (first - 3) & 3).to_bytes(2, "little")
        else:
            out += bytes([len(rest) << 6 | (first - 3) << 3 | 7]) + distance.to_bytes(2, "little")
        out += rest
        more, last = count - first, distance
        if more >= 16:
            out += bytes([0xF0, more - 16])
        elif more:
            out.append(0xF0 + more)
    return bytes(out + b"\x06" + bytes(7))


def lzvn_block(data: bytes) -> bytes:
    """The same as a block of LZFSE."""
    packed = lzvn(data)
    return b"bvxn" + struct.pack("<II", len(data), len(packed)) + packed


def stored_block(data: bytes) -> bytes:
    """A block of bytes as they are."""
    return b"bvx-" + struct.pack("<I", len(data)) + data


def lzfse(data: bytes, *, packed: bool = True, block: int = 40_000) -> bytes:
    """An LZFSE stream of entropy coded blocks with its end; ``packed`` for the second kind of headers."""
    out = b""
    for start in range(0, len(data), block):
        out += _block(data[start : start + block], packed=packed)
    return out + b"bvx$"


def _block(data: bytes, *, packed: bool) -> bytes:
    found = steps(data)
    literals = b"".join(part for part, _, _ in found)
    literals += bytes(-len(literals) % 4)
    coded = [
        [_coded(value, bits) for value in column] for column, bits in zip(_columns(found), (_L, _M, _D), strict=True)
    ]
    symbols: list[Sequence[int]] = [[symbol for symbol, _ in column] for column in coded]
    frequencies = [
        _frequencies(column, count, total)
        for column, count, total in zip((*symbols, literals), _SYMBOLS, _STATES, strict=True)
    ]
    first, literal_bits, states4 = _four(literals, frequencies[3])
    second, match_bits, states3 = _three(coded, frequencies)
    if packed:
        tables = _tables([one for table in frequencies for one in table])
        head = len(literals) | len(first) << 20 | len(found) << 40 | (7 - literal_bits) << 60
        middle = (
            sum(state << 10 * number for number, state in enumerate(states4))
            | len(second) << 40
            | (7 - match_bits) << 60
        )
        last = 32 + len(tables) | states3[0] << 32 | states3[1] << 42 | states3[2] << 52
        return b"bvx2" + struct.pack("<I3Q", len(data), head, middle, last) + tables + first + second
    numbers = [one for table in frequencies for one in table]
    return (
        b"bvx1"
        + struct.pack("<6I", len(data), len(first) + len(second), len(literals), len(found), len(first), len(second))
        + struct.pack("<i4Hi3H", -literal_bits, *states4, -match_bits, *states3)
        + struct.pack(f"<{len(numbers)}H2x", *numbers)
        + first
        + second
    )


def _columns(found: Sequence[Step]) -> tuple[list[int], list[int], list[int]]:
    """Lengths and distances; a distance that is that of the match before is written as nothing."""
    far, last = [], 0
    for _, count, distance in found:
        # a distance is there before it is said to be the same, also where no match needs one
        wanted = distance if count else last or 1
        far.append(0 if wanted == last else wanted)
        last = wanted
    return [len(part) for part, _, _ in found], [count for _, count, _ in found], far


def _coded(value: int, bits: Sequence[int]) -> tuple[int, int]:
    """The symbol of a value, and what is left for its extra bits."""
    base = 0
    for symbol, extra in enumerate(bits):
        if value < base + (1 << extra):
            return symbol, value - base
        base += 1 << extra
    raise ValueError(value)


def _frequencies(symbols: Sequence[int], count: int, total: int) -> list[int]:
    counts = Counter(symbols)
    found = [max(1, counts[symbol] * total // len(symbols)) if counts[symbol] else 0 for symbol in range(count)]
    while (over := sum(found) - total) != 0 and any(found):
        largest = max(range(count), key=found.__getitem__)
        found[largest] -= over if over < 0 else min(over, found[largest] - 1)
    return found


def _transitions(frequencies: Sequence[int], states: int) -> list[list[tuple[int, int, int]]]:
    """For each symbol its states as ``(state, bits, first state that they lead to)``."""
    found: list[list[tuple[int, int, int]]] = []
    state = 0
    for frequency in frequencies:
        rows = []
        for number in range(frequency):
            # a symbol's states share all others between them, in runs of two sizes that are powers of two
            bits = states.bit_length() - frequency.bit_length()
            long = (2 * states >> bits) - frequency
            if number < long:
                rows.append((state, bits, ((frequency + number) << bits) - states))
            else:
                rows.append((state, bits - 1, (number - long) << (bits - 1)))
            state += 1
        found.append(rows)
    return found


class _Writer:
    def __init__(self) -> None:
        self.value = self.count = 0

    def put(self, value: int, bits: int) -> None:
        self.value |= value << self.count
        self.count += bits

    def done(self) -> tuple[bytes, int]:
        size = (self.count + 7) // 8
        return self.value.to_bytes(size, "little"), 8 * size - self.count


def _step(rows: Sequence[tuple[int, int, int]], state: int) -> tuple[int, int, int]:
    """The state before, and the bits that lead to this one."""
    for before, bits, base in rows:
        if base <= state < base + (1 << bits):
            return before, state - base, bits
    raise ValueError(state)


def _four(literals: bytes, frequencies: Sequence[int]) -> tuple[bytes, int, list[int]]:
    table, out, states = _transitions(frequencies, 1024), _Writer(), [0, 0, 0, 0]
    for at in range(len(literals) - 1, -1, -1):
        states[at % 4], bits, count = _step(table[literals[at]], states[at % 4])
        out.put(bits, count)
    return *out.done(), states


def _three(
    coded: Sequence[Sequence[tuple[int, int]]], frequencies: Sequence[Sequence[int]]
) -> tuple[bytes, int, list[int]]:
    tables = [_transitions(found, states) for found, states in zip(frequencies[:3], _STATES[:3], strict=True)]
    out, states = _Writer(), [0, 0, 0]
    for row in reversed(list(zip(*coded, strict=True))):
        for number in (2, 1, 0):
            symbol, rest = row[number]
            states[number], bits, count = _step(tables[number][symbol], states[number])
            extra = (_L, _M, _D)[number][symbol]
            out.put(bits << extra | rest, count + extra)
    return *out.done(), states


def _tables(frequencies: Sequence[int]) -> bytes:
    out = _Writer()
    codes = {0: (0, 2), 1: (2, 2), 2: (1, 3), 3: (5, 3), 4: (3, 5), 5: (11, 5), 6: (19, 5), 7: (27, 5)}
    for value in frequencies:
        if value < 8:
            out.put(*codes[value])
        elif value < 24:
            out.put(7 | (value - 8) << 4, 8)
        else:
            out.put(15 | (value - 24) << 4, 14)
    return out.done()[0]
