"""Speed Index: how quickly the visible part fills; milliseconds, laboratory only."""

from __future__ import annotations

from surveyor.scan.check import threshold

#: Lighthouse's curves: score 0.9 and 0.5.
CHECK = threshold.check("si", (3387, 5800), desktop=(1311, 2300))
