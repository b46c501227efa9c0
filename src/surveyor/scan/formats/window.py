"""What dictionary decoders share: taking bytes again that were written some way back."""

from __future__ import annotations

from surveyor.scan.errors import Malformed


def repeat(out: bytearray, distance: int, count: int) -> None:
    """Write ``count`` bytes again from ``distance`` back; a distance shorter than the count repeats a pattern."""
    start = len(out) - distance
    if distance <= 0 or start < 0:
        raise Malformed("compressed data points before its beginning")
    if distance >= count:
        out += out[start : start + count]
    else:
        pattern = out[start:]
        out += (pattern * (count // distance + 1))[:count]
