"""Speed Index (Meenan, WebPagetest): how long the visible part is not yet what it will be, in ms.

Visual progress of a frame is how far its histogram of each colour has come from the first frame's to the last's. White
is what a page is before it is one, so white pixels are in no histogram.
"""

from __future__ import annotations

from collections.abc import Sequence

#: Counts of pixels by value, red then green then blue.
Histogram = Sequence[int]
VALUES = 3 * 256


def speed_index(frames: Sequence[tuple[float, Histogram]]) -> float:
    """Of frames by moment (ms since the navigation's start, in order); what was before the start counts from it.

    Raises ``ValueError`` without a frame.
    """
    first = (0.0,) * VALUES  # nothing but white
    last = frames[-1][1]
    index, before, seen = 0.0, 0.0, 0.0
    for at, histogram in frames:
        now = max(at, 0.0)
        index += (now - before) * (1 - seen)
        before, seen = now, progress(histogram, first, last)
    return index


def progress(frame: Sequence[float], first: Sequence[float], last: Sequence[float]) -> float:
    """How far a frame has come, 0 to 1; 1 where nothing is to change."""
    came = wanted = 0.0
    for now, begun, end in zip(frame, first, last, strict=True):
        whole = abs(end - begun)
        wanted += whole
        came += min(whole, abs(now - begun))
    return came / wanted if wanted else 1.0
