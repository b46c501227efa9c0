"""Cumulative Layout Shift (web.dev/articles/cls): the worst session window of shifts.

A window ends with a gap of a second, or when it would be longer than five.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from surveyor.scan.gather.lab.trace import Jump

_GAP, _LONGEST = 1_000.0, 5_000.0


def worst(jumps: Sequence[Jump]) -> tuple[Jump, ...]:
    """The shifts of the window with the greatest sum, the first of such; none where nothing moved."""
    windows = list[list[Jump]]()
    for jump in sorted(jumps, key=lambda one: one.at):
        window = windows[-1] if windows else []
        if window and jump.at - window[-1].at < _GAP and jump.at - window[0].at < _LONGEST:
            window.append(jump)
        else:
            windows.append([jump])
    return tuple(max(windows, key=total, default=[]))


def total(window: Iterable[Jump]) -> float:
    """The score of a window."""
    return sum(jump.score for jump in window)
