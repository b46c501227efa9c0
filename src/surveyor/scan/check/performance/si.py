"""Speed Index: how quickly the visible part fills; milliseconds, laboratory only."""

from __future__ import annotations

from surveyor.scan.check import threshold

#: Lighthouse's mobile curve: score 0.9 and 0.5.
CHECK = threshold.check("si", good=3387, poor=5800)
